import { createRequire } from "node:module";
import type * as EventStreams from "@smithy/core/event-streams";
import { HouseError } from "../../../core/index.ts";

export const EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream";

/** Amazon Event Stream: the longest payload is 16 MiB and the longest headers 128 KiB. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024 + 128 * 1024 + 16;

/** Two lengths, a checksum of them, and one of the whole. */
const LEAST_FRAME_BYTES = 16;

export type Frame = { readonly headers: { readonly [name: string]: string }; readonly text: string };

// Loaded when the first stream of Bedrock's comes: it takes longer to load than the rest of the room.
function codec(): EventStreams.EventStreamCodec {
  const library = createRequire(import.meta.url)("@smithy/core/event-streams") as typeof EventStreams;
  return new library.EventStreamCodec(
    (input) => (typeof input === "string" ? input : Buffer.from(input).toString("utf8")),
    (input) => Buffer.from(input, "utf8"),
  );
}

export type FrameParser = {
  /** The frames that these bytes complete. Throws where the bytes are not frames: what follows cannot be read. */
  push(bytes: Uint8Array): readonly Frame[];
};

/** Cuts Amazon's binary event stream into frames; AWS's own codec checks and reads each. */
export function createFrameParser(): FrameParser {
  const reader = codec();
  let pieces: Uint8Array[] = [];
  let size = 0;
  /** Bytes that are needed before there is anything to do: a long frame is not joined again with each piece of it. */
  let wanted = 4;
  return {
    push(bytes) {
      pieces.push(bytes);
      size += bytes.length;
      const frames: Frame[] = [];
      while (size >= wanted) {
        const all = joined(pieces);
        pieces = [all];
        const length = all.readUInt32BE(0);
        if (length < LEAST_FRAME_BYTES || length > MAX_FRAME_BYTES)
          throw new HouseError("upstream-broken", `Cannot read the event stream: a frame of ${length} bytes`);
        wanted = length;
        if (size < length) break;
        frames.push(read(reader, all.subarray(0, length)));
        pieces = [all.subarray(length)];
        size -= length;
        wanted = 4;
      }
      return frames;
    },
  };
}

function joined(pieces: readonly Uint8Array[]): Buffer {
  const [first] = pieces;
  return pieces.length === 1
    ? Buffer.from(first.buffer, first.byteOffset, first.length)
    : Buffer.concat(pieces);
}

function read(reader: EventStreams.EventStreamCodec, bytes: Uint8Array): Frame {
  const { headers, body } = reader.decode(bytes);
  const texts = Object.entries(headers).flatMap(([name, header]) =>
    header.type === "string" ? [[name, header.value] as const] : [],
  );
  return { headers: Object.fromEntries(texts), text: Buffer.from(body).toString("utf8") };
}

/** One frame: an event, or an exception. */
export function frameOf(kind: "event" | "exception", name: string, payload: unknown): Uint8Array {
  const text = (value: string) => ({ type: "string", value }) as const;
  return codec().encode({
    headers: {
      [`:${kind}-type`]: text(name),
      ":content-type": text("application/json"),
      ":message-type": text(kind),
    },
    body: Buffer.from(JSON.stringify(payload)),
  });
}
