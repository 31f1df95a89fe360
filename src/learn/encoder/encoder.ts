import { layerSize, type EncoderWeights } from "./encoder-file.ts";
import { makeKernel, type Kernel } from "./kernel.ts";
import { makePieces } from "./wordpiece.ts";

/** The direction of what a text means, norm 1; zeros when it has no words. */
export type Encoder = (text: string) => Float32Array;

// The kernel multiplies rows in fours.
const ROWS = 4;
const NORM_EPSILON = 1e-5;

/** Where things lie in the kernel's memory, in floats. */
type Places = {
  readonly layers: number;
  /** The tokens of the window: in context, normed, their queries, keys and values, the middle of the feed-forward part. */
  readonly x: number;
  readonly h: number;
  readonly qkv: number;
  readonly middle: number;
};

/**
 * Reads texts with a small transformer encoder: tokens at the window's ends see each other, the mean of all tokens of the text is added.
 * Not reentrant: it reuses one memory. O(tokens of the window · weights).
 */
export function makeEncoder(weights: EncoderWeights): Encoder {
  const { shape } = weights;
  const { dimensions, window } = shape;
  const layers = weights.layers.length;
  const x = layers;
  const h = x + window * dimensions;
  const qkv = h + window * dimensions;
  const middle = qkv + 3 * window * dimensions;
  const kernel = makeKernel(middle + window * shape.inner);
  kernel.floats.set(weights.layers);
  const places: Places = { layers: 0, x, h, qkv, middle };
  const piecesOf = makePieces(weights.vocabulary, weights.unknown);
  return (text) => {
    const ids = piecesOf(text);
    if (ids.length === 0) return new Float32Array(shape.output);
    const half = window / 2;
    const seen = ids.length <= window ? ids : [...ids.slice(0, half), ...ids.slice(-half)];
    contextualize(weights, kernel, places, seen);
    const context = meanInContext(weights, kernel, places, seen.length);
    return project(weights, context, meanAlone(weights, ids));
  };
}

function contextualize(
  weights: EncoderWeights,
  kernel: Kernel,
  places: Places,
  ids: readonly number[],
): void {
  const { shape, levels, scales, positions } = weights;
  const { dimensions: d, inner } = shape;
  const { floats } = kernel;
  const rows = Math.ceil(ids.length / ROWS) * ROWS;
  floats.fill(0, places.x, places.x + rows * d);
  for (const [t, id] of ids.entries()) {
    for (let j = 0; j < d; j += 1) {
      floats[places.x + t * d + j] = levels[id * d + j] * scales[id] + positions[t * d + j];
    }
  }
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const norm1 = places.layers + layer * layerSize(shape);
    const intoHeads = norm1 + 2 * d;
    const outOfHeads = intoHeads + 3 * d * d;
    const norm2 = outOfHeads + d * d;
    const intoMiddle = norm2 + 2 * d;
    const middleBias = intoMiddle + d * inner;
    const outOfMiddle = middleBias + inner;
    normalize(floats, { from: places.x, to: places.h, norm: norm1, rows, d });
    floats.fill(0, places.qkv, places.qkv + 3 * rows * d);
    kernel.multiply({ x: places.h, w: intoHeads, y: places.qkv, rows, inner: d, columns: 3 * d });
    attend(floats, places, shape, ids.length);
    kernel.multiply({ x: places.h, w: outOfHeads, y: places.x, rows, inner: d, columns: d });
    normalize(floats, { from: places.x, to: places.h, norm: norm2, rows, d });
    for (let r = 0; r < rows; r += 1) {
      floats.copyWithin(places.middle + r * inner, middleBias, middleBias + inner);
    }
    kernel.multiply({ x: places.h, w: intoMiddle, y: places.middle, rows, inner: d, columns: inner });
    const end = places.middle + rows * inner;
    for (let at = places.middle; at < end; at += 1) if (floats[at] < 0) floats[at] = 0;
    kernel.multiply({ x: places.middle, w: outOfMiddle, y: places.x, rows, inner, columns: d });
  }
}

type Normalization = {
  readonly from: number;
  readonly to: number;
  readonly norm: number;
  readonly rows: number;
  readonly d: number;
};

/** Brings each row to mean 0 and deviation 1, then scales and shifts it. */
function normalize(floats: Float32Array, { from, to, norm, rows, d }: Normalization): void {
  for (let r = 0; r < rows; r += 1) {
    const start = from + r * d;
    let mean = 0;
    for (let j = 0; j < d; j += 1) mean += floats[start + j];
    mean /= d;
    let squares = 0;
    for (let j = 0; j < d; j += 1) squares += (floats[start + j] - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / d + NORM_EPSILON);
    for (let j = 0; j < d; j += 1) {
      floats[to + r * d + j] = (floats[start + j] - mean) * scale * floats[norm + j] + floats[norm + d + j];
    }
  }
}

/** Softmax attention of every token to every token, head by head, from the queries, keys and values into `h`. */
function attend(
  floats: Float32Array,
  { qkv, h }: Places,
  { dimensions: d, heads }: EncoderWeights["shape"],
  tokens: number,
): void {
  const size = d / heads;
  const scale = 1 / Math.sqrt(size);
  const shares = new Float32Array(tokens);
  for (let head = 0; head < heads; head += 1) {
    for (let t = 0; t < tokens; t += 1) {
      const query = qkv + t * 3 * d + head * size;
      let top = -Infinity;
      for (let s = 0; s < tokens; s += 1) {
        const key = qkv + s * 3 * d + d + head * size;
        let dot = 0;
        for (let j = 0; j < size; j += 1) dot += floats[query + j] * floats[key + j];
        shares[s] = dot * scale;
        top = Math.max(top, shares[s]);
      }
      let sum = 0;
      for (let s = 0; s < tokens; s += 1) {
        shares[s] = Math.exp(shares[s] - top);
        sum += shares[s];
      }
      const into = h + t * d + head * size;
      floats.fill(0, into, into + size);
      for (let s = 0; s < tokens; s += 1) {
        const value = qkv + s * 3 * d + 2 * d + head * size;
        const share = shares[s] / sum;
        for (let j = 0; j < size; j += 1) floats[into + j] += share * floats[value + j];
      }
    }
  }
}

function meanInContext(
  { norm, shape }: EncoderWeights,
  { floats }: Kernel,
  { x }: Places,
  tokens: number,
): Float32Array {
  const d = shape.dimensions;
  const mean = new Float32Array(d);
  for (let t = 0; t < tokens; t += 1) {
    const row = floats.subarray(x + t * d, x + (t + 1) * d);
    let average = 0;
    for (let j = 0; j < d; j += 1) average += row[j];
    average /= d;
    let squares = 0;
    for (let j = 0; j < d; j += 1) squares += (row[j] - average) ** 2;
    const scale = 1 / Math.sqrt(squares / d + NORM_EPSILON);
    for (let j = 0; j < d; j += 1) mean[j] += ((row[j] - average) * scale * norm[j] + norm[d + j]) / tokens;
  }
  return mean;
}

function meanAlone({ levels, scales, shape }: EncoderWeights, ids: readonly number[]): Float32Array {
  const d = shape.dimensions;
  const mean = new Float32Array(d);
  for (const id of ids) {
    const scale = scales[id] / ids.length;
    for (let j = 0; j < d; j += 1) mean[j] += levels[id * d + j] * scale;
  }
  return mean;
}

function project(
  { contextual, plain, bias, shape }: EncoderWeights,
  context: Float32Array,
  alone: Float32Array,
): Float32Array {
  const { dimensions, output } = shape;
  const vector = bias.slice();
  for (let i = 0; i < dimensions; i += 1) {
    const [seen, own] = [context[i], alone[i]];
    for (let j = 0; j < output; j += 1) {
      vector[j] += seen * contextual[i * output + j] + own * plain[i * output + j];
    }
  }
  let squares = 0;
  for (let j = 0; j < output; j += 1) squares += vector[j] * vector[j];
  const norm = Math.sqrt(squares);
  return norm === 0 ? vector : vector.map((value) => value / norm);
}
