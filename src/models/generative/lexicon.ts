import type { Json } from "../../core/index.ts";

/** What the values of a task's examples say of where they belong: counts of whole values and of their words, by path. */
export type Lexicon = {
  readonly paths: readonly string[];
  /** Occurrences of each path. */
  readonly totals: readonly number[];
  /** By value, lower case: pairs of path index and count, flat. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  readonly words: Readonly<Record<string, readonly number[]>>;
};

/** Counts the texts within answers that stand at these paths (as `jsonPlace` gives them). */
export function learnLexicon(answers: readonly Json[], among: readonly string[]): Lexicon {
  const totals = new Map<string, number>();
  const values = new Map<string, Map<string, number>>();
  const words = new Map<string, Map<string, number>>();
  for (const { path, text } of answers.flatMap((answer) => textsIn(answer, ""))) {
    if (!among.includes(path)) continue;
    totals.set(path, (totals.get(path) ?? 0) + 1);
    count(values, text, path);
    for (const word of wordsIn(text)) count(words, word, path);
  }
  const paths = [...totals.keys()].sort();
  const flat = (counts: ReadonlyMap<string, ReadonlyMap<string, number>>): Lexicon["values"] =>
    Object.fromEntries(
      [...counts].map(([text, byPath]) => [
        text,
        [...byPath].flatMap(([path, times]) => [paths.indexOf(path), times]),
      ]),
    );
  return {
    paths,
    totals: paths.map((path) => totals.get(path) ?? 0),
    values: flat(values),
    words: flat(words),
  };
}

/** Weight of what is usual against a whole value, and against a word of it, seen before. */
const VALUE_PRIOR = 0.5;
const WORD_PRIOR = 2;

/**
 * How much better an answer puts its values where examples had them than where values are put in general: Σ log P(path | value) − log P(path).
 * A value never seen counts by its words, and 0 where none of them was seen.
 */
export function lexicalGain(lexicon: Lexicon, answer: Json): number {
  const all = lexicon.totals.reduce((sum, times) => sum + times, 0);
  let gain = 0;
  for (const { path, text } of textsIn(answer, "")) {
    const index = lexicon.paths.indexOf(path);
    if (index === -1) continue;
    const usual = (lexicon.totals[index] + 1) / (all + lexicon.paths.length);
    const gainOf = (counts: readonly number[], prior: number): number => {
      let times = 0;
      let total = 0;
      for (let at = 0; at < counts.length; at += 2) {
        total += counts[at + 1];
        if (counts[at] === index) times = counts[at + 1];
      }
      return Math.log((times + prior * usual) / (total + prior)) - Math.log(usual);
    };
    const known = own(lexicon.values, text);
    if (known !== undefined) {
      gain += gainOf(known, VALUE_PRIOR);
      continue;
    }
    const gains = wordsIn(text).flatMap((word) => {
      const counts = own(lexicon.words, word);
      return counts === undefined ? [] : [gainOf(counts, WORD_PRIOR)];
    });
    if (gains.length > 0) gain += gains.reduce((sum, one) => sum + one, 0) / gains.length;
  }
  return gain;
}

// A value may be called "constructor".
const own = (counts: Lexicon["values"], text: string): readonly number[] | undefined =>
  Object.hasOwn(counts, text) ? counts[text] : undefined;

function count(counts: Map<string, Map<string, number>>, text: string, path: string): void {
  const byPath = counts.get(text) ?? new Map<string, number>();
  byPath.set(path, (byPath.get(path) ?? 0) + 1);
  counts.set(text, byPath);
}

const wordsIn = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");

function textsIn(value: Json, path: string): { readonly path: string; readonly text: string }[] {
  if (typeof value === "string") return [{ path, text: value.toLowerCase() }];
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((item: Json) => textsIn(item, `${path}[]`));
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return entries.flatMap(([key, inner]) => textsIn(inner, `${path}.${key}`));
}
