import { hash32 } from "../core/index.ts";

/** Values of a sketch. 64 give a standard error of the similarity of about 0.04 at 0.9. */
const BINS = 64;
/** Rows per band: two texts at similarity .9 share one of 8 bands of 8 with probability .99, at .7 with .38 (then checked). */
const ROWS = 8;
/** Texts at least this alike are near-duplicates (methods 9.1: MinHash at .9). */
const MIN_SIMILARITY = 0.9;
/** Characters per shingle. */
const SHINGLE = 6;
/** Characters read of a text, its end: what comes last differs first. */
const MAX_CHARS = 2000;

/** A MinHash sketch of the text's character shingles: one permutation, empty bins filled by rotation (Shrivastava and Li 2014). */
export function sketchOf(text: string): Uint32Array {
  const sketch = new Uint32Array(BINS).fill(0xffffffff);
  const read = text.slice(-MAX_CHARS).toLowerCase().replace(/\s+/g, " ");
  for (let at = 0; at === 0 || at + SHINGLE <= read.length; at += 1) {
    const hash = hash32(read.slice(at, at + SHINGLE));
    const bin = hash % BINS;
    const value = Math.floor(hash / BINS);
    if (value < sketch[bin]) sketch[bin] = value;
  }
  return fillEmpty(sketch);
}

function fillEmpty(sketch: Uint32Array): Uint32Array {
  const filled = sketch.slice();
  for (let bin = 0; bin < BINS; bin += 1) {
    if (sketch[bin] !== 0xffffffff) continue;
    let distance = 1;
    while (distance < BINS && sketch[(bin + distance) % BINS] === 0xffffffff) distance += 1;
    filled[bin] = (sketch[(bin + distance) % BINS] + distance * 0x9e3779b1) >>> 0;
  }
  return filled;
}

/** Share of equal values: an estimate of the Jaccard similarity of the shingle sets. */
export function similarity(a: Uint32Array, b: Uint32Array): number {
  let equal = 0;
  for (let bin = 0; bin < BINS; bin += 1) if (a[bin] === b[bin]) equal += 1;
  return equal / BINS;
}

/** Texts kept per bucket: thousands of nearly equal texts need not all be compared with each other. */
const MAX_BUCKET = 64;

/** Finds near-duplicates among texts as they come (MinHash LSH). */
export class NearIndex {
  readonly #bands = new Map<string, number[]>();
  readonly #sketches: Uint32Array[] = [];

  /** Numbers (in order of adding) of earlier texts that are near-duplicates of this one; then adds it. */
  add(text: string): number[] {
    const sketch = sketchOf(text);
    const number = this.#sketches.length;
    this.#sketches.push(sketch);
    const candidates = new Set<number>();
    for (let band = 0; band < BINS / ROWS; band += 1) {
      const key = `${band}:${sketch.subarray(band * ROWS, (band + 1) * ROWS).join(",")}`;
      const bucket = this.#bands.get(key);
      if (bucket === undefined) this.#bands.set(key, [number]);
      else {
        for (const other of bucket) candidates.add(other);
        if (bucket.length < MAX_BUCKET) bucket.push(number);
      }
    }
    return [...candidates].filter((other) => similarity(this.#sketches[other], sketch) >= MIN_SIMILARITY);
  }
}
