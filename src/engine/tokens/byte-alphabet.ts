/** The character that stands for each byte in a byte-level vocabulary (Radford et al. 2019): printable bytes stand for themselves. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();

/** The character of the space byte, `Ġ`. */
export const SPACE_CHARACTER = BYTE_CHARACTERS[0x20];

const BYTE_OF: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);

/** Text in the byte alphabet: one character per UTF-8 byte. */
export function toByteCharacters(text: string): string {
  let out = "";
  for (const byte of new TextEncoder().encode(text)) out += BYTE_CHARACTERS[byte];
  return out;
}

/** The bytes that a token of a byte-level vocabulary stands for; null where a character is none of the alphabet's. */
export function fromByteCharacters(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let at = 0; at < token.length; at += 1) {
    const byte = BYTE_OF.get(token[at]);
    if (byte === undefined) return null;
    bytes[at] = byte;
  }
  return bytes;
}

function byteCharacters(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let spare = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : spare++));
}
