import { hash32 } from "../../core/index.ts";

/** Values seen in training, with the tags they had; kept as hashes, so that no text of an example is in an artifact. */
export type Dictionary = {
  /**
   * Per token, codes of the longest known value that covers it: tag × 4 + place (0 begin, 1 inside).
   * `own` are values that do not count, unless other examples have them too.
   */
  match(words: readonly string[], own?: ReadonlyMap<number, ReadonlySet<number>>): number[][];
  readonly entries: Entries;
};

/** Value (see `entryKey`) to tag to number of examples. */
export type Entries = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** The key of a value: lower-cased tokens, joined by a space. */
export const entryKey = (words: readonly string[]): number => hash32(words.join(" "));

// Longer values are rare, and a bound keeps matching linear.
const MAX_WORDS = 8;

export function dictionaryOf(entries: Entries): Dictionary {
  return {
    entries,
    match(words, own) {
      const codes: number[][] = words.map(() => []);
      for (let at = 0; at < words.length;) {
        const found = longestAt(entries, words, at, own);
        if (found === null) {
          at += 1;
          continue;
        }
        for (const tag of found.tags) {
          for (let index = 0; index < found.size; index += 1) {
            codes[at + index].push(tag * 4 + (index === 0 ? 0 : 1) + (found.size > 1 ? 2 : 0));
          }
        }
        at += found.size;
      }
      return codes;
    },
  };
}

function longestAt(
  entries: Entries,
  words: readonly string[],
  at: number,
  own: ReadonlyMap<number, ReadonlySet<number>> | undefined,
): { tags: number[]; size: number } | null {
  let best: { tags: number[]; size: number } | null = null;
  for (let size = 1; size <= MAX_WORDS && at + size <= words.length; size += 1) {
    const key = entryKey(words.slice(at, at + size));
    const entry = entries.get(key);
    if (entry === undefined) continue;
    const mine = own?.get(key);
    const tags = [...entry].filter(([tag, count]) => count > (mine?.has(tag) ? 1 : 0)).map(([tag]) => tag);
    if (tags.length > 0) best = { tags, size };
  }
  return best;
}
