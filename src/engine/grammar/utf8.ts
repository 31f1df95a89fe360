import type { CodePoints } from "./code-points.ts";

/** A sequence of byte ranges: the bytes of every code point in a range, one range per position. */
export type ByteRanges = readonly (readonly [number, number])[];

/** The byte sequences of the code points of a set, after the algorithm of Rust's utf8-ranges (Cox 2010, "UTF-8 to byte ranges"). */
export function utf8Ranges(set: CodePoints): ByteRanges[] {
  return set.flatMap(([first, last]) => split(first, last));
}

/** Last code point of each length in bytes. */
const LENGTH_ENDS = [0x7f, 0x7ff, 0xffff];

function split(first: number, last: number): ByteRanges[] {
  for (const end of LENGTH_ENDS) {
    if (first <= end && end < last) return [...split(first, end), ...split(end + 1, last)];
  }
  if (last <= 0x7f) return [[[first, last]]];
  // Within one length: cut until every position is a full range or one byte.
  for (let position = 1; position < 4; position += 1) {
    const mask = (1 << (6 * position)) - 1;
    if ((first & ~mask) === (last & ~mask)) continue;
    if ((first & mask) !== 0) return [...split(first, first | mask), ...split((first | mask) + 1, last)];
    if ((last & mask) !== mask) return [...split(first, (last & ~mask) - 1), ...split(last & ~mask, last)];
  }
  const low = encode(first);
  const high = encode(last);
  return [low.map((value, index): [number, number] => [value, high[index]])];
}

function encode(code: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(code))];
}
