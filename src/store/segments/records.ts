import type { SegmentBegin, SegmentEnd, SegmentRecord } from "./types.ts";

const BEGIN = 1;
const END = 2;
/** Type (1), bytes of the head (4) and of the body (4). */
const PREFIX_BYTES = 9;

/** Records as bytes, in pieces: bodies are not copied, and never written as JSON. */
export type EncodedRecords = { readonly pieces: readonly Uint8Array[]; readonly bytes: number };

/** Each record: type, lengths, the head (all but the bytes that passed) as JSON, the body as it is. */
export function encodeRecords(records: readonly SegmentRecord[]): EncodedRecords {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const record of records) {
    const bodies = record.type === "begin" ? [record.request] : record.response;
    let bodyBytes = 0;
    for (const body of bodies) bodyBytes += body.length;
    const head = headOf(record, bodyBytes);
    pieces.push(head, ...bodies);
    bytes += head.length + bodyBytes;
  }
  return { pieces, bytes };
}

function headOf(record: SegmentRecord, bodyBytes: number): Buffer {
  // Undefined leaves the field out: the bytes are the body.
  const json =
    record.type === "begin"
      ? JSON.stringify({ ...record, type: undefined, request: undefined })
      : JSON.stringify({ ...record, type: undefined, response: undefined });
  const jsonBytes = Buffer.byteLength(json);
  const head = Buffer.allocUnsafe(PREFIX_BYTES + jsonBytes);
  head[0] = record.type === "begin" ? BEGIN : END;
  head.writeUInt32LE(jsonBytes, 1);
  head.writeUInt32LE(bodyBytes, 5);
  head.write(json, PREFIX_BYTES);
  return head;
}

/** The records in a group as it was sealed. Throws RangeError on bytes that `encodeRecords` does not write. */
export function decodeRecords(bytes: Buffer): SegmentRecord[] {
  const records: SegmentRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < PREFIX_BYTES) throw unreadable(at);
    const type = bytes[at];
    const bodyAt = at + PREFIX_BYTES + bytes.readUInt32LE(at + 1);
    const next = bodyAt + bytes.readUInt32LE(at + 5);
    if (next > bytes.length || (type !== BEGIN && type !== END)) throw unreadable(at);
    // The frame's tag vouches for the bytes: `headOf` wrote them.
    const head = JSON.parse(bytes.toString("utf8", at + PREFIX_BYTES, bodyAt)) as object;
    const body = bytes.subarray(bodyAt, next);
    records.push(
      type === BEGIN
        ? ({ type: "begin", ...head, request: body } as unknown as SegmentBegin)
        : ({ type: "end", ...head, response: [body] } as unknown as SegmentEnd),
    );
    at = next;
  }
  return records;
}

function unreadable(at: number): RangeError {
  return new RangeError(`Cannot read the group: there is no record at byte ${at}`);
}
