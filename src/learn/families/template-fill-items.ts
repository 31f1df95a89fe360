import { canonicalAnswer, HouseError, type Answer, type TrainingExample } from "../../core/index.ts";
import { closeHoles, cutAnswer, namesIn, templateKey, type Cut } from "./template-fill-cut.ts";
import type { AnswerTemplate } from "./template-fill-model.ts";
import { sourceOf, type Source } from "./template-fill-source.ts";
import { looksOf, type Seen } from "./template-fill-uses.ts";

/** Most templates that are told apart; the rest, the rarest, are not learnt. */
const MAX_TEMPLATES = 400;
/** Below this share of examples that share their template with another, templates are not the task. */
const MIN_SHARE_SHARED = 0.5;

/** An example taken apart; template is −1 when its answer is not one of the learnt templates. */
export type Item = {
  readonly source: Source;
  readonly seen: readonly Seen[];
  readonly cut: Cut | null;
  readonly isJson: boolean;
  readonly template: number;
  readonly canonical: string;
};

/** Examples taken apart; templates are numbered from 0 in order of their text. */
export function itemsOf(examples: readonly TrainingExample[]): Item[] {
  const texts = examples.map(({ answer }) => textOf(answer));
  const sources = examples.map(({ input }) => sourceOf(input));
  const copied = copiedNames(texts, sources);
  const cuts = closeConstants(
    texts.map((text) => (text === null ? null : cutAnswer(text, (name) => copied.has(name)))),
  );
  const places = templatePlaces(cuts);
  return examples.map(({ answer }, place) => {
    const cut = cuts[place];
    return {
      source: sources[place],
      seen: looksOf(sources[place]),
      cut,
      isJson: answer.type === "json",
      template: cut === null ? -1 : (places.get(templateKey(cut)) ?? -1),
      canonical: canonicalAnswer(answer),
    };
  });
}

/** Tool calls are no texts: null. */
function textOf(answer: Answer): string | null {
  if (answer.type === "tool-calls") return null;
  return answer.type === "json" ? JSON.stringify(answer.value) : answer.text.trim();
}

const MIN_SHARE_COPIED = 0.8;

/** Bare names that stand in the input nearly whenever they stand in the answer. */
function copiedNames(texts: readonly (string | null)[], sources: readonly Source[]): Set<string> {
  const counts = new Map<string, { all: number; copied: number }>();
  for (const [place, text] of texts.entries()) {
    for (const name of new Set(namesIn(text ?? ""))) {
      const count = counts.get(name) ?? { all: 0, copied: 0 };
      counts.set(name, count);
      count.all += 1;
      if (sources[place].text.includes(name)) count.copied += 1;
    }
  }
  return new Set(
    [...counts].flatMap(([name, { all, copied }]) => (copied >= MIN_SHARE_COPIED * all ? [name] : [])),
  );
}

/** Holes whose key only ever held one value become fixed text. */
function closeConstants(cuts: readonly (Cut | null)[]): (Cut | null)[] {
  const values = new Map<string, Set<string>>();
  for (const cut of cuts) {
    for (const { key, value } of cut?.holes ?? []) values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  return cuts.map((cut) => (cut === null ? null : closeHoles(cut, ({ key }) => values.get(key)?.size === 1)));
}

/** Ids of the most frequent templates, in order of their text. */
function templatePlaces(cuts: readonly (Cut | null)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const cut of cuts) {
    if (cut !== null) counts.set(templateKey(cut), (counts.get(templateKey(cut)) ?? 0) + 1);
  }
  const kept = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, MAX_TEMPLATES);
  return new Map(
    kept
      .map(([key]) => key)
      .sort()
      .map((key, place) => [key, place]),
  );
}

/** Throws HouseError `nothing-to-do` when too few answers share their template with another. */
export function refuseUnshared(items: readonly Item[]): void {
  const counts = new Map<number, number>();
  for (const { template } of items) counts.set(template, (counts.get(template) ?? 0) + 1);
  const shared = items.filter(({ template }) => template >= 0 && (counts.get(template) ?? 0) > 1).length;
  if (shared > 0 && shared >= MIN_SHARE_SHARED * items.length) return;
  throw new HouseError(
    "nothing-to-do",
    `Cannot fit a template-fill specialist: ${shared} of ${items.length} answers share their template with another, expected at least half`,
  );
}

/** The templates of these examples by id, with the holes that always repeat an earlier one. */
export function templatesOf(
  { items, keys }: { readonly items: readonly Item[]; readonly keys: number },
  keep: (example: number) => boolean,
): AnswerTemplate[] {
  const groups = Array.from({ length: keys }, (): Item[] => []);
  for (const [example, item] of items.entries())
    if (item.template >= 0 && keep(example)) groups[item.template].push(item);
  return groups.map((group) => {
    const cuts = group.flatMap(({ cut }) => (cut === null ? [] : [cut]));
    if (cuts.length === 0) return { fixed: [], holes: [], isJson: false, count: 0 };
    const [{ fixed, holes }] = cuts;
    return {
      fixed,
      holes: holes.map(({ key, kind }, place) => {
        const repeats = holes.findIndex(
          (_, other) =>
            other < place && cuts.every((cut) => cut.holes[other].value === cut.holes[place].value),
        );
        return {
          key,
          kind,
          repeats: repeats < 0 ? null : repeats,
          isDistinct: isDistinctAt(cuts, place),
          hasTwin: hasTwinAt(cuts, place),
        };
      }),
      isJson: group[0].isJson,
      count: cuts.length,
    };
  });
}

function isDistinctAt(cuts: readonly Cut[], place: number): boolean {
  return cuts.every(({ holes }) =>
    holes.every(
      ({ key, value }, other) => other >= place || key !== holes[place].key || value !== holes[place].value,
    ),
  );
}

const hasTwinAt = (cuts: readonly Cut[], place: number): boolean =>
  cuts.some(({ holes }) =>
    holes.some(
      ({ key, value }, other) => other > place && key === holes[place].key && value !== holes[place].value,
    ),
  );
