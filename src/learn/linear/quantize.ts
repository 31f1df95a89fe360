/** Weights as whole numbers from −127 to 127 times one scale per row of `width`. */
export type Quantized = { readonly levels: Int8Array; readonly scales: Float32Array };

const TOP_LEVEL = 127;

/** Rounds each row to 8 bits; no weight moves by more than half of max |row| / 127. O(weights). */
export function quantize(weights: Float32Array, width: number): Quantized {
  const rows = weights.length / width;
  const levels = new Int8Array(weights.length);
  const scales = new Float32Array(rows);
  for (let r = 0; r < rows; r += 1) {
    let most = 0;
    for (let at = r * width; at < (r + 1) * width; at += 1) most = Math.max(most, Math.abs(weights[at]));
    scales[r] = most / TOP_LEVEL;
    if (most === 0) continue;
    for (let at = r * width; at < (r + 1) * width; at += 1) levels[at] = Math.round(weights[at] / scales[r]);
  }
  return { levels, scales };
}

export function dequantize(levels: Int8Array, scales: Float32Array, width: number): Float32Array {
  const weights = new Float32Array(levels.length);
  for (let at = 0; at < levels.length; at += 1) weights[at] = levels[at] * scales[Math.floor(at / width)];
  return weights;
}
