import { createSecretKey, randomBytes } from "node:crypto";
import { join } from "node:path";
import { seal, unseal } from "../seal.ts";
import { realDisk, type SegmentDisk } from "./disk.ts";
import { segmentNameOf, writersIn } from "./folder.ts";
import type { SegmentKeys } from "./log.ts";
import { readSegment, SEGMENT_START, type SegmentItem } from "./reader.ts";
import type { SegmentFailure, SegmentLog, SegmentRecord } from "./types.ts";

/** Keys of no store. */
export function someKeys(): SegmentKeys {
  const key = createSecretKey(randomBytes(32));
  return {
    wrap: (name, bytes) => seal(key, name, bytes),
    unwrap: (name, wrapped) => unseal(key, name, wrapped),
  };
}

/** A call as its two records. */
export function callRecords(callId: string, size = 100): readonly SegmentRecord[] {
  return [
    {
      type: "begin",
      callId,
      atMs: 1_700_000_000_000,
      session: `session of ${callId}`,
      origin: null,
      protocol: "chat",
      facts: { taskId: "t" },
      request: Buffer.from(`request of ${callId} `.padEnd(size, "é")),
    },
    {
      type: "end",
      callId,
      latencyMs: 12.5,
      status: 200,
      isStream: false,
      protocol: "chat",
      failure: null,
      facts: { reason: "novel" },
      response: [Buffer.from(`answer of ${callId} `), Buffer.from("".padEnd(size, "x"))],
    },
  ];
}

/** The outcome of one append. */
export function append(log: SegmentLog, records: readonly SegmentRecord[]): Promise<SegmentFailure | null> {
  return new Promise((resolve) => log.append(records, resolve));
}

/** All items of all segments of a folder, in order. */
export function itemsIn(dir: string, keys: SegmentKeys): SegmentItem[] {
  return writersIn(dir).flatMap(({ writer, numbers, isAlive }) =>
    numbers.flatMap((number) => [
      ...readSegment({
        path: join(dir, segmentNameOf({ writer, number })),
        keys,
        from: SEGMENT_START,
        isFinished: !isAlive,
      }),
    ]),
  );
}

/** Ids of the calls that ended, in order. */
export function callIdsIn(items: readonly SegmentItem[]): string[] {
  return items.flatMap((item) =>
    item.type === "group"
      ? item.records.filter(({ type }) => type === "end").map(({ callId }) => callId)
      : [],
  );
}

/** A disk with a switch: what `fault` says happens to the next writes and files. */
export function faultyDisk(): SegmentDisk & { fault: Error | null; hold: Promise<void> | null } {
  const held: Promise<void>[] = [];
  const disk: ReturnType<typeof faultyDisk> = {
    fault: null,
    hold: null,
    remove: (path) => realDisk.remove(path),
    async create(path, header, bytes, pace) {
      await disk.hold;
      if (disk.fault !== null) throw disk.fault;
      const file = await realDisk.create(path, header, bytes, pace);
      return {
        write(pieces, position, done) {
          const { fault, hold } = disk;
          if (hold !== null) held.push(thawed(hold, () => file.write(pieces, position, done)));
          else if (fault === null) file.write(pieces, position, done);
          // Half of it reaches the file, as on a disk that fails in the middle.
          else file.write(halfOf(pieces), position, () => done(fault));
        },
        close: (size) => file.close(size),
      };
    },
  };
  return disk;
}

async function thawed(hold: Promise<void>, work: () => void): Promise<void> {
  await hold;
  work();
}

function halfOf(pieces: readonly Uint8Array[]): Uint8Array[] {
  const bytes = Buffer.concat(pieces);
  return [bytes.subarray(0, Math.ceil(bytes.length / 2))];
}

export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: as the disk says`), { code });
}
