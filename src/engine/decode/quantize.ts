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
 * Symmetric quantisation in the layout of ONNX Runtime's MatMulNBits, whose middle is 128 (8 bits) or 8 (4 bits), with the
 * values of llama.cpp's Q8_0 and Q4_0: weights that come from such a file stay what they are. With 4 bits the greatest number
 * takes the end of the range that has one step more.
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
    const greatest = extreme(weight, first, end);
    const scale = Math.fround(bits === 8 ? Math.abs(greatest) / 127 : -greatest / middle);
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

/** The values that quantised weights stand for: [outer, inner]. */
export function dequantize(
  { bits, block, values, scales }: Quantized,
  outer: number,
  inner: number,
): Float32Array {
  const blocks = Math.ceil(inner / block);
  const weight = new Float32Array(outer * inner);
  for (let row = 0; row < outer; row += 1) {
    for (let column = 0; column < inner; column += 1) {
      const part = row * blocks + Math.floor(column / block);
      const at = part * block + (column % block);
      const value = bits === 8 ? values[at] - 128 : ((values[at >> 1] >> (4 * (at % 2))) & 15) - 8;
      weight[row * inner + column] = value * scales[part];
    }
  }
  return weight;
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
