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
  const table = makeTable(vocabulary);
  return {
    width: vocabulary.hashes.length,
    vector: (blocks, weights) => {
      const total = blocks.reduce(
        (sum, block, place) => (weights[place] === 0 ? sum : sum + block.length),
        0,
      );
      const row = { slots: new Uint32Array(total), values: new Float32Array(total) };
      let [seen, end] = [0, 0];
      for (const [place, block] of blocks.entries()) {
        if (weights[place] === 0) continue;
        const first = end;
        for (let at = 0; at < block.length; at += 1) {
          const slot = slotOf(table, block[at]);
          if (slot < 0) continue;
          seen += 1;
          if (table.words[slot + COUNT] === 0) {
            row.slots[end] = slot;
            end += 1;
          }
          table.words[slot + COUNT] += 1;
        }
        weigh(table, row, { first, end, weight: weights[place] });
      }
      const columns = row.slots.slice(0, end);
      for (let at = 0; at < end; at += 1) columns[at] = table.words[columns[at] + COLUMN] - 1;
      return { row: { columns, values: row.values.slice(0, end) }, known: total === 0 ? 0 : seen / total };
    },
  };
}

/** An open-addressing table of columns by hash, at most half full. All that is known of a column lies in one line of memory. */
type Table = {
  /** Four to a slot: hash, column plus one (0 when empty), how often it stands in the block at hand, idf as float32. */
  readonly words: Uint32Array;
  /** The same memory. */
  readonly floats: Float32Array;
  readonly mask: number;
};

const SLOT = 4;
const COLUMN = 1;
const COUNT = 2;
const IDF = 3;

function makeTable({ hashes, idf }: Vocabulary): Table {
  let size = 16;
  while (size < hashes.length * 2) size *= 2;
  const words = new Uint32Array(SLOT * size);
  const table = { words, floats: new Float32Array(words.buffer), mask: size - 1 };
  for (let column = 0; column < hashes.length; column += 1) {
    let slot = hashes[column] & table.mask;
    while (words[SLOT * slot + COLUMN] > 0) slot = (slot + 1) & table.mask;
    words[SLOT * slot] = hashes[column];
    words[SLOT * slot + COLUMN] = column + 1;
    table.floats[SLOT * slot + IDF] = idf[column];
  }
  return table;
}

/** Where the slot of a hash begins, −1 when it has none. */
function slotOf({ words, mask }: Table, hash: number): number {
  let slot = hash & mask;
  while (words[SLOT * slot + COLUMN] > 0) {
    if (words[SLOT * slot] === hash) return SLOT * slot;
    slot = (slot + 1) & mask;
  }
  return -1;
}

/** Writes the values of one block, brought to the norm of its weight; forgets the counts. */
function weigh(
  { words, floats }: Table,
  { slots, values }: { readonly slots: Uint32Array; readonly values: Float32Array },
  { first, end, weight }: { readonly first: number; readonly end: number; readonly weight: number },
): void {
  let squares = 0;
  for (let at = first; at < end; at += 1) squares += valueOf(words, floats, slots[at]) ** 2;
  const scale = squares === 0 ? 0 : weight / Math.sqrt(squares);
  for (let at = first; at < end; at += 1) {
    values[at] = valueOf(words, floats, slots[at]) * scale;
    words[slots[at] + COUNT] = 0;
  }
}

function valueOf(words: Uint32Array, floats: Float32Array, slot: number): number {
  const count = words[slot + COUNT];
  return (count === 1 ? 1 : 1 + Math.log(count)) * floats[slot + IDF];
}
