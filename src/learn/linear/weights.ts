import type { SparseRow } from "../text/sparse.ts";

/** A linear model of many classes: class c scores `bias[c] + Σ value · weights[column · classes + c]`. */
export type LinearModel = {
  readonly classes: number;
  /** Row per column, so that one text touches few and whole cache lines. */
  readonly weights: Float32Array | Int8Array;
  /** Per column, what one level of its whole-numbered weights stands for; not given for real ones. */
  readonly scales?: Float32Array | undefined;
  readonly bias: Float32Array;
};

/** Scores of one row for every class, written into `into` (length classes). O(columns of the row · classes). */
export function scoreRow(model: LinearModel, row: SparseRow, into: Float32Array): void {
  into.set(model.bias);
  addRow(model, row, into);
}

/** The same without the bias, added to what `into` holds. */
export function addRow({ classes, weights, scales }: LinearModel, row: SparseRow, into: Float32Array): void {
  for (let index = 0; index < row.columns.length; index += 1) {
    const offset = row.columns[index] * classes;
    const value = row.values[index] * (scales === undefined ? 1 : scales[row.columns[index]]);
    for (let c = 0; c < classes; c += 1) into[c] += value * weights[offset + c];
  }
}

/** Softmax in place, safe from overflow. */
export function softmaxInPlace(scores: Float32Array): void {
  let top = -Infinity;
  for (const score of scores) top = Math.max(top, score);
  let sum = 0;
  for (let c = 0; c < scores.length; c += 1) {
    scores[c] = Math.exp(scores[c] - top);
    sum += scores[c];
  }
  for (let c = 0; c < scores.length; c += 1) scores[c] /= sum;
}
