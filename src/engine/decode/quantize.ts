/** Weights of one product, row-major [outer, inner], in blocks along `inner` that share a scale: w ≈ (value − middle) · scale. */
export type Quantized = {
  readonly bits: 4 | 8;
  readonly block: number;
  /** [outer, blocks, block × bits / 8]; with 4 bits the earlier value is the low half of a byte. */
  readonly values: Uint8Array;
  /** [outer, blocks]. */
  readonly scales: Float32Array;
};

/**
 * Symmetric quantisation in the layout of ONNX Runtime's MatMulNBits, whose middle is 128 (8 bits) or 8 (4 bits).
 * The largest value by magnitude takes the end of the range that has one step more, as llama.cpp's Q4_0 does.
 */
export function quantize(
  weight: Float32Array,
  outer: number,
  inner: number,
  { bits, block }: { readonly bits: 4 | 8; readonly block: number },
): Quantized {
  const blocks = Math.ceil(inner / block);
  const middle = bits === 8 ? 128 : 8;
  const values = new Uint8Array((outer * blocks * block * bits) / 8).fill(bits === 8 ? 128 : 0x88);
  const scales = new Float32Array(outer * blocks);
  for (let part = 0; part < outer * blocks; part += 1) {
    const row = Math.floor(part / blocks);
    const first = row * inner + (part % blocks) * block;
    const end = Math.min(first + block, (row + 1) * inner);
    const scale = Math.fround(-extreme(weight, first, end) / middle);
    scales[part] = scale;
    if (scale === 0) continue;
    const at = part * block;
    for (let index = first; index < end; index += 1) {
      const value = Math.min(2 * middle - 1, Math.max(0, Math.round(weight[index] / scale) + middle));
      put(values, at + index - first, value, bits);
    }
  }
  return { bits, block, values, scales };
}

/** The number of greatest magnitude, with its sign. */
function extreme(weight: Float32Array, first: number, end: number): number {
  let found = 0;
  for (let index = first; index < end; index += 1) {
    if (Math.abs(weight[index]) > Math.abs(found)) found = weight[index];
  }
  return found;
}

function put(values: Uint8Array, at: number, value: number, bits: 4 | 8): void {
  if (bits === 8) {
    values[at] = value;
    return;
  }
  const byte = at >> 1;
  values[byte] = at % 2 === 0 ? (values[byte] & 0xf0) | value : (values[byte] & 0x0f) | (value << 4);
}
