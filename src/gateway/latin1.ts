/** So much goes out in one text with what stands around it, which is one write instead of several. */
export const MAX_TEXT_BYTES = 16 * 1024;

/** Bytes as characters, each one of them, as `latin1` writes them again. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
