const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * A JSON body whose top-level `model` is another, all other bytes untouched: spaces, key order, numbers and unknown fields stay as the
 * client wrote them. The body is JSON that was read. O(bytes).
 */
export function withModel(body: Uint8Array, model: string): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const pieces: Uint8Array[] = [];
  const value = Buffer.from(JSON.stringify(model));
  let from = 0;
  // With a name twice, readers differ in which one counts: all are replaced.
  for (const { start, end } of modelValues(bytes)) {
    pieces.push(bytes.subarray(from, start), value);
    from = end;
  }
  if (from === 0) return body;
  pieces.push(bytes.subarray(from));
  return Buffer.concat(pieces);
}

type Range = { readonly start: number; readonly end: number };

function modelValues(bytes: Buffer): Range[] {
  const found: Range[] = [];
  let depth = 0;
  let isNext = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (isNext) found.push({ start: at, end });
      isNext = !isNext && depth === 1 && isModelKey(bytes, at, end);
      at = end - 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return found;
}

/** One past the closing quote of the string that begins at `start`. */
function stringEnd(bytes: Buffer, start: number): number {
  let at = bytes.indexOf(QUOTE, start + 1);
  while (at >= 0) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
    at = bytes.indexOf(QUOTE, at + 1);
  }
  return bytes.length;
}

// The longest way to write `model`: each letter as \\u0000.
const MAX_KEY_BYTES = 32;

function isModelKey(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > MAX_KEY_BYTES || !isFollowedByColon(bytes, end)) return false;
  return JSON.parse(bytes.toString("utf8", start, end)) === "model";
}

function isFollowedByColon(bytes: Buffer, from: number): boolean {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return bytes[at] === 0x3a;
}
