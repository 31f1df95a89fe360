import { makeKernel } from "../encoder/kernel.ts";
import type { SparseRow } from "../text/sparse.ts";
import { addRow, type LinearModel } from "./weights.ts";

/** The weights of a linear model, ready to be added up. */
export type RowAdder = {
  /** Adds the scores of a row, the bias left out, to those of every class. */
  add(this: void, row: SparseRow, into: Float32Array): void;
  weightAt(this: void, column: number, label: number): number;
};

const FLOAT_BYTES = 4;
/** Classes are taken in sixteens. */
const STEP = 16;
/** So many columns of a row at a time; a longer row takes another round. */
const MOST_COLUMNS = 4096;

/**
 * The adder of a model; where its weights are whole numbers, on vector instructions and from a copy of them, so that they need not be kept. Not
 * reentrant: it reuses its memory.
 */
export function makeRowAdder(model: LinearModel): RowAdder {
  const { classes, weights, scales } = model;
  if (weights instanceof Int8Array && scales !== undefined) return onKernel(classes, weights, scales);
  return inPlace(model);
}

const inPlace = (model: LinearModel): RowAdder => ({
  add: (row, into) => addRow(model, row, into),
  weightAt: (column, label) => model.weights[column * model.classes + label] * (model.scales?.[column] ?? 1),
});

function onKernel(classes: number, weights: Int8Array, scales: Float32Array): RowAdder {
  const sized = Math.ceil(classes / STEP) * STEP;
  const sums = Math.ceil((weights.length + STEP) / FLOAT_BYTES / STEP) * STEP;
  const columns = sums + sized;
  const values = columns + MOST_COLUMNS;
  const placed = values + MOST_COLUMNS;
  const kernel = makeKernel(placed + scales.length);
  kernel.bytes.set(weights);
  kernel.floats.set(scales, placed);
  const wholes = new Uint32Array(kernel.bytes.buffer);
  return {
    add: (row, into) => {
      kernel.floats.set(into, sums);
      for (let from = 0; from < row.columns.length; from += MOST_COLUMNS) {
        const part = row.columns.subarray(from, from + MOST_COLUMNS);
        wholes.set(part, columns);
        kernel.floats.set(row.values.subarray(from, from + MOST_COLUMNS), values);
        kernel.addLevels({ columns, values, count: part.length, levels: 0, scales: placed, sums, classes });
      }
      into.set(kernel.floats.subarray(sums, sums + classes));
    },
    weightAt: (column, label) => kernel.bytes[column * classes + label] * kernel.floats[placed + column],
  };
}
