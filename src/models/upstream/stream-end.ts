import type { ProtocolName } from "../protocol.ts";

/** What the last event of a stream says, as it stands in the bytes: in JSON texts a line cannot begin. */
const ENDS: { readonly [protocol in ProtocolName]: readonly string[] } = {
  chat: ["[DONE]"],
  responses: ["response.completed", "response.incomplete", "response.failed"],
  messages: ["message_stop"],
  gemini: [],
  converse: [],
};

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Longer than any mark with what stands before it on its line. */
const TAIL_BYTES = 48;

/** Where the last event of a stream begins in these bytes; -1 when it is not in them. */
export type EndFinder = (bytes: Uint8Array) => number;

/**
 * Finds the event with which the client has the whole answer, in bytes cut anywhere. A text of the answer that looks like it is taken for
 * it too: then a little more is held back than must be, nothing else.
 */
export function createEndFinder(protocol: ProtocolName): EndFinder {
  const marks = ENDS[protocol].map((mark) => Buffer.from(mark));
  let tail: Buffer = NOTHING;
  return (bytes) => {
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const straddles = tail.length > 0 && marks.some((mark) => isAcross(tail, chunk, mark));
    tail = tailOf(tail, chunk);
    if (straddles) return 0;
    for (const mark of marks) {
      const at = chunk.indexOf(mark);
      if (at >= 0) return eventStart(chunk, at);
    }
    return -1;
  };
}

/** The end of what has come, as long as a mark can go on from it. */
function tailOf(before: Buffer, chunk: Buffer): Buffer {
  if (chunk[chunk.length - 1] === NEWLINE) return NOTHING;
  const all = chunk.length < TAIL_BYTES ? Buffer.concat([before, chunk]) : chunk;
  return Buffer.from(all.subarray(-TAIL_BYTES));
}

function isAcross(tail: Buffer, chunk: Buffer, mark: Buffer): boolean {
  const both = Buffer.concat([tail, chunk.subarray(0, mark.length)]);
  return both.includes(mark);
}

/** The beginning of the event that the line at `at` belongs to: after the last empty line, or the chunk's. */
function eventStart(chunk: Buffer, at: number): number {
  const unix = chunk.lastIndexOf("\n\n", at);
  const crlf = chunk.lastIndexOf("\r\n\r\n", at);
  return Math.max(unix < 0 ? 0 : unix + 2, crlf < 0 ? 0 : crlf + 4);
}
