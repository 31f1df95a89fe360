/** Two neighbouring tokens. */
export type Pair = { readonly left: number; readonly right: number };

type Entry = Pair & { readonly count: number };

/** Merging stops at pairs seen once: they teach nothing about the next text. */
const LEAST_COUNT = 2;
/** Left and right share one exact number; vocabularies stay far below. */
const RADIX = 2 ** 24;

/**
 * The neighbouring pairs of a list of words with their counts, the most frequent on top. A merge updates only the words
 * that hold the pair; outdated entries stay in the heap and are skipped when they come up.
 */
export class PairHeap {
  readonly #words: number[][];
  readonly #wordCounts: readonly number[];
  readonly #counts = new Map<number, number>();
  /** Words that held a pair when it was counted: a superset of those that hold it now. */
  readonly #places = new Map<number, Set<number>>();
  readonly #heap: Entry[] = [];

  constructor(words: number[][], counts: readonly number[]) {
    this.#words = words;
    this.#wordCounts = counts;
    const touched = new Set<number>();
    words.forEach((_, word) => this.#count(word, 1, touched));
    this.#pushAll(touched);
  }

  /** Takes the most frequent pair; ties go to the smaller left, then right token. Null when none is frequent enough. */
  pop(): Pair | null {
    for (;;) {
      const top = this.#take();
      if (top === null || top.count < LEAST_COUNT) return null;
      if (this.#counts.get(keyOf(top)) === top.count) return top;
    }
  }

  /** Writes `token` for the pair in every word. */
  merge(pair: Pair, token: number): void {
    const touched = new Set<number>();
    for (const word of this.#places.get(keyOf(pair)) ?? []) {
      this.#count(word, -1, touched);
      this.#words[word] = merged(this.#words[word], pair, token);
      this.#count(word, 1, touched);
    }
    this.#places.delete(keyOf(pair));
    this.#pushAll(touched);
  }

  #count(word: number, sign: 1 | -1, touched: Set<number>): void {
    const tokens = this.#words[word];
    const weight = sign * this.#wordCounts[word];
    for (let at = 0; at + 1 < tokens.length; at += 1) {
      const key = tokens[at] * RADIX + tokens[at + 1];
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + weight);
      touched.add(key);
      if (sign < 0) continue;
      const places = this.#places.get(key);
      if (places === undefined) this.#places.set(key, new Set([word]));
      else places.add(word);
    }
  }

  #pushAll(keys: ReadonlySet<number>): void {
    for (const key of keys) {
      const count = this.#counts.get(key) ?? 0;
      if (count < LEAST_COUNT) continue;
      this.#push({ left: Math.floor(key / RADIX), right: key % RADIX, count });
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  #take(): Entry | null {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined) return null;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child += 1;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function keyOf(pair: Pair): number {
  return pair.left * RADIX + pair.right;
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}

function merged(tokens: readonly number[], pair: Pair, token: number): number[] {
  const out: number[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const isPair = tokens[at] === pair.left && tokens[at + 1] === pair.right;
    out.push(isPair ? token : tokens[at]);
    if (isPair) at += 1;
  }
  return out;
}
