/** Values in a Q8_0 block, which share one scale (ggml's QK8_0). */
export const Q8_BLOCK = 32;
/** A block on disk: the scale as float16, then 32 signed bytes. */
export const Q8_BLOCK_BYTES = 34;

// A float16's exponent and fraction, moved to their place in a float32, stand for a number 2^112 too small (bias 15 against 127).
const HALF_TO_SINGLE = 2 ** 112;

/** Float16 bit patterns to numbers; exact for every pattern. */
export function decodeF16(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < out.length; i += 1) {
    const half = bits[i];
    const sign = (half & 0x8000) << 16;
    const rest = half & 0x7fff;
    if (rest >= 0x7c00) {
      words[i] = sign | 0x7f800000 | ((rest & 0x3ff) << 13);
      continue;
    }
    words[i] = rest << 13;
    out[i] *= HALF_TO_SINGLE; // Exact, subnormals too: a power of two.
    words[i] |= sign;
  }
}

/** Numbers to float16 bit patterns, to nearest, ties to even; above 65,519 infinity. */
export function encodeF16(values: Float32Array, out: Uint16Array): void {
  const words = wordsOf(values);
  for (let i = 0; i < out.length; i += 1) {
    const sign = (words[i] >>> 16) & 0x8000;
    out[i] = sign | halfOfMagnitude(words[i] & 0x7fffffff, Math.abs(values[i]));
  }
}

function halfOfMagnitude(word: number, magnitude: number): number {
  if (word > 0x7f800000) return 0x7e00 | ((word >>> 13) & 0x3ff);
  if (word >= 0x477ff000) return 0x7c00; // 65,520 lies half way to the first number out of range.
  // Below 2^-14 a float16 counts units of 2^-24: nearest, ties to even.
  if (word < 0x38800000) return roundTiesToEven(magnitude * 2 ** 24);
  return (word + 0xfff + ((word >>> 13) & 1) - (112 << 23)) >>> 13;
}

function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest > 0.5 ? floor + 1 : floor;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Bfloat16 bit patterns (the upper half of a float32) to numbers; exact. */
export function decodeBf16(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < out.length; i += 1) words[i] = bits[i] << 16;
}

/** Numbers to bfloat16 bit patterns, to nearest, ties to even. */
export function encodeBf16(values: Float32Array, out: Uint16Array): void {
  const words = wordsOf(values);
  for (let i = 0; i < out.length; i += 1) {
    const word = words[i];
    const isNan = (word & 0x7fffffff) > 0x7f800000;
    // The quiet bit keeps a NaN whose payload lies in the lower half from becoming infinity.
    out[i] = isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}

/** Q8_0 blocks to numbers: scale × signed byte. `out.length` is a multiple of 32. */
export function decodeQ8(bytes: Uint8Array, out: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scale = new Float32Array(1);
  for (let block = 0; block * Q8_BLOCK < out.length; block += 1) {
    const at = block * Q8_BLOCK_BYTES;
    decodeF16(Uint16Array.of(view.getUint16(at, true)), scale);
    for (let i = 0; i < Q8_BLOCK; i += 1) out[block * Q8_BLOCK + i] = scale[0] * view.getInt8(at + 2 + i);
  }
}

/**
 * Numbers to Q8_0 blocks, bit for bit as ggml's `quantize_row_q8_0_ref`: the scale is max |x| / 127 in float32, the bytes are
 * round(x / scale) with that float32 scale (halves away from zero), and only then is the scale stored as float16.
 */
export function encodeQ8(values: Float32Array, out: Uint8Array): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const half = new Uint16Array(1);
  for (let block = 0; block * Q8_BLOCK < values.length; block += 1) {
    const row = values.subarray(block * Q8_BLOCK, (block + 1) * Q8_BLOCK);
    let largest = 0;
    for (const value of row) largest = Math.max(largest, Math.abs(value));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    encodeF16(Float32Array.of(scale), half);
    const at = block * Q8_BLOCK_BYTES;
    view.setUint16(at, half[0], true);
    for (let i = 0; i < Q8_BLOCK; i += 1) {
      const scaled = Math.fround(row[i] * inverse);
      view.setInt8(at + 2 + i, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
    }
  }
}

function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
