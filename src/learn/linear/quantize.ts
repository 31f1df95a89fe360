import type { LinearModel } from "./weights.ts";

const TOP_LEVEL = 127;

/** A model whose weights are whole numbers from −127 to 127 times one scale per column. */
export type QuantizedModel = LinearModel & { readonly weights: Int8Array; readonly scales: Float32Array };

/** Rounds each column's weights to 8 bits; none moves by more than half of max |weight| / 127. O(weights). */
export function quantize(model: LinearModel): QuantizedModel {
  const { weights, classes, bias } = model;
  const levels = new Int8Array(weights.length);
  const scales = new Float32Array(weights.length / classes);
  for (let column = 0; column < scales.length; column += 1) {
    let most = 0;
    for (let at = column * classes; at < (column + 1) * classes; at += 1) {
      most = Math.max(most, Math.abs(weights[at]));
    }
    scales[column] = most / TOP_LEVEL;
    if (most === 0) continue;
    for (let at = column * classes; at < (column + 1) * classes; at += 1) {
      levels[at] = Math.round(weights[at] / scales[column]);
    }
  }
  return { classes, weights: levels, scales, bias };
}
