import { BYTE_CHARACTERS } from "./byte-alphabet.ts";
import { PairHeap } from "./pair-heap.ts";
import { GPT2_PATTERN, tokenizerJson, type BytePairs } from "./tokenizer-json.ts";

export type BpeOptions = {
  /** Special tokens, 256 bytes and merges together. */
  readonly vocabularySize: number;
  /** Take the first ids, in this order. */
  readonly specials: readonly string[];
};

/**
 * Learns a byte-level BPE (Sennrich et al. 2016) whose words have the same tokens wherever they stand, so that copying a
 * word from a question into JSON is copying its tokens: no merge joins a space, a digit or a punctuation mark with a letter
 * or a digit. White space merges with itself, the marks of JSON with each other. Ties go to the smaller ids.
 */
export function trainBpe(texts: Iterable<string>, options: BpeOptions): BytePairs {
  const { specials, vocabularySize } = options;
  const vocabulary = [...specials, ...BYTE_CHARACTERS];
  if (vocabularySize < vocabulary.length) {
    throw new RangeError(`vocabularySize is ${vocabularySize}, expected at least ${vocabulary.length}`);
  }
  const { words, counts } = wordsOf(countUnits(texts), specials.length);
  const pairs = new PairHeap(words, counts);
  const merges: string[] = [];
  while (vocabulary.length < vocabularySize) {
    const best = pairs.pop();
    if (best === null) break;
    merges.push(`${vocabulary[best.left]} ${vocabulary[best.right]}`);
    pairs.merge(best, vocabulary.length);
    vocabulary.push(vocabulary[best.left] + vocabulary[best.right]);
  }
  const added = specials.map((content, id) => ({ id, content, special: true }));
  return { vocabulary, merges, added, pre: "gpt-2" };
}

/** tokenizer.json and tokenizer_config.json of a vocabulary made here. */
export function tokenizerFiles(
  pairs: BytePairs,
  names: { readonly bos: string; readonly eos: string; readonly pad: string },
): { readonly tokenizer: object; readonly config: object } {
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    add_bos_token: false,
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    bos_token: names.bos,
    eos_token: names.eos,
    pad_token: names.pad,
  };
  return { tokenizer: tokenizerJson(pairs), config };
}

// One unit never merges with its neighbour: letters, one digit, white space, marks of JSON, or a sign repeated.
const UNIT = /\p{L}+|\p{N}|\s+|[{}[\]":,]+|<=|>=|!=|<>|=>|->|\/\/|([^\s\p{L}\p{N}{}[\]":,])\1*/gu;

function countUnits(texts: Iterable<string>): Map<string, number> {
  const chunks = new Map<string, number>();
  for (const text of texts) {
    for (const chunk of text.match(GPT2_PATTERN) ?? []) chunks.set(chunk, (chunks.get(chunk) ?? 0) + 1);
  }
  const units = new Map<string, number>();
  for (const [chunk, count] of chunks) {
    for (const unit of chunk.match(UNIT) ?? []) units.set(unit, (units.get(unit) ?? 0) + count);
  }
  return units;
}

/** Units as byte ids, those of one byte left out: nothing in them can merge. Sorted, so that the order of texts is no matter. */
function wordsOf(
  units: ReadonlyMap<string, number>,
  firstByteId: number,
): { words: number[][]; counts: number[] } {
  const encoder = new TextEncoder();
  const words: number[][] = [];
  const counts: number[] = [];
  for (const unit of [...units.keys()].sort()) {
    const bytes = encoder.encode(unit);
    // A character such as "²" is a number to the cut: its bytes stay apart like a digit's.
    if (bytes.length < 2 || /^\p{N}/u.test(unit)) continue;
    words.push(Array.from(bytes, (byte) => firstByteId + byte));
    counts.push(units.get(unit) ?? 0);
  }
  return { words, counts };
}
