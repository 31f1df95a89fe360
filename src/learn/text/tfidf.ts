import type { SparseRow } from "./sparse.ts";

/** Grams of one kind out of one text, as hashes with repeats; blocks are weighted and normalised apart. */
export type Block = Uint32Array;

/** Which grams count and for how much. Gram texts are not kept: an artifact cannot leak what it was trained on. */
export type Vocabulary = {
  /** The place in the list is the column; the most frequent first, so that the weights most used lie together. */
  readonly hashes: Uint32Array;
  /** Per column: ln((1 + n) / (1 + df)) + 1, as scikit-learn's smooth idf. */
  readonly idf: Float32Array;
};

export type VocabularyOptions = {
  /** Grams in fewer texts are left out. */
  readonly minTexts: number;
  /** At most this many grams, the most frequent first. */
  readonly maxGrams: number;
};

/** Counts texts per gram. texts: for each text its blocks. O(grams). */
export function fitVocabulary(texts: readonly (readonly Block[])[], options: VocabularyOptions): Vocabulary {
  const textsWith = new Map<number, number>();
  for (const blocks of texts) {
    const own = new Set<number>();
    for (const block of blocks) for (const hash of block) own.add(hash);
    for (const hash of own) textsWith.set(hash, (textsWith.get(hash) ?? 0) + 1);
  }
  const frequent = [...textsWith].filter(([, count]) => count >= options.minTexts);
  const kept = frequent.sort(([a, m], [b, n]) => n - m || a - b).slice(0, options.maxGrams);
  return {
    hashes: Uint32Array.from(kept, ([hash]) => hash),
    idf: Float32Array.from(kept, ([, count]) => Math.log((1 + texts.length) / (1 + count)) + 1),
  };
}

export type Vectorizer = {
  /** Number of columns. */
  readonly width: number;
  /** The vector of a text and the share of its gram occurrences, over all blocks with weight, that the vocabulary knows. */
  readonly vector: (
    blocks: readonly Block[],
    weights: readonly number[],
  ) => { readonly row: SparseRow; readonly known: number };
};

/**
 * Sublinear TF-IDF over a vocabulary: (1 + ln tf) · idf, each block brought to L2 norm 1 and multiplied by its weight.
 * Weights whose squares sum to 1 give vectors of norm 1 when no block is empty.
 */
export function makeVectorizer(vocabulary: Vocabulary): Vectorizer {
  const columnOf = makeColumnTable(vocabulary.hashes);
  return {
    width: vocabulary.hashes.length,
    vector: (blocks, weights) => {
      const columns: number[] = [];
      const values: number[] = [];
      let [seen, total] = [0, 0];
      for (const [place, block] of blocks.entries()) {
        if (weights[place] === 0) continue;
        const counts = new Map<number, number>();
        for (const hash of block) {
          const column = columnOf(hash);
          if (column >= 0) counts.set(column, (counts.get(column) ?? 0) + 1);
        }
        total += block.length;
        let squares = 0;
        const first = columns.length;
        for (const [column, count] of counts) {
          seen += count;
          const value = (1 + Math.log(count)) * vocabulary.idf[column];
          squares += value * value;
          columns.push(column);
          values.push(value);
        }
        const scale = squares === 0 ? 0 : weights[place] / Math.sqrt(squares);
        for (let index = first; index < values.length; index += 1) values[index] *= scale;
      }
      const row = { columns: Uint32Array.from(columns), values: Float32Array.from(values) };
      return { row, known: total === 0 ? 0 : seen / total };
    },
  };
}

/** Column of a hash, −1 when unknown: an open-addressing table at most half full, a tenth of the memory of a Map. */
function makeColumnTable(hashes: Uint32Array): (hash: number) => number {
  let size = 16;
  while (size < hashes.length * 2) size *= 2;
  const mask = size - 1;
  const table = new Int32Array(size).fill(-1);
  for (const [column, hash] of hashes.entries()) {
    let slot = hash & mask;
    while (table[slot] >= 0) slot = (slot + 1) & mask;
    table[slot] = column;
  }
  return (hash) => {
    let slot = hash & mask;
    while (table[slot] >= 0) {
      if (hashes[table[slot]] === hash) return table[slot];
      slot = (slot + 1) & mask;
    }
    return -1;
  };
}
