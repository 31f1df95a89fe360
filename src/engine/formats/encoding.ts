import {
  decodeBf16,
  decodeF16,
  decodeQ8,
  encodeBf16,
  encodeF16,
  encodeQ8,
  Q8_BLOCK,
  Q8_BLOCK_BYTES,
} from "./half.ts";

/** How numbers stand in a file. Little-endian throughout, as in safetensors and GGUF and in every machine Node runs on. */
export type Encoding = "f32" | "f16" | "bf16" | "q8_0";

/** Values come in blocks of `blockSize`, each of `blockBytes` bytes. */
export type EncodingShape = { readonly blockSize: number; readonly blockBytes: number };

export const ENCODINGS: Readonly<Record<Encoding, EncodingShape>> = {
  f32: { blockSize: 1, blockBytes: 4 },
  f16: { blockSize: 1, blockBytes: 2 },
  bf16: { blockSize: 1, blockBytes: 2 },
  q8_0: { blockSize: Q8_BLOCK, blockBytes: Q8_BLOCK_BYTES },
};

/** Bytes of `count` values; `count` is a multiple of the block size. */
export function encodedBytes(encoding: Encoding, count: number): number {
  const { blockSize, blockBytes } = ENCODINGS[encoding];
  return (count / blockSize) * blockBytes;
}

/** Bytes of a file to numbers. `bytes` begins at an even address. */
export function decode(encoding: Encoding, bytes: Uint8Array, out: Float32Array): void {
  switch (encoding) {
    case "f32":
      new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
      return;
    case "f16":
      return decodeF16(halves(bytes), out);
    case "bf16":
      return decodeBf16(halves(bytes), out);
    case "q8_0":
      return decodeQ8(bytes, out);
  }
}

/** Numbers to the bytes of a file. */
export function encode(encoding: Encoding, values: Float32Array): Uint8Array {
  if (encoding === "f32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bytes = new Uint8Array(encodedBytes(encoding, values.length));
  switch (encoding) {
    case "f16":
      encodeF16(values, halves(bytes));
      return bytes;
    case "bf16":
      encodeBf16(values, halves(bytes));
      return bytes;
    case "q8_0":
      encodeQ8(values, bytes);
      return bytes;
  }
}

function halves(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}
