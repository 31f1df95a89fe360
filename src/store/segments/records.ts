import type { SegmentBegin, SegmentEnd, SegmentRecord } from "./types.ts";

/** Length of the JSON, at the front. */
const PREFIX_BYTES = 4;
/** What a head takes, about: for the bound on what waits. */
const HEAD_BYTES = 300;

/** Records as bytes, in pieces: bodies are not copied, and never written as JSON. */
export type EncodedRecords = { readonly pieces: readonly Uint8Array[]; readonly bytes: number };

/**
 * The heads of all records (all but the bytes that passed) as one JSON list, then their bodies, one after the other. One list and not
 * a head for each record: 1.9 µs a call instead of 4.7.
 */
export function encodeRecords(records: readonly SegmentRecord[]): EncodedRecords {
  const heads: unknown[] = [];
  // Its place is taken by the JSON.
  const pieces: Uint8Array[] = [new Uint8Array()];
  let bytes = 0;
  for (const record of records) {
    let size = 0;
    if (record.type === "begin") {
      size = record.request.length;
      pieces.push(record.request);
      const { type, callId, atMs, session, origin, protocol, facts } = record;
      heads.push({ type, callId, atMs, session, origin, protocol, facts, size });
    } else {
      for (const piece of record.response) {
        size += piece.length;
        pieces.push(piece);
      }
      const { type, callId, latencyMs, status, isStream, protocol, failure, facts } = record;
      heads.push({ type, callId, latencyMs, status, isStream, protocol, failure, facts, size });
    }
    bytes += size;
  }
  const json = Buffer.from(`    ${JSON.stringify(heads)}`);
  json.writeUInt32LE(json.length - PREFIX_BYTES);
  pieces[0] = json;
  return { pieces, bytes: bytes + json.length };
}

/** About what records take, without encoding them. */
export function sizeOf(records: readonly SegmentRecord[]): number {
  let bytes = 0;
  for (const record of records) {
    bytes += HEAD_BYTES;
    if (record.type === "begin") bytes += record.request.length;
    else for (const piece of record.response) bytes += piece.length;
  }
  return bytes;
}

type Head = { readonly type: SegmentRecord["type"]; readonly size: number };

/** The records in a group as it was sealed. Throws on bytes that `encodeRecords` does not write. */
export function decodeRecords(bytes: Buffer): SegmentRecord[] {
  const jsonEnd = PREFIX_BYTES + bytes.readUInt32LE();
  // The frame's tag vouches for the bytes: `encodeRecords` wrote them.
  const heads = JSON.parse(bytes.toString("utf8", PREFIX_BYTES, jsonEnd)) as readonly Head[];
  let at = jsonEnd;
  const records = heads.map(({ size, ...head }) => {
    const body = bytes.subarray(at, at + size);
    at += size;
    return head.type === "begin"
      ? ({ ...head, request: body } as unknown as SegmentBegin)
      : ({ ...head, response: [body] } as unknown as SegmentEnd);
  });
  if (at !== bytes.length)
    throw new RangeError(`Cannot read the group: ${bytes.length} bytes, expected ${at}`);
  return records;
}
