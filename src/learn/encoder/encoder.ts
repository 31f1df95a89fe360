import { layerSize, type EncoderWeights } from "./encoder-file.ts";
import { makeKernel, type Kernel } from "./kernel.ts";
import { makePieces } from "./wordpiece.ts";

/** The direction of what a text means, norm 1; zeros when it has no words. */
export type Encoder = (text: string) => Float32Array;

// The kernel multiplies rows in fours, columns in eights.
const ROWS = 4;
const COLUMNS = 8;

/** Where things lie in the kernel's memory, in floats. */
type Places = {
  readonly layers: number;
  /** The norm before the mean. */
  readonly norm: number;
  /** The tokens of the window: in context, normed, their queries, keys and values, the middle of the feed-forward part. */
  readonly x: number;
  readonly h: number;
  readonly qkv: number;
  readonly middle: number;
  /** The keys, a column for each token, and what each token makes of each. */
  readonly keys: number;
  readonly shares: number;
  /** The means that the vector is made of, in four rows of which the first is used, the weights of both, and the vector. */
  readonly means: number;
  readonly project: number;
  readonly vector: number;
};

const roundUp = (count: number, step: number): number => Math.ceil(count / step) * step;

/**
 * Reads texts with a small transformer encoder: tokens at the window's ends see each other, the mean of all tokens of the text is added.
 * Not reentrant: it reuses one memory. O(tokens of the window · weights).
 */
export function makeEncoder(weights: EncoderWeights): Encoder {
  const { shape } = weights;
  const places = placesOf(weights);
  const kernel = makeKernel(places.vector + ROWS * shape.output);
  kernel.floats.set(weights.layers, places.layers);
  kernel.floats.set(weights.norm, places.norm);
  kernel.floats.set(weights.contextual, places.project);
  kernel.floats.set(weights.plain, places.project + weights.contextual.length);
  const piecesOf = makePieces(weights.vocabulary, weights.unknown);
  return (text) => {
    const ids = piecesOf(text);
    if (ids.length === 0) return new Float32Array(shape.output);
    const half = shape.window / 2;
    const seen = ids.length <= shape.window ? ids : [...ids.slice(0, half), ...ids.slice(-half)];
    contextualize(weights, kernel, places, seen);
    meanInContext(weights, kernel, places, seen.length);
    meanAlone(weights, kernel, places, ids);
    return project(weights, kernel, places);
  };
}

function placesOf({ layers, shape }: EncoderWeights): Places {
  const { dimensions: d, inner, output } = shape;
  const rows = roundUp(shape.window, ROWS);
  const tokens = roundUp(shape.window, COLUMNS);
  const x = layers.length + 2 * d;
  const h = x + rows * d;
  const qkv = h + rows * d;
  const middle = qkv + 3 * rows * d;
  const keys = middle + rows * inner;
  const shares = keys + tokens * d;
  const means = shares + rows * tokens;
  const projection = means + ROWS * 2 * d;
  return {
    layers: 0,
    norm: layers.length,
    x,
    h,
    qkv,
    middle,
    keys,
    shares,
    means,
    project: projection,
    vector: projection + 2 * d * output,
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
  const rows = roundUp(ids.length, ROWS);
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
    kernel.normalize({ from: places.x, to: places.h, norm: norm1, rows, columns: d });
    floats.fill(0, places.qkv, places.qkv + 3 * rows * d);
    kernel.multiply({ x: places.h, w: intoHeads, y: places.qkv, rows, inner: d, columns: 3 * d });
    attend(kernel, places, shape, ids.length);
    kernel.multiply({ x: places.h, w: outOfHeads, y: places.x, rows, inner: d, columns: d });
    kernel.normalize({ from: places.x, to: places.h, norm: norm2, rows, columns: d });
    for (let r = 0; r < rows; r += 1) {
      floats.copyWithin(places.middle + r * inner, middleBias, middleBias + inner);
    }
    kernel.multiply({ x: places.h, w: intoMiddle, y: places.middle, rows, inner: d, columns: inner });
    kernel.rectify(places.middle, places.middle + rows * inner);
    kernel.multiply({ x: places.middle, w: outOfMiddle, y: places.x, rows, inner, columns: d });
  }
}

/** Softmax attention of every token to every token, head by head, from the queries, keys and values into `h`. */
function attend(
  kernel: Kernel,
  places: Places,
  { dimensions: d, heads }: EncoderWeights["shape"],
  tokens: number,
): void {
  const { floats } = kernel;
  const { qkv, h, keys, shares } = places;
  const size = d / heads;
  const rows = roundUp(tokens, ROWS);
  const columns = roundUp(tokens, COLUMNS);
  // Head after head, a column for each token: what was left in the columns after the last is multiplied, and not read.
  for (let s = 0; s < tokens; s += 1) {
    const key = qkv + s * 3 * d + d;
    for (let j = 0; j < d; j += 1) floats[keys + j * columns + s] = floats[key + j];
  }
  floats.fill(0, h, h + rows * d);
  for (let head = 0; head < heads; head += 1) {
    const [query, value] = [qkv + head * size, qkv + 2 * d + head * size];
    const [w, y] = [keys + head * size * columns, h + head * size];
    floats.fill(0, shares, shares + rows * columns);
    kernel.multiply({ x: query, w, y: shares, rows, inner: size, columns, xStride: 3 * d });
    softmaxRows(floats, { from: shares, rows, columns, tokens, scale: 1 / Math.sqrt(size) });
    kernel.multiply({
      x: shares,
      w: value,
      y,
      rows,
      inner: tokens,
      columns: size,
      xStride: columns,
      wStride: 3 * d,
      yStride: d,
    });
  }
}

type Rows = {
  readonly from: number;
  readonly rows: number;
  readonly columns: number;
  readonly tokens: number;
  readonly scale: number;
};

/** Softmax over the first `tokens` columns of each row, times a scale. */
function softmaxRows(floats: Float32Array, { from, rows, columns, tokens, scale }: Rows): void {
  for (let r = 0; r < rows; r += 1) {
    const start = from + r * columns;
    const end = start + tokens;
    let top = -Infinity;
    for (let at = start; at < end; at += 1) if (floats[at] > top) top = floats[at];
    let sum = 0;
    for (let at = start; at < end; at += 1) {
      const share = Math.exp((floats[at] - top) * scale);
      floats[at] = share;
      sum += share;
    }
    const whole = 1 / sum;
    for (let at = start; at < end; at += 1) floats[at] *= whole;
  }
}

function meanInContext(
  { shape }: EncoderWeights,
  kernel: Kernel,
  { x, h, norm, means }: Places,
  tokens: number,
): void {
  const { floats } = kernel;
  const d = shape.dimensions;
  kernel.normalize({ from: x, to: h, norm, rows: tokens, columns: d });
  for (let j = 0; j < d; j += 1) {
    let sum = 0;
    for (let t = 0; t < tokens; t += 1) sum += floats[h + t * d + j];
    floats[means + j] = sum / tokens;
  }
}

function meanAlone(
  { levels, scales, shape }: EncoderWeights,
  { floats }: Kernel,
  { means }: Places,
  ids: readonly number[],
): void {
  const d = shape.dimensions;
  const start = means + d;
  floats.fill(0, start, start + d);
  for (const id of ids) {
    const scale = scales[id] / ids.length;
    const from = id * d;
    for (let j = 0; j < d; j += 1) floats[start + j] += levels[from + j] * scale;
  }
}

/** The vector of both means, brought to norm 1. */
function project(
  { bias, shape }: EncoderWeights,
  kernel: Kernel,
  { means, project: w, vector: y }: Places,
): Float32Array {
  const { floats } = kernel;
  floats.set(bias, y);
  kernel.multiply({ x: means, w, y, rows: ROWS, inner: 2 * shape.dimensions, columns: shape.output });
  const vector = floats.slice(y, y + shape.output);
  let squares = 0;
  for (let j = 0; j < vector.length; j += 1) squares += vector[j] * vector[j];
  const norm = Math.sqrt(squares);
  if (norm > 0) for (let j = 0; j < vector.length; j += 1) vector[j] /= norm;
  return vector;
}
