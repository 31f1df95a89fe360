import { canonicalAnswer, seededRandom, type TrainingExample } from "../../core/index.ts";
import { besides, understandAgent } from "./agent-fit.ts";
import { readView } from "./agent-model.ts";
import { agentAnswer, lessonOf, runOf } from "./agent-teach.ts";
import { optionsChosen } from "./option-ranker-fit.ts";
import { align } from "./span-frame.ts";
import { inferForm, type Field } from "./span-form.ts";
import { sourceOf as spanSourceOf } from "./span-source.ts";
import { itemsOf } from "./template-fill-items.ts";
import { sourceOf } from "./template-fill-source.ts";

/** What answers of a family can be, for a task, as its examples show it. */
export type OutputForm = {
  /** One line: what an answer can say. */
  readonly can: string;
  /** One line: what it cannot. */
  readonly cannot: string;
  /** Whether it could say the answer of each example, were every decision right. */
  canSay(examples: readonly TrainingExample[]): boolean[];
};

type Examples = readonly TrainingExample[];

/** The output form that a family would give a task with these examples; null for a family without one. Nothing is trained. */
export function outputFormOf(kind: string, seen: Examples): OutputForm | null {
  return FORMS.get(kind)?.(seen) ?? null;
}

/** Share of the examples whose answers the form can express: no specialist of it agrees more often. Null without examples. */
export function ceilingOf(form: OutputForm, examples: Examples): number | null {
  if (examples.length === 0) return null;
  return form.canSay(examples).filter(Boolean).length / examples.length;
}

const PARTS = 5;
/** A ceiling is told in percent: so many examples suffice. */
const MAX_READ = 2000;

/**
 * The ceiling that new calls can expect, before anything is trained: the form is made of four fifths of the examples and asked for the
 * answers of the rest, five times over. Null where the family has no form or there are too few examples. Deterministic by seed.
 */
export function expectedCeiling(kind: string, examples: Examples, seed: number): number | null {
  const read = seededRandom(`ceiling ${seed}`).shuffle(examples).slice(0, MAX_READ);
  if (read.length < PARTS) return null;
  let can = 0;
  for (let part = 0; part < PARTS; part += 1) {
    const asked = read.filter((_, index) => index % PARTS === part);
    const form = outputFormOf(
      kind,
      read.filter((_, index) => index % PARTS !== part),
    );
    if (form === null) return null;
    can += form.canSay(asked).filter(Boolean).length;
  }
  return can / read.length;
}

const FORMS: ReadonlyMap<string, (seen: Examples) => OutputForm> = new Map([
  ["closed-set", closedSetForm],
  ["option-ranker", optionForm],
  ["span-copy", spanForm],
  ["template-fill", templateForm],
  ["tool-agent", agentForm],
]);

function closedSetForm(seen: Examples): OutputForm {
  const known = new Set(seen.map(({ answer }) => canonicalAnswer(answer)));
  return {
    can: `one of the ${known.size} answers of its examples, as a whole`,
    cannot: "an answer that no example has",
    canSay: (examples) => examples.map(({ answer }) => known.has(canonicalAnswer(answer))),
  };
}

function optionForm(seen: Examples): OutputForm {
  return {
    can: "one of the options that stand in the request, new ones too, in an answer that is otherwise always the same",
    cannot: "an option that the request does not offer, or several",
    canSay: optionsChosen(seen),
  };
}

function spanForm(seen: Examples): OutputForm {
  const form = inferForm(seen);
  return {
    can: fieldsText(form.fields),
    cannot:
      "a copied value that does not stand in the request as the field's rule has it, or a choice no example has twice",
    canSay: (examples) =>
      examples.map(({ input, answer }) => align(form, spanSourceOf(input, form.sources), answer) !== null),
  };
}

const MAX_NAMED = 8;

/** "intent: one of 7; date, city: copied; …" */
function fieldsText(fields: readonly Field[]): string {
  const nameOf = (field: Field): string =>
    field.kind === "rewrite" ? "the input" : field.path.join(".") || "the answer";
  const some = (names: readonly string[]): string =>
    names.length > MAX_NAMED
      ? `${names.slice(0, MAX_NAMED).join(", ")} and ${names.length - MAX_NAMED} more`
      : names.join(", ");
  const of = (kind: Field["kind"]): string[] =>
    fields.flatMap((field) => (field.kind === kind ? [nameOf(field)] : []));
  const closed = fields.flatMap((field) =>
    field.kind === "closed" ? [`${nameOf(field)}: one of ${field.values.length}`] : [],
  );
  const rewrite = fields.flatMap((field) =>
    field.kind === "rewrite" ? [`the input with spans replaced by one of ${field.types.length} marks`] : [],
  );
  const lists = of("entities").map((name) => `${name}: a list of spans of the request with their types`);
  const copied = of("span");
  const fixed = of("constant");
  return [
    ...rewrite,
    ...closed,
    ...lists,
    ...(copied.length > 0 ? [`${some(copied)}: copied from the request or absent`] : []),
    ...(fixed.length > 0 ? [`${some(fixed)}: always the same`] : []),
  ].join("; ");
}

function templateForm(seen: Examples): OutputForm {
  return {
    can: "a text that an example has, with its names and numbers copied anew from the request",
    cannot:
      "a text of a shape that no example has, or a value that stands neither in the request nor in an example",
    canSay: (examples) => {
      const items = itemsOf([...seen, ...examples]);
      const known = items.slice(0, seen.length);
      const templates = new Set(known.map(({ template }) => template));
      const values = new Set(known.flatMap(({ cut }) => cut?.holes.map(holeKey) ?? []));
      return items.slice(seen.length).map(({ cut, template }, index) => {
        if (cut === null || template < 0 || !templates.has(template)) return false;
        const text = sourceOf(examples[index].input).text.toLowerCase();
        return cut.holes.every(
          (hole) => values.has(holeKey(hole)) || text.includes(hole.value.toLowerCase()),
        );
      });
    },
  };
}

function agentForm(seen: Examples): OutputForm {
  const { form, witnesses } = understandAgent(seen, {});
  const tools = Object.keys(form.tools).length;
  const texts = form.texts.length === 0 ? "" : `, or one of ${form.texts.length} recurring texts`;
  return {
    can: `calls of ${tools} tools with arguments that stand in the request, its results or earlier calls, or that recur${texts}`,
    cannot: "a text or an argument that has to be written: such calls are left to the large model",
    canSay: (examples) =>
      examples.map((example) => {
        const answer = agentAnswer(example);
        if (answer === null) return false;
        const view = readView(form, example.input);
        const lesson = lessonOf(answer, {
          form,
          view,
          witnesses: besides(witnesses, runOf(example)),
          random: null,
        });
        return lesson.isExpressible === true;
      }),
  };
}

const holeKey = ({ key, value }: { readonly key: string; readonly value: string }): string =>
  `${key}\n${value}`;
