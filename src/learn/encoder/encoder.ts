import { levelMatrices, type EncoderWeights } from "./encoder-file.ts";
import { levelRows, makeKernel, ZERO_LEVEL, type Kernel } from "./kernel.ts";
import { makePieces } from "./wordpiece.ts";

/** A text as an encoder reads it. */
export type Sentence = {
  /** How many word pieces it has. */
  readonly pieces: number;
  /** The mean of its pieces as each is alone: a hundredth of the work of the vector. */
  readonly outline: Float32Array;
  /** The direction of what it means, norm 1; zeros when it has no words. Computed when first asked for. */
  vector(): Float32Array;
};

export type Encoder = (text: string) => Sentence;

// The kernel writes rows in fours, columns in eights.
const ROWS = 4;
const COLUMNS = 8;
const FLOAT_BYTES = 4;
// A start and an end, as in BERT.
const MARKS = 2;

/** A matrix of levels in the kernel's memory. */
type Matrix = {
  readonly w: number;
  readonly columnScales: number;
  readonly inner: number;
  readonly columns: number;
};

/** Where things lie in the kernel's memory, in floats. */
type Places = {
  readonly matrices: readonly Matrix[];
  readonly norms: number;
  /** The tokens of the window: in context, their queries, keys and values, what they see, the middle of the feed-forward part. */
  readonly x: number;
  readonly qkv: number;
  readonly seen: number;
  readonly middle: number;
  /** Any of these as levels, and their scales. */
  readonly levels: number;
  readonly scales: number;
  /** The keys, a column for each token, and what each token makes of each. */
  readonly keys: number;
  readonly shares: number;
  /** The means that the vector is made of, the weights of both, and the vector. */
  readonly means: number;
  readonly project: number;
  readonly vector: number;
  readonly end: number;
};

type Reading = { readonly weights: EncoderWeights; readonly kernel: Kernel; readonly places: Places };

const roundUp = (count: number, step: number): number => Math.ceil(count / step) * step;

/**
 * Reads texts with a small transformer encoder (BERT, Devlin et al. 2019, with a hard swish for GELU): tokens at the ends of a text see each
 * other, the mean of all its word pieces is added. Products are of whole numbers: weights of 7 bits, a scale for each column; activations
 * of 8, a scale for each token. Not reentrant: it reuses one memory. O(tokens of the window · weights).
 */
export function makeEncoder(weights: EncoderWeights): Encoder {
  const places = placesOf(weights);
  const kernel = makeKernel(places.end);
  kernel.bytes.set(weights.matrices, places.matrices[0].w * FLOAT_BYTES);
  kernel.floats.set(weights.columns, places.matrices[0].columnScales);
  kernel.floats.set(weights.norms, places.norms);
  kernel.floats.set(weights.contextual, places.project);
  kernel.floats.set(weights.plain, places.project + weights.contextual.length);
  const piecesOf = makePieces(weights.vocabulary, weights.unknown);
  const reading = { weights, kernel, places };
  return (text) => {
    const ids = piecesOf(text);
    const outline = meanAlone(weights, ids);
    let vector: Float32Array | undefined;
    return {
      pieces: ids.length,
      outline,
      vector: () => (vector ??= vectorOf(reading, ids, outline)),
    };
  };
}

function vectorOf(reading: Reading, ids: readonly number[], outline: Float32Array): Float32Array {
  const { weights, kernel, places } = reading;
  const { shape } = weights;
  if (ids.length === 0) return new Float32Array(shape.output);
  const half = shape.ends / 2;
  const ends = ids.length <= shape.window ? ids : [...ids.slice(0, half), ...ids.slice(-half)];
  const seen = [weights.start, ...ends, weights.end];
  contextualize(reading, seen);
  meanInContext(reading, seen.length);
  kernel.floats.set(outline, places.means + shape.dimensions);
  return project(reading);
}

function placesOf({ shape, matrices: levels, columns, norms }: EncoderWeights): Places {
  const { pieces, dimensions: d, inner, output } = shape;
  const size = shape.heads * shape.headSize;
  const rows = roundUp(shape.window + MARKS, ROWS);
  const tokens = roundUp(shape.window + MARKS, COLUMNS);
  let end = 0;
  const take = (floats: number): number => {
    const start = end;
    end += roundUp(floats, ROWS);
    return start;
  };
  let w = take(levels.length / FLOAT_BYTES);
  let columnScales = take(columns.length);
  const matrices = levelMatrices(shape).map((matrix) => {
    const placed = { w, columnScales, ...matrix };
    w += (matrix.inner * matrix.columns) / FLOAT_BYTES;
    columnScales += 2 * matrix.columns;
    return placed;
  });
  return {
    matrices,
    norms: take(norms.length),
    x: take(rows * d),
    qkv: take(3 * rows * size),
    seen: take(rows * size),
    middle: take(rows * inner),
    levels: take((rows * Math.max(pieces, d, size, inner)) / FLOAT_BYTES),
    scales: take(2 * rows),
    keys: take(tokens * size),
    shares: take(rows * tokens),
    means: take(d + pieces),
    project: take((d + pieces) * output),
    vector: take(output),
    end,
  };
}

function contextualize(reading: Reading, ids: readonly number[]): void {
  const { weights, kernel, places } = reading;
  const { shape } = weights;
  const { dimensions: d, inner, layers } = shape;
  const { x, seen, qkv, keys, shares, middle, norms } = places;
  const rows = levelRows(ids.length);
  const normRows = roundUp(rows, ROWS);
  const [up, ...rest] = places.matrices;
  kernel.floats.fill(0, x, x + normRows * d);
  kernel.floats.set(weights.positions.subarray(0, ids.length * d), x);
  layPieces(reading, ids, rows);
  kernel.multiplyLevels({ x: places.levels, scales: places.scales, ...up, y: x, rows, adds: true });
  kernel.normalize({ from: x, to: x, norm: norms, rows: normRows, columns: d });
  /** to = or += from · matrix. */
  const product = (from: number, matrix: Matrix, to: number, adds: boolean): void => {
    const { levels, scales } = places;
    kernel.level({ from, to: levels, scales, rows, columns: matrix.inner });
    kernel.multiplyLevels({ x: levels, scales, ...matrix, y: to, rows, adds });
  };
  const { heads: count, headSize } = shape;
  const attention = { qkv, seen, keys, shares, heads: count, headSize };
  for (let layer = 0; layer < layers; layer += 1) {
    const [heads, out, into, back] = rest.slice(4 * layer);
    const norm = norms + 2 * d * (1 + 2 * layer);
    product(x, heads, qkv, false);
    kernel.attend({ ...attention, tokens: ids.length });
    product(seen, out, x, true);
    kernel.normalize({ from: x, to: x, norm, rows: normRows, columns: d });
    product(x, into, middle, false);
    kernel.bend(middle, middle + rows * inner);
    product(middle, back, x, true);
    kernel.normalize({ from: x, to: x, norm: norm + 2 * d, rows: normRows, columns: d });
  }
}

/** The word pieces as rows of levels, zero behind the last. */
function layPieces({ weights, kernel, places }: Reading, ids: readonly number[], rows: number): void {
  const { levels, scales, shape } = weights;
  const width = shape.pieces;
  const start = places.levels * FLOAT_BYTES;
  const sums = new Int32Array(kernel.bytes.buffer);
  kernel.bytes.fill(0, start, start + rows * width);
  kernel.floats.fill(0, places.scales, places.scales + 2 * rows);
  for (const [t, id] of ids.entries()) {
    const row = levels.subarray(id * width, (id + 1) * width);
    kernel.bytes.set(row, start + t * width);
    let sum = 0;
    for (let j = 0; j < width; j += 1) sum += row[j];
    kernel.floats[places.scales + 2 * t] = scales[id];
    sums[places.scales + 2 * t + 1] = ZERO_LEVEL * sum;
  }
}

function meanInContext({ weights, kernel, places }: Reading, tokens: number): void {
  const { floats } = kernel;
  const { x, means } = places;
  const d = weights.shape.dimensions;
  for (let j = 0; j < d; j += 1) {
    let sum = 0;
    for (let t = 0; t < tokens; t += 1) sum += floats[x + t * d + j];
    floats[means + j] = sum / tokens;
  }
}

function meanAlone({ levels, scales, shape }: EncoderWeights, ids: readonly number[]): Float32Array {
  const width = shape.pieces;
  const mean = new Float32Array(width);
  for (const id of ids) {
    const scale = scales[id] / ids.length;
    const from = id * width;
    for (let j = 0; j < width; j += 1) mean[j] += levels[from + j] * scale;
  }
  return mean;
}

/** The vector of both means, brought to norm 1. */
function project({ weights, kernel, places }: Reading): Float32Array {
  const { bias, shape } = weights;
  const { floats } = kernel;
  const { means, project: w, vector: y } = places;
  floats.set(bias, y);
  const inner = shape.dimensions + shape.pieces;
  kernel.multiplyRow({ x: means, w, y, inner, columns: shape.output });
  const vector = floats.slice(y, y + shape.output);
  let squares = 0;
  for (let j = 0; j < vector.length; j += 1) squares += vector[j] * vector[j];
  const norm = Math.sqrt(squares);
  if (norm > 0) for (let j = 0; j < vector.length; j += 1) vector[j] /= norm;
  return vector;
}
