// Words as runs of letters, marks and digits; any other sign that is not space stands for itself ("?" tells questions).
const WORD = /[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]/gu;

/**
 * Half of what is read of a text longer than the cut comes from its head, half from its tail:
 * requests state their wish at the start or the end, quoted matter stands between. Bounds the time of a prediction
 * and the memory of training: 4,000 characters are about 16,000 grams. Unit: UTF-16 code units.
 */
export const CUT_TEXT = 4_000;

export type GramRange = { readonly from: number; readonly to: number };

/** Lower case, compatibility forms unified; cut in the middle when long. */
export function normalizeText(text: string): string {
  const cut = text.length > CUT_TEXT ? `${text.slice(0, CUT_TEXT / 2)} ${text.slice(-CUT_TEXT / 2)}` : text;
  return cut.normalize("NFKC").toLowerCase();
}

/** The words and signs of a normalised text, in reading order. */
export function wordsOf(text: string): string[] {
  return text.match(WORD) ?? [];
}

const FNV_PRIME = 0x01000193;
const FNV_START = 0x811c9dc5;
const SPACE = 32;

/** 32-bit hashes of the word n-grams of a text, with repeats. The seed keeps kinds of grams apart. O(words · range). */
export function wordGrams(words: readonly string[], range: GramRange, seed: number): number[] {
  const hashes: number[] = [];
  for (let start = 0; start < words.length; start += 1) {
    let hash = startOf(seed);
    for (let length = 1; length <= range.to && start + length <= words.length; length += 1) {
      if (length > 1) hash = Math.imul(hash ^ SPACE, FNV_PRIME);
      hash = extend(hash, words[start + length - 1]);
      if (length >= range.from) hashes.push(finish(hash));
    }
  }
  return hashes;
}

/** 32-bit hashes of the character n-grams inside words, each word between two spaces (scikit-learn's char_wb), with repeats. */
export function charGrams(words: readonly string[], range: GramRange, seed: number): number[] {
  const hashes: number[] = [];
  for (const word of words) {
    const padded = ` ${word} `;
    for (let start = 0; start + range.from <= padded.length; start += 1) {
      let hash = startOf(seed);
      for (let length = 1; length <= range.to && start + length <= padded.length; length += 1) {
        hash = Math.imul(hash ^ padded.charCodeAt(start + length - 1), FNV_PRIME);
        if (length >= range.from) hashes.push(finish(hash));
      }
    }
  }
  return hashes;
}

/** 32-bit hashes of the unordered pairs of different words of a text, each once: "freeze … card" whatever stands between. */
export function pairGrams(words: readonly string[], maxWords: number, seed: number): number[] {
  const distinct = [...new Set(words.slice(0, maxWords))].sort();
  const hashes: number[] = [];
  for (let first = 0; first < distinct.length; first += 1) {
    const prefix = Math.imul(extend(startOf(seed), distinct[first]) ^ SPACE, FNV_PRIME);
    for (let second = first + 1; second < distinct.length; second += 1) {
      hashes.push(finish(extend(prefix, distinct[second])));
    }
  }
  return hashes;
}

/** Multiplied before the first character meets it: xor alone would let small seeds and near characters cancel. */
const startOf = (seed: number): number => Math.imul(FNV_START ^ seed, 0x9e3779b1);

function extend(hash: number, text: string): number {
  let extended = hash;
  for (let index = 0; index < text.length; index += 1) {
    extended = Math.imul(extended ^ text.charCodeAt(index), FNV_PRIME);
  }
  return extended;
}

/** The final mix of `hash32`: near texts get far hashes. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
