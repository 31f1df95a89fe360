import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { storeError } from "../sql-error.ts";
import { realDisk, type Pace, type SegmentDisk, type SegmentFile } from "./disk.ts";
import { blockAfter, BLOCK_BYTES, encodeHeader, framedBytes, keyNameOf, sealFrame } from "./format.ts";
import { lockNameOf, segmentNameOf } from "./folder.ts";
import { tryLock } from "./lock.ts";
import { GroupQueue, RETRY_MS } from "./queue.ts";
import { encodeRecords, type EncodedRecords } from "./records.ts";
import type { SegmentFailure, SegmentLog, SegmentRecord, SegmentStats } from "./types.ts";

/** Wraps the keys of segments under the store's. */
export type SegmentKeys = {
  wrap(name: string, key: Uint8Array): Uint8Array;
  /** Null when it was wrapped under another key or name. */
  unwrap(name: string, wrapped: Uint8Array): Uint8Array | null;
};

export type SegmentLogOptions = {
  /** Folder of the segments, made when missing: `segments` in the folder of the store. */
  readonly dir: string;
  readonly keys: SegmentKeys;
  readonly nowMs: () => number;
  /** Bytes that may wait for the disk; appends beyond are told `overloaded`. */
  readonly maxWaitingBytes?: number;
  /** How long an append may wait for the disk before it is told `overloaded`. */
  readonly stallMs?: number;
  readonly segmentBytes?: number;
  readonly disk?: SegmentDisk;
};

/** 32 MiB are zeroed and synced in about 30 ms, and a second such file is kept ready; at 4 KB a call it holds 8,000 calls. */
export const SEGMENT_BYTES = 32 * 1024 * 1024;
/** Many times what an ordinary disk writes in the time of `STALL_MS` under the gateway's load. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** A disk that takes longer for one write has stopped: its callers would rather know. */
export const STALL_MS = 5000;
/** Groups of ordinary calls; one buffer for all of them. */
const MAX_GATHERED_BYTES = 256 * 1024;
/** No space, over quota, over the largest size of a file. */
const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];
/** One who asks whether we live holds our lock for a moment. */
const LOCK_WAIT_MS = 2000;

type Segment = {
  readonly file: SegmentFile;
  readonly path: string;
  readonly key: KeyObject;
  readonly capacity: number;
  position: number;
  groups: number;
};

type Group = EncodedRecords & { readonly records: number };

/**
 * Opens a log of this process's own in a folder that several processes may share. Throws HouseError store-broken | bad-config when the
 * folder cannot be written to. On a full disk it opens, and refuses appends until there is room.
 */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  try {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const log = new Writer(options);
    await log.open();
    return log;
  } catch (error) {
    throw storeError(error, options.dir);
  }
}

class Writer implements SegmentLog {
  readonly #options: SegmentLogOptions;
  readonly #disk: SegmentDisk;
  readonly #queue: GroupQueue;
  readonly #id = randomBytes(12).toString("hex");
  readonly #lock: { release(): void };
  readonly #gathered = Buffer.allocUnsafeSlow(MAX_GATHERED_BYTES);
  #current: Segment | null = null;
  #next: Promise<Segment> | null = null;
  #number = 0;
  #retryAtMs = 0;
  /** Files that are being closed. */
  readonly #closing = new Set<Promise<void>>();

  constructor(options: SegmentLogOptions) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    const lockFile = join(options.dir, lockNameOf(this.#id));
    // SQLite would make it 0644. Not once it is locked: closing any handle of the file would give the lock back.
    closeSync(openSync(lockFile, "a", 0o600));
    const lock = tryLock(lockFile, LOCK_WAIT_MS);
    if (lock === null) throw new RangeError("Cannot lock a file with a new random name");
    this.#lock = lock;
    this.#queue = new GroupQueue({
      nowMs: options.nowMs,
      maxWaitingBytes: options.maxWaitingBytes ?? MAX_WAITING_BYTES,
      stallMs: options.stallMs ?? STALL_MS,
      write: (records) => this.#write(records),
    });
  }

  async open(): Promise<void> {
    try {
      this.#current = await this.#create(0, "at-once");
    } catch (error) {
      // A gateway must start on a full disk, too: its calls are refused or served unrecorded until there is room.
      if (this.#failureOf(error).code === "store-full") return;
      this.#lock.release();
      throw error;
    }
  }

  append(...given: Parameters<SegmentLog["append"]>): void {
    this.#queue.append(...given);
  }

  get waitingBytes(): number {
    return this.#queue.stats().waitingBytes;
  }

  stats(): SegmentStats {
    return this.#queue.stats();
  }

  async close(): Promise<void> {
    // A disk that has stopped would keep us for ever: then the files stay as they are, as after a kill.
    if (!(await this.#queue.close())) return this.#lock.release();
    const next = await this.#next?.catch(() => null);
    this.#next = null;
    // Prepared and never used.
    if (next) await next.file.close(0).then(() => this.#disk.remove(next.path), ignore);
    if (this.#current !== null) this.#finish(this.#current);
    this.#current = null;
    await Promise.all(this.#closing);
    // The file of the lock stays: the fold removes it with the last segment.
    this.#lock.release();
  }

  async #write(records: readonly SegmentRecord[]): Promise<SegmentFailure | null> {
    const group = { ...encodeRecords(records), records: records.length };
    const bytes = framedBytes(group.bytes);
    try {
      const isRoom = this.#current !== null && fits(this.#current, bytes);
      await this.#writeTo(isRoom ? this.#current! : await this.#roll(bytes), group);
      return null;
    } catch (error) {
      return this.#failureOf(error);
    }
  }

  async #writeTo(segment: Segment, { pieces, bytes, records }: Group): Promise<void> {
    const plain = this.#gather(pieces, bytes);
    const frame = sealFrame(segment.key, { kind: "group", sequence: segment.groups, records }, plain);
    const error = await writeTo(segment.file, frame, segment.position);
    if (error !== null) {
      // For good: after a failed sync the system may hold bytes that it never wrote, and the nonce is used up.
      this.#abandon(segment);
      throw error;
    }
    segment.position = blockAfter(segment.position + framedBytes(bytes));
    segment.groups += 1;
    if (segment.position > segment.capacity / 2) this.#prepare();
  }

  /** All in one piece, in memory that the next group is put into as well: it is sealed before anything else is written. */
  #gather(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
    if (bytes > MAX_GATHERED_BYTES) return Buffer.concat(pieces, bytes);
    let at = 0;
    for (const piece of pieces) {
      this.#gathered.set(piece, at);
      at += piece.length;
    }
    return this.#gathered.subarray(0, bytes);
  }

  /** The next segment, begun before this one is full: making one takes tens of milliseconds. */
  #prepare(): void {
    if (this.#next !== null || this.#options.nowMs() < this.#retryAtMs) return;
    const next = this.#create(0, "gently");
    this.#next = next;
    next.catch(() => {
      this.#retryAtMs = this.#options.nowMs() + RETRY_MS;
      if (this.#next === next) this.#next = null;
    });
  }

  async #roll(bytes: number): Promise<Segment> {
    const prepared = this.#next;
    this.#next = null;
    let segment = (await prepared?.catch(() => null)) ?? (await this.#create(bytes, "at-once"));
    if (!fits(segment, bytes)) {
      // One group larger than a segment gets a file of its own size; what was prepared stays, empty.
      this.#finish(segment);
      segment = await this.#create(bytes, "at-once");
    }
    if (this.#current !== null) this.#finish(this.#current);
    this.#current = segment;
    return segment;
  }

  async #create(bytes: number, pace: Pace): Promise<Segment> {
    const { dir, keys, nowMs, segmentBytes = SEGMENT_BYTES } = this.#options;
    const room = BLOCK_BYTES + bytes + BLOCK_BYTES;
    const capacity = Math.max(segmentBytes, blockAfter(room));
    // Taken before the wait, given back when nothing came of it: a number that is missing means a lost file.
    const number = this.#number;
    this.#number += 1;
    const key = randomBytes(32);
    const name = { writer: this.#id, number };
    const wrappedKey = Buffer.from(keys.wrap(keyNameOf(name), key)).toString("base64");
    const path = join(dir, segmentNameOf(name));
    try {
      const header = encodeHeader({ ...name, createdMs: nowMs(), capacity, wrappedKey });
      const file = await this.#disk.create(path, header, capacity, pace);
      return { file, path, key: createSecretKey(key), capacity, position: BLOCK_BYTES, groups: 0 };
    } catch (error) {
      this.#number = number;
      throw error;
    }
  }

  /** Says that all is there, and gives back what was allocated and not used. */
  #finish(segment: Segment): void {
    this.#track(finish(segment));
  }

  #abandon(segment: Segment): void {
    this.#current = null;
    this.#track(segment.file.close(segment.position));
  }

  #track(work: Promise<void>): void {
    const ended = work.catch(ignore).finally(() => this.#closing.delete(ended));
    this.#closing.add(ended);
  }

  #failureOf(error: unknown): SegmentFailure {
    if (error instanceof Error && "code" in error && FULL.includes(String(error.code))) {
      const message = `Cannot record calls: the disk of "${this.#options.dir}" is full; free space and they are taken again`;
      return { code: "store-full", message };
    }
    return { code: "store-broken", message: `Cannot record calls: ${(error as Error).message}` };
  }
}

function fits(segment: Segment, bytes: number): boolean {
  // A block stays free for the closing frame.
  return blockAfter(segment.position + bytes) + BLOCK_BYTES <= segment.capacity;
}

async function finish({ file, key, groups, position }: Segment): Promise<void> {
  const frame = sealFrame(key, { kind: "close", sequence: groups, records: 0 }, new Uint8Array());
  const error = await writeTo(file, frame, position);
  await file.close(error === null ? position + framedBytes(0) : position);
}

function writeTo(file: SegmentFile, pieces: readonly Uint8Array[], position: number): Promise<Error | null> {
  return new Promise((resolve) => file.write(pieces, position, resolve));
}

function ignore(): void {
  // What is acknowledged is on the disk already: a file that does not close loses nothing.
}
