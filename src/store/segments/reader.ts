import { createSecretKey, type KeyObject } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { HouseError } from "../../core/index.ts";
import {
  blockAfter,
  BLOCK_BYTES,
  decodeFrame,
  decodeHeader,
  FRAME_HEADER_BYTES,
  isRetired,
  isWhole,
  keyNameOf,
  openFrame,
  type Frame,
} from "./format.ts";
import type { SegmentKeys } from "./log.ts";
import { decodeRecords } from "./records.ts";
import type { SegmentRecord } from "./types.ts";

/** A place in a segment between two groups. */
export type SegmentPlace = { readonly offset: number; readonly sequence: number };

export const SEGMENT_START: SegmentPlace = { offset: BLOCK_BYTES, sequence: 0 };

/** What is in a segment, in order; `next` is where to go on after it. One `end`, last. */
export type SegmentItem =
  | { readonly type: "group"; readonly records: readonly SegmentRecord[]; readonly next: SegmentPlace }
  /** Groups that cannot be read with good ones after them: lost by the disk or by a hand, never by a crash. */
  | {
      readonly type: "damage";
      readonly groups: number;
      readonly message: string;
      readonly next: SegmentPlace;
    }
  | {
      readonly type: "end";
      /** Whether its writer said that this is all. */
      readonly isClosed: boolean;
      /** Whether bytes of a group that was never whole follow: a crash in a write, or one that is under way. */
      readonly isTorn: boolean;
    };

export type ReadOptions = {
  readonly path: string;
  readonly keys: SegmentKeys;
  readonly from: SegmentPlace;
  /** Whether the writer has left it: only then can what follows an unreadable group be told from a write under way. */
  readonly isFinished: boolean;
};

/**
 * Reads a segment from a place on, also while it is written. Throws HouseError key-unreadable when the store has another key,
 * store-broken when the header is damaged.
 */
export function* readSegment(options: ReadOptions): Generator<SegmentItem, void> {
  const handle = openSync(options.path, "r");
  try {
    yield* new SegmentReader(handle, options).items();
  } finally {
    closeSync(handle);
  }
}

/** A file whose header says nothing: not one group of it can be opened. `isRetired`: on purpose, and only its removal is left to do. */
export class UnreadableSegment extends HouseError {
  readonly isRetired: boolean;
  constructor(path: string, isRetired: boolean) {
    super("store-broken", `Cannot read the segment "${path}": its header is damaged or of a newer version`);
    this.isRetired = isRetired;
  }
}

/** Whether anything was written after the header. */
export function hasGroups(path: string): boolean {
  const handle = openSync(path, "r");
  try {
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    return (
      readSync(handle, header, 0, FRAME_HEADER_BYTES, BLOCK_BYTES) > 0 && header.some((byte) => byte !== 0)
    );
  } finally {
    closeSync(handle);
  }
}

class SegmentReader {
  readonly #handle: number;
  readonly #options: ReadOptions;
  readonly #key: KeyObject;

  constructor(handle: number, options: ReadOptions) {
    this.#handle = handle;
    this.#options = options;
    this.#key = this.#openKey();
  }

  *items(): Generator<SegmentItem, void> {
    let { offset, sequence } = this.#options.from;
    while (true) {
      const found = this.#frameAt(offset);
      const isNext = found !== null && found.frame.sequence === sequence;
      if (isNext && found.frame.kind === "close") return yield { type: "end", isClosed: true, isTorn: false };
      if (isNext) {
        const next = { offset: found.end, sequence: sequence + 1 };
        yield { type: "group", records: this.#recordsIn(found.plain, offset), next };
        ({ offset, sequence } = next);
        continue;
      }
      const after = this.#options.isFinished ? this.#goodAfter(offset, sequence) : null;
      if (after === null) return yield { type: "end", isClosed: false, isTorn: this.#hasBytesAt(offset) };
      const groups = after.frame.sequence - sequence;
      const message = `${groups} ${groups === 1 ? "group" : "groups"} of calls at byte ${offset} of "${this.#options.path}" cannot be read: the file was changed or its disk is failing`;
      ({ offset, sequence } = { offset: after.offset, sequence: after.frame.sequence });
      yield { type: "damage", groups, message, next: { offset, sequence } };
    }
  }

  #recordsIn(plain: Buffer, offset: number): SegmentRecord[] {
    try {
      return decodeRecords(plain);
    } catch (error) {
      // Its tag fits, so this store sealed it: another version of the program.
      const message = `Cannot read the group at byte ${offset} of "${this.#options.path}": it is of a form that this program does not know; update the program`;
      throw new HouseError("store-broken", message, { cause: error });
    }
  }

  #openKey(): KeyObject {
    const { path, keys } = this.#options;
    const block = this.#read(0, BLOCK_BYTES);
    const header = decodeHeader(block);
    if (header === null) throw new UnreadableSegment(path, isRetired(block));
    const key = keys.unwrap(keyNameOf(header), Buffer.from(header.wrappedKey, "base64"));
    if (key !== null) return createSecretKey(key);
    const message = `Cannot read the segment "${path}": it was written under another key; put that one back from a backup`;
    throw new HouseError("key-unreadable", message);
  }

  /** The frame at an offset, opened; null when there is no whole one of this segment. */
  #frameAt(offset: number): Found | null {
    const header = this.#read(offset, FRAME_HEADER_BYTES);
    const frame = decodeFrame(header);
    if (frame === null) return null;
    const body = this.#read(offset + FRAME_HEADER_BYTES, frame.bodyBytes);
    if (body.length < frame.bodyBytes || !isWhole(header, body)) return null;
    const plain = openFrame(this.#key, header, body);
    const end = blockAfter(offset + FRAME_HEADER_BYTES + frame.bodyBytes);
    return plain === null ? null : { frame, plain, offset, end };
  }

  /** The first good frame of a later place in the order: frames begin on blocks. */
  #goodAfter(offset: number, sequence: number): Found | null {
    const { size } = fstatSync(this.#handle);
    for (let at = blockAfter(offset + 1); at < size; at += BLOCK_BYTES) {
      const found = this.#frameAt(at);
      if (found !== null && found.frame.sequence > sequence) return found;
    }
    return null;
  }

  #hasBytesAt(offset: number): boolean {
    return this.#read(offset, BLOCK_BYTES).some((byte) => byte !== 0);
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let at = 0;
    while (at < length) {
      const read = readSync(this.#handle, bytes, at, length - at, offset + at);
      if (read === 0) break;
      at += read;
    }
    return bytes.subarray(0, at);
  }
}

type Found = {
  readonly frame: Frame;
  readonly plain: Buffer;
  readonly offset: number;
  /** Where the next frame begins. */
  readonly end: number;
};
