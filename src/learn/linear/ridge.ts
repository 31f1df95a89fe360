import { makeKernel } from "../encoder/kernel.ts";

/** y = x · weights, with a last weight for what every x has: row per number of x, then one for the constant; column per number of y. */
export type RidgeModel = {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
};

/** Pairs of vectors; those of x are all of one length, those of y of another. */
export type Pairs = { readonly x: readonly Float32Array[]; readonly y: readonly Float32Array[] };

/**
 * Least squares with a penalty of `l2` on the squares of all weights (Hoerl and Kennard 1970), by Cholesky's decomposition of the normal
 * equations. n ≥ 1 pairs, l2 > 0. O(n · inputs · (inputs + outputs) + inputs³).
 */
export function fitRidge({ x, y }: Pairs, l2: number): RidgeModel {
  const [inputs, outputs] = [x[0].length, y[0].length];
  const d = inputs + 1;
  const moments = new Float64Array(d * d);
  const right = new Float64Array(d * outputs);
  const row = new Float64Array(d).fill(1);
  for (const [r, input] of x.entries()) {
    row.set(input);
    const output = y[r];
    for (let i = 0; i < d; i += 1) {
      const value = row[i];
      if (value === 0) continue;
      for (let j = 0; j <= i; j += 1) moments[i * d + j] += value * row[j];
      for (let j = 0; j < outputs; j += 1) right[i * outputs + j] += value * output[j];
    }
  }
  for (let i = 0; i < d; i += 1) moments[i * d + i] += l2;
  decompose(moments, d);
  substitute(moments, right, outputs);
  return { inputs, outputs, weights: Float32Array.from(right) };
}

/** The lower triangle of a symmetric positive definite matrix becomes L of L · Lᵀ. */
function decompose(a: Float64Array, d: number): void {
  for (let i = 0; i < d; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i * d + j];
      for (let k = 0; k < j; k += 1) sum -= a[i * d + k] * a[j * d + k];
      a[i * d + j] = i === j ? Math.sqrt(sum) : sum / a[j * d + j];
    }
  }
}

/** Solves L · Lᵀ · X = B in place of B, row by row. */
function substitute(l: Float64Array, b: Float64Array, columns: number): void {
  const d = b.length / columns;
  const subtract = (row: number, other: number, factor: number): void => {
    for (let j = 0; j < columns; j += 1) b[row * columns + j] -= factor * b[other * columns + j];
  };
  const divide = (row: number, by: number): void => {
    for (let j = 0; j < columns; j += 1) b[row * columns + j] /= by;
  };
  for (let i = 0; i < d; i += 1) {
    for (let k = 0; k < i; k += 1) subtract(i, k, l[i * d + k]);
    divide(i, l[i * d + i]);
  }
  for (let i = d - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < d; k += 1) subtract(i, k, l[k * d + i]);
    divide(i, l[i * d + i]);
  }
}

// The kernel's product takes columns in thirty-twos.
const STEP = 32;

/** y at x, by a model. Not reentrant: it reuses its memory. O(inputs · outputs). */
export function makeRidge({ inputs, outputs, weights }: RidgeModel): (x: Float32Array) => Float32Array {
  const columns = Math.ceil(outputs / STEP) * STEP;
  const [y, x, w] = [0, columns, columns + inputs];
  const kernel = makeKernel(w + inputs * columns);
  const { floats } = kernel;
  const rowAt = (i: number): Float32Array => weights.subarray(i * outputs, (i + 1) * outputs);
  for (let i = 0; i < inputs; i += 1) floats.set(rowAt(i), w + i * columns);
  return (input) => {
    floats.set(rowAt(inputs), y);
    floats.set(input, x);
    kernel.multiplyRow({ x, w, y, inner: inputs, columns });
    return floats.slice(y, y + outputs);
  };
}
