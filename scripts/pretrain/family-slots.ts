// Utterances to intents and slots: with the schema in the prompt, with examples only, and with neither.
import type { Json, Random } from "../../src/core/index.ts";
import type { Situation } from "./values.ts";
import { between, chance, pick, sample, weighted } from "./draw.ts";
import {
  drawStyle,
  keyed,
  PLAIN_STYLE,
  writeAnswer,
  writeHints,
  writeSchema,
  type Entry,
  type SchemaIntent,
  type Style,
} from "./forms.ts";
import { askedSlots, inventedDomain, type Domain, type Intent, type Slot } from "./intents.ts";
import { arrange, type Family, type Pool, type Turn } from "./items.ts";
import { isoDay, weekday } from "./numbers.ts";
import { say, type Utterance } from "./utterance.ts";

type Asked = {
  readonly intent: Intent;
  readonly label: string;
  readonly slots: readonly (readonly [Slot, label: string])[];
};
type Task = { readonly asked: readonly Asked[]; readonly style: Style };

/** The schema stands in the prompt, sometimes with one or two examples. */
export const withSchema: Family = (situation, pool) => {
  const { random } = situation;
  const task = drawTask(situation, anyDomain(situation, pool));
  const { style, asked } = task;
  const isOpaque = style.keyCase === "opaque";
  const schema = writeSchema(random, asked.map(schemaOf(style)), style);
  const hints = [
    ...writeHints(style, asked.length === 1 ? asked[0].label : null),
    ...todayOf(situation, task),
  ];
  const examples = isOpaque || chance(random, 0.15) ? between(random, 1, 2) : 0;
  const shown = Array.from({ length: examples }, () => example(situation, task)).map(
    ({ prompt, answer }) => `${prompt}\n=> ${answer}`,
  );
  const last = example(situation, task);
  const prompt = arrange(
    random,
    [schema, ...random.shuffle(hints), ...shown],
    `${pick(random, LABELS)}${last.prompt}`,
  );
  return { kind: "schema", turns: [{ prompt, answer: last.answer, isTaught: true }] };
};

const LABELS = ["", "", "", "", "", "text: ", "user: ", "input: ", "utterance: ", "query: ", "said: ", "Q: "];

/** An answer with more keys that no turn has shown is not taught. */
const MOST_NEWS = 1;

/** Several turns of one task that is nowhere stated: its format and its keys must be found in the turns before. */
export const induced: Family = (situation, pool) => {
  const { random } = situation;
  const domain = anyDomain(situation, pool);
  const few = { ...domain, intents: sample(random, domain.intents, Math.min(domain.intents.length, 2)) };
  const task = drawTask(situation, few);
  const [today = ""] = todayOf(situation, task).map(
    (line) => `${line}
`,
  );
  const turns: Turn[] = [];
  const known = new Set<string>();
  for (let count = between(random, 2, 6); count > 0; count -= 1) {
    const turn = example(situation, task);
    // Keys that no turn has shown cannot be known; the first answer teaches nothing.
    const keys = keysOf(turn.answer);
    const news = [...keys].filter((key) => !known.has(key)).length;
    const isTaught = turns.length > 0 && news <= MOST_NEWS;
    for (const key of keys) known.add(key);
    turns.push({ prompt: (turns.length === 0 ? today : "") + turn.prompt, answer: turn.answer, isTaught });
  }
  return { kind: "induced", turns };
};

/** No schema: the generator's own names for the tasks written by hand, so that the kinds of values are known by heart. */
export const unstated: Family = (situation, pool) => {
  const { random } = situation;
  const intent = pick(random, pick(random, pool.domains).intents);
  const slots = intent.slots.map((slot): readonly [Slot, string] => [slot, slot.key]);
  const asked: Asked = { intent, label: intent.names[0], slots };
  return {
    kind: "unstated",
    turns: [
      { ...answered({ asked: [asked], style: PLAIN_STYLE }, asked, say(intent, situation)), isTaught: true },
    ],
  };
};

/** One slot of an utterance, as plain text. */
export const oneSlot: Family = (situation, pool) => {
  const { random } = situation;
  const task = drawTask(situation, anyDomain(situation, pool));
  const asked = pick(random, task.asked);
  const utterance = say(asked.intent, situation);
  const values = asked.slots.filter(([slot]) => utterance.values.has(slot.key));
  if (values.length === 0) return unstated(situation, pool);
  const [slot, label] = pick(random, values);
  const value = utterance.values.get(slot.key)?.text ?? "";
  const question = pick(random, [
    `${label}?`,
    `what is the ${label}?`,
    `${label}:`,
    `copy the ${label}`,
    `Which ${label}?`,
  ]);
  return {
    kind: "one-slot",
    turns: [{ prompt: arrange(random, [question], utterance.text), answer: value, isTaught: true }],
  };
};

function anyDomain(situation: Situation, pool: Pool): Domain {
  const { random } = situation;
  if (chance(random, 0.45)) return inventedDomain(situation, pool.categories);
  if (chance(random, 0.6)) return pick(random, pool.domains);
  // Intents of different domains side by side, as an assistant has them.
  return {
    name: "mixed",
    intents: Array.from({ length: between(random, 2, 5) }, () =>
      pick(random, pick(random, pool.domains).intents),
    ),
  };
}

function drawTask({ random }: Situation, domain: Domain): Task {
  const intents = [
    ...new Set(
      sample(
        random,
        domain.intents,
        Math.min(
          domain.intents.length,
          weighted(random, [
            [4, 1],
            [3, 2],
            [3, 3],
            [2, 4],
          ]),
        ),
      ),
    ),
  ];
  const style = drawStyle(random, intents.length);
  const labels = new Set<string>();
  const asked = intents.map((intent, place): Asked => {
    const name = chance(random, 0.5) ? intent.names[0] : pick(random, intent.names);
    return {
      intent,
      label: unused(keyed(name, style.keyCase === "opaque" ? "snake" : style.keyCase, place), labels),
      slots: labelled(random, askedSlots(random, intent), style),
    };
  });
  return { asked, style };
}

function labelled(
  random: Random,
  slots: readonly Slot[],
  style: Style,
): readonly (readonly [Slot, string])[] {
  const used = new Set<string>();
  return slots.map((slot, place) => {
    // A slot under its own alias keeps it: "from_city" must not become "town".
    const isRenamed = chance(random, 0.4) && !slot.key.includes("_") && slot.names.length > 0;
    const name = isRenamed ? pick(random, slot.names) : slot.key;
    return [slot, unused(keyed(name, style.keyCase, place), used)];
  });
}

function unused(label: string, used: Set<string>): string {
  let free = label;
  for (let next = 2; used.has(free); next += 1) free = `${label}${next}`;
  used.add(free);
  return free;
}

const TYPES = {
  text: "string",
  integer: "integer",
  number: "number",
  date: "YYYY-MM-DD",
  time: "HH:MM",
  minutes: "minutes",
} as const;

function schemaOf(style: Style): (asked: Asked) => SchemaIntent {
  return ({ label, slots }) => ({
    label,
    slots: slots.map(([slot, label]) => ({
      label,
      type: style.isNormal ? TYPES[slot.kind] : "string",
      description: slot.description,
    })),
  });
}

function example(situation: Situation, task: Task): { prompt: string; answer: string } {
  const asked = pick(situation.random, task.asked);
  return answered(task, asked, say(asked.intent, situation));
}

function answered(task: Task, asked: Asked, utterance: Utterance): { prompt: string; answer: string } {
  return {
    prompt: utterance.text,
    answer: writeAnswer(task.style, asked.label, entriesOf(task.style, asked, utterance)),
  };
}

function entriesOf(style: Style, asked: Asked, utterance: Utterance): Entry[] {
  const valueOf = (key: string): Json | undefined => {
    const value = utterance.values.get(key);
    return value === undefined ? undefined : style.isNormal ? value.json : value.text;
  };
  const byKey = new Map(asked.slots.map(([slot, label]) => [slot.key, label]));
  if (!style.isSchemaOrder) {
    return [...utterance.values.keys()].flatMap((key) => {
      const label = byKey.get(key);
      return label === undefined ? [] : [{ key: label, value: valueOf(key) ?? null }];
    });
  }
  return asked.slots.flatMap(([slot, label]) => {
    const value = valueOf(slot.key);
    if (value !== undefined) return [{ key: label, value }];
    return style.absent === "omit" ? [] : [{ key: label, value: style.absent === "null" ? null : "" }];
  });
}

/** Everything of an answer that is not a value: what a reader of the turns before must have seen. */
function keysOf(answer: string): ReadonlySet<string> {
  return new Set(answer.match(/"[^"]*":|^\w+\(|\w+=|^\w+$|"intent":"[^"]*"/gm) ?? []);
}

/** The day it is, where an answer holds a date in its normal form. */
function todayOf({ today }: Situation, { asked, style }: Task): string[] {
  const hasDate = asked.some(({ slots }) => slots.some(([slot]) => slot.kind === "date"));
  return style.isNormal && hasDate ? [`today is ${isoDay(today)}, ${weekday(today)}`] : [];
}
