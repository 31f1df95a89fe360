import { hash32 } from "../../core/index.ts";
import type { Dictionary } from "./dictionary.ts";
import { shapeOf, type Token } from "./tokens.ts";

/** The text a chain runs over: tokens of one or more parts, one after the other, closed by an end sign. */
export type Source = {
  readonly tokens: readonly Token[];
  /** Part of each token: a small number that says what kind of part it is. */
  readonly partOf: Uint8Array;
  /** True where no space stands before the token. */
  readonly glued: Uint8Array;
  /** Lower-cased words of the parts that are not searched for values: the question before, above all. */
  readonly context: readonly string[];
};

/** Features as 32-bit hashes. */
export type Observation = {
  /** Per token; from index `split[token]` on they name the token itself, before it they only describe it and its surroundings. */
  readonly tokens: readonly Uint32Array[];
  readonly split: Int32Array;
  /** Of the input as a whole. */
  readonly head: Uint32Array;
};

export type ObserveOptions = {
  /** Hashes of lower-cased words that mark places: found in at least a certain share of the examples. */
  readonly frequent: ReadonlySet<number>;
  readonly dictionary: Dictionary;
  /** Word classes known beforehand. */
  readonly lexicon: Dictionary;
  /** Values of the example itself, left out of the dictionary while training, so that it does not learn to trust itself. */
  readonly own?: ReadonlyMap<number, ReadonlySet<number>>;
};

const END = "</>";
const START = "<s>";

/** Features of every token and of the whole. O(tokens × features). */
export function observe(source: Source, options: ObserveOptions): Observation {
  const view = viewOf(source, options);
  const tokens: Uint32Array[] = [];
  const split = new Int32Array(view.length);
  for (let at = 0; at < view.length; at += 1) {
    const out: number[] = [];
    describe(view, at, out);
    split[at] = out.length;
    identify(view, at, out);
    tokens.push(Uint32Array.from(out));
  }
  return { tokens, split, head: Uint32Array.from(headFeatures(view)) };
}

type View = {
  readonly length: number;
  readonly source: Source;
  readonly words: readonly string[];
  readonly word: Uint32Array;
  readonly shape: Uint32Array;
  /** Hash of the nearest frequent word to the left and right, and the one after that. */
  readonly left: Uint32Array;
  readonly left2: Uint32Array;
  readonly right: Uint32Array;
  readonly right2: Uint32Array;
  readonly distance: Uint8Array;
  readonly chunk: Uint32Array;
  readonly matches: readonly (readonly number[])[];
  readonly classes: readonly (readonly number[])[];
  readonly isFrequent: Uint8Array;
};

const mix = (template: number, a: number, b: number = 0): number => {
  let hash = Math.imul(template + 1, 0x9e3779b1) ^ Math.imul(a ^ (a >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ Math.imul(b ^ (b >>> 16), 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 16)) >>> 0;
};

function viewOf(source: Source, options: ObserveOptions): View {
  const words = [...source.tokens.map((token) => token.text.toLowerCase()), END];
  const length = words.length;
  const word = Uint32Array.from(words, (text) => hash32(text));
  const isFrequent = Uint8Array.from(word, (hash, at) =>
    options.frequent.has(hash) || at === length - 1 ? 1 : 0,
  );
  const shape = Uint32Array.from([...source.tokens.map((token) => token.text), END], (text) =>
    hash32(shapeOf(text)),
  );
  const view = {
    length,
    source,
    words,
    word,
    shape,
    left: new Uint32Array(length),
    left2: new Uint32Array(length),
    right: new Uint32Array(length),
    right2: new Uint32Array(length),
    distance: new Uint8Array(length),
    chunk: chunksOf(source, words),
    matches: options.dictionary.match(words, options.own),
    classes: options.lexicon.match(words),
    isFrequent,
  };
  fillNeighbours(view);
  return view;
}

function fillNeighbours(
  view: Pick<View, "length" | "word" | "left" | "left2" | "right" | "right2" | "distance" | "isFrequent">,
): void {
  let near = hash32(START);
  let far = near;
  let gap = 0;
  for (let at = 0; at < view.length; at += 1) {
    view.left[at] = near;
    view.left2[at] = far;
    view.distance[at] = Math.min(gap, 4);
    gap += 1;
    if (view.isFrequent[at] === 1) {
      far = near;
      near = view.word[at];
      gap = 0;
    }
  }
  near = hash32(END);
  far = near;
  for (let at = view.length - 1; at >= 0; at -= 1) {
    view.right[at] = near;
    view.right2[at] = far;
    if (view.isFrequent[at] === 1) {
      far = near;
      near = view.word[at];
    }
  }
}

/** Hash of the run of tokens without a space between them that each token stands in. */
function chunksOf(source: Source, words: readonly string[]): Uint32Array {
  const chunks = new Uint32Array(words.length);
  let begin = 0;
  for (let at = 1; at <= words.length; at += 1) {
    if (at < words.length && source.glued[at] === 1) continue;
    const hash = at - begin > 1 ? hash32(words.slice(begin, at).join("")) : 0;
    chunks.fill(hash, begin, at);
    begin = at;
  }
  return chunks;
}

/** What surrounds the token and what it looks like. */
function describe(view: View, at: number, out: number[]): void {
  const { words, word, shape, source } = view;
  const wordAt = (offset: number): number => {
    const index = at + offset;
    return index < 0 ? 1 : index >= view.length ? 2 : word[index];
  };
  const shapeAt = (offset: number): number => shape[at + offset] ?? 3;
  const glued = (source.glued[at] ?? 0) + 2 * (source.glued[at + 1] ?? 0);
  out.push(mix(0, 0), mix(1, shape[at]), mix(2, shapeAt(-1)), mix(3, shapeAt(1)));
  out.push(mix(4, shapeAt(-1), shape[at]), mix(5, shape[at], shapeAt(1)), mix(6, glued, shape[at]));
  out.push(mix(7, wordAt(-1)), mix(8, wordAt(1)), mix(9, wordAt(-2)), mix(10, wordAt(2)));
  out.push(mix(11, wordAt(-2), wordAt(-1)), mix(12, wordAt(1), wordAt(2)), mix(13, wordAt(-1), wordAt(1)));
  out.push(mix(14, wordAt(-1), shape[at]), mix(15, wordAt(-3)), mix(16, wordAt(3)));
  out.push(
    mix(17, view.left[at], view.distance[at]),
    mix(18, view.left[at]),
    mix(19, view.left2[at], view.left[at]),
  );
  out.push(
    mix(20, view.right[at]),
    mix(21, view.left[at], view.right[at]),
    mix(22, view.right[at], view.right2[at]),
  );
  out.push(mix(23, Math.min(at, 4)), mix(24, Math.min(view.length - at, 4)), mix(25, source.partOf[at] ?? 0));
  out.push(mix(26, view.isFrequent[at]), mix(27, view.isFrequent[at], view.isFrequent[at + 1] ?? 2));
  for (const code of view.classes[at]) out.push(mix(52, code), mix(53, code, wordAt(-1)));
  for (const code of view.classes[at - 1] ?? []) out.push(mix(54, code), mix(55, code, shape[at]));
  for (const code of view.classes[at + 1] ?? []) out.push(mix(56, code), mix(57, code, shape[at]));
  const text = words[at];
  for (let size = 1; size <= 4 && size < text.length; size += 1) {
    out.push(mix(30 + size, hash32(text.slice(0, size))), mix(40 + size, hash32(text.slice(-size))));
  }
  for (const name of source.context) {
    const hash = hash32(name);
    out.push(mix(50, hash), mix(51, hash, shape[at]));
  }
}

/** Which token it is. */
function identify(view: View, at: number, out: number[]): void {
  const { word } = view;
  const before = at > 0 ? word[at - 1] : 1;
  const after = at + 1 < view.length ? word[at + 1] : 2;
  out.push(mix(60, word[at]), mix(61, before, word[at]), mix(62, word[at], after));
  out.push(mix(63, word[at], view.left[at]), mix(64, word[at], view.right[at]));
  if (at < view.source.tokens.length) out.push(mix(65, hash32(view.source.tokens[at].text)));
  if (view.chunk[at] !== 0) out.push(mix(66, view.chunk[at]));
  for (const match of view.matches[at]) out.push(mix(67, match), mix(68, match, before));
}

/** Words, pairs and beginnings of the whole input. */
function headFeatures(view: View): Set<number> {
  const out = new Set<number>([mix(100, 0), mix(101, Math.min(view.length, 12))]);
  for (let at = 0; at < view.length; at += 1) {
    out.add(mix(102, view.word[at]));
    out.add(mix(103, view.word[at], view.word[at + 1] ?? 2));
    if (at < 3) out.add(mix(104 + at, view.word[at]));
    if (view.words[at].length > 4) out.add(mix(110, hash32(view.words[at].slice(0, 4))));
  }
  for (const name of view.source.context) out.add(mix(111, hash32(name)));
  return out;
}
