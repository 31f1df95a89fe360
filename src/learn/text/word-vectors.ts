import { DIMENSIONS, LEVELS, WORDS } from "./word-vectors-data.ts";

/** What frequent English words mean, as directions: words used alike point alike. */
export type WordVectors = {
  /** The word's rank among the known ones, 0 the most frequent; undefined when unknown. */
  readonly rankOf: ReadonlyMap<string, number>;
  /** Row per rank of `MEANING_DIMENSIONS` whole numbers. */
  readonly levels: Int8Array;
};

export const MEANING_DIMENSIONS = DIMENSIONS;

// Words are weighted by ln(rank + this): frequent ones say less. The offset keeps the first words from vanishing.
const RANK_OFFSET = 20;
const LEVEL_ZERO = 8;

// The table is a constant of 2 MB once decoded; every specialist of a process shares it.
let decoded: WordVectors | undefined;

export function wordVectors(): WordVectors {
  decoded ??= decode();
  return decoded;
}

/** The direction of a text: the weighted mean of its words' unit vectors, norm 1; zeros when no word is known. */
export function meaningOf(words: readonly string[], vectors: WordVectors): Float32Array {
  const meaning = new Float32Array(MEANING_DIMENSIONS);
  for (const word of words) {
    const rank = vectors.rankOf.get(word);
    if (rank === undefined) continue;
    const start = rank * MEANING_DIMENSIONS;
    const scale = Math.log(rank + RANK_OFFSET) / normAt(vectors.levels, start);
    for (let j = 0; j < MEANING_DIMENSIONS; j += 1) meaning[j] += scale * vectors.levels[start + j];
  }
  const norm = normAt(meaning, 0);
  return norm === 0 ? meaning : meaning.map((value) => value / norm);
}

function normAt(numbers: Int8Array | Float32Array, start: number): number {
  let squares = 0;
  for (let j = start; j < start + MEANING_DIMENSIONS; j += 1) squares += numbers[j] * numbers[j];
  return Math.sqrt(squares);
}

function decode(): WordVectors {
  const bytes = Buffer.from(LEVELS.join(""), "base64");
  const levels = new Int8Array(bytes.length * 2);
  for (const [at, byte] of bytes.entries()) {
    levels[2 * at] = (byte >> 4) - LEVEL_ZERO;
    levels[2 * at + 1] = (byte & 15) - LEVEL_ZERO;
  }
  const words = WORDS.join("").split(" ");
  return { rankOf: new Map(words.map((word, rank) => [word, rank])), levels };
}
