import { hash } from "node:crypto";

/** Marks our keys, for us and for scanners of leaked secrets. */
export const KEY_PREFIX = "usk_";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
/** 60 bits: two of a million keys share an id with chance 4e-7, and the store refuses the second. */
const ID_BYTES = 8;
const ID_CHARS = 12;
const SECRET_BYTES = 32;
const SECRET_CHARS = 52;
const KEY_CHARS = KEY_PREFIX.length + ID_CHARS + 1 + SECRET_CHARS;

/** What a key reads as: `usk_<id>_<secret>`. The id is public, the secret is shown once. */
export type NewKey = { readonly id: string; readonly key: string; readonly secretHash: Uint8Array };

/** A new key from that many random bytes. */
export function makeKey(randomBytes: (count: number) => Uint8Array): NewKey {
  const id = base32(randomBytes(ID_BYTES)).slice(0, ID_CHARS);
  const secret = base32(randomBytes(SECRET_BYTES));
  return { id, key: `${KEY_PREFIX}${id}_${secret}`, secretHash: hashSecret(secret) };
}

/** The parts of a key; null for a text that is not of the form. */
export function parseKey(text: string): { readonly id: string; readonly secret: string } | null {
  const idEnd = KEY_PREFIX.length + ID_CHARS;
  if (text.length !== KEY_CHARS || !text.startsWith(KEY_PREFIX) || text[idEnd] !== "_") return null;
  return { id: text.slice(KEY_PREFIX.length, idEnd), secret: text.slice(idEnd + 1) };
}

/**
 * SHA-256, once. A slow hash makes guessing passwords dear; a secret of 256 random bits can not be guessed at any price, and a slow
 * hash would give every request, a stranger's too, a hundred milliseconds of this processor.
 */
export function hashSecret(secret: string): Uint8Array {
  // As hex, then bytes: with the output "buffer" Node 24 takes three times as long.
  return Buffer.from(hash("sha256", secret), "hex");
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}
