import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withFolder } from "../testing.ts";
import { realDisk, type Pace } from "./disk.ts";
import { BLOCK_BYTES, MAX_APPEND_BYTES } from "./format.ts";
import { segmentNameOf, writersIn } from "./folder.ts";
import { openSegmentLog, type SegmentLogOptions } from "./log.ts";
import { append, callIdsIn, callRecords, diskError, faultyDisk, itemsIn, someKeys } from "./testing.ts";

const keys = someKeys();
const nowMs = (): number => Date.now();
const SMALL = 64 * 1024;
const open = (dir: string, more: Partial<SegmentLogOptions> = {}) =>
  openSegmentLog({ dir, keys, nowMs, segmentBytes: SMALL, ...more });
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `call_${index}`);
const types = (dir: string): string[] => itemsIn(dir, keys).map(({ type }) => type);
const pathsIn = (dir: string): string[] =>
  writersIn(dir).flatMap(({ writer, numbers }) =>
    numbers.map((number) => join(dir, segmentNameOf({ writer, number }))),
  );

/** Writes each call in a group of its own. */
async function write(dir: string, names: readonly string[]): Promise<void> {
  const log = await open(dir);
  for (const id of names) expect(await append(log, callRecords(id))).toBeNull();
  await log.close();
}

function change(path: string, at: number, work: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  work(bytes.subarray(at));
  writeFileSync(path, bytes);
}

describe("openSegmentLog()", () => {
  test("gives back every record as it was appended, whatever is in it", async () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    const bytes = fc.uint8Array({ maxLength: 3000 });
    const call = fc.record({ id: text, session: text, request: bytes, response: fc.array(bytes) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(call, { minLength: 1 }), { maxLength: 6 }), async (appends) => {
        await withFolder(async (dir) => {
          const log = await open(dir);
          const records = appends.map((calls) =>
            calls.flatMap(({ id, session, request, response }) => {
              const [begin, end] = callRecords(id);
              return [
                { ...begin, session, request },
                { ...end, response },
              ] as ReturnType<typeof callRecords>[number][];
            }),
          );
          const told = await Promise.all(records.map((some) => append(log, some)));
          await log.close();
          expect(told.every((failure) => failure === null)).toBe(true);
          const read = itemsIn(dir, keys).flatMap((item) => (item.type === "group" ? item.records : []));
          const plain = (some: readonly object[]): unknown =>
            some.map((record) => ({
              ...record,
              ...("request" in record ? { request: Buffer.from(record.request as Uint8Array) } : {}),
              ...("response" in record ? { response: Buffer.concat(record.response as Uint8Array[]) } : {}),
            }));
          expect(plain(read)).toEqual(plain(records.flat()));
        });
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  test("writes what is appended at the same time as one group", () =>
    withFolder(async (dir) => {
      const log = await open(dir);
      await Promise.all(ids(50).map((id) => append(log, callRecords(id))));
      expect(log.stats()).toMatchObject({
        appends: 50,
        failed: 0,
        groups: 1,
        waitingBytes: 0,
        refusing: null,
      });
      await log.close();
      expect(types(dir)).toEqual(["group", "end"]);
    }));

  test("goes on in the next file when one is full, and cuts each to what it holds", () =>
    withFolder(async (dir) => {
      await write(dir, ids(40));
      expect(callIdsIn(itemsIn(dir, keys))).toEqual(ids(40));
      expect(pathsIn(dir).length).toBeGreaterThan(2);
      // 14 groups of a block each, the header, the closing frame.
      expect(statSync(pathsIn(dir)[0]).size).toBeLessThan(16 * BLOCK_BYTES);
    }));

  test("makes the next file gently while the present one is written to, and only then", () =>
    withFolder(async (dir) => {
      const paces: string[] = [];
      const create: typeof realDisk.create = (path, header, bytes, pace) => {
        paces.push(pace);
        return realDisk.create(path, header, bytes, pace);
      };
      const disk = { create, remove: (path: string) => realDisk.remove(path) };
      const segmentBytes = 2 * 1024 * 1024;
      const log = await open(dir, { disk, segmentBytes });
      for (const id of ids(3)) expect(await append(log, callRecords(id, 150_000))).toBeNull();
      expect(paces).toEqual(["at-once", "gently"]);
      // Nothing is ready for one that is larger: it is waited for, and full at once.
      expect(await append(log, callRecords("large", segmentBytes))).toBeNull();
      expect(paces).toEqual(["at-once", "gently", "at-once", "gently"]);
      await log.close();
      expect(callIdsIn(itemsIn(dir, keys))).toEqual([...ids(3), "large"]);
    }));

  test.each<Pace>(["at-once", "gently"])("a file made %s is its header, then zeros to its end", (pace) =>
    withFolder(async (dir) => {
      const path = join(dir, "file");
      const file = await realDisk.create(path, Buffer.alloc(BLOCK_BYTES, 1), 1_500_000, pace);
      const bytes = readFileSync(path);
      await file.close(0);
      expect(bytes.length).toBe(1_500_000);
      expect(bytes.subarray(0, BLOCK_BYTES).every((byte) => byte === 1)).toBe(true);
      expect(bytes.subarray(BLOCK_BYTES).every((byte) => byte === 0)).toBe(true);
    }),
  );

  test("takes an append that is larger than a segment", () =>
    withFolder(async (dir) => {
      const log = await open(dir);
      for (const [id, size] of [
        ["a", 10],
        ["b", 5 * SMALL],
        ["c", 10],
      ] as const)
        expect(await append(log, callRecords(id, size))).toBeNull();
      await log.close();
      expect(callIdsIn(itemsIn(dir, keys))).toEqual(["a", "b", "c"]);
      expect(types(dir).filter((type) => type === "damage")).toEqual([]);
    }));

  test("leaves no text of a call readable in its files", () =>
    withFolder(async (dir) => {
      await write(dir, ["secret-call"]);
      const text = readdirSync(dir)
        .map((name) => readFileSync(join(dir, name), "latin1"))
        .join();
      expect(text).not.toContain("secret-call");
      expect(readdirSync(dir).filter((name) => (statSync(join(dir, name)).mode & 0o077) !== 0)).toEqual([]);
    }));

  test("refuses with body-too-large what no segment may hold", () =>
    withFolder(async (dir) => {
      const log = await open(dir);
      const [begin] = callRecords("a");
      const huge = { ...begin, request: Buffer.alloc(MAX_APPEND_BYTES) } as typeof begin;
      expect(await append(log, [huge])).toMatchObject({ code: "body-too-large" });
      expect(await append(log, callRecords("b"))).toBeNull();
      await log.close();
    }));

  test("parts its files from those of other writers, and says which of them live", () =>
    withFolder(async (dir) => {
      const [one, two] = [await open(dir), await open(dir)];
      await Promise.all([append(one, callRecords("a")), append(two, callRecords("b"))]);
      await one.close();
      expect(writersIn(dir).filter(({ isAlive }) => isAlive)).toHaveLength(1);
      await two.close();
      expect(callIdsIn(itemsIn(dir, keys)).sort()).toEqual(["a", "b"]);
    }));

  test("cannot be appended to once closed", () =>
    withFolder(async (dir) => {
      const log = await open(dir);
      await log.close();
      expect(await append(log, callRecords("a"))).toMatchObject({ code: "store-broken" });
    }));
});

describe("a bad disk", () => {
  test.each([
    ["ENOSPC", "store-full"],
    ["EIO", "store-broken"],
  ])("%s is told as %s, nothing torn is kept, and calls are taken again by themselves", (code, told) =>
    withFolder(async (dir) => {
      const disk = faultyDisk();
      let clockMs = 0;
      const log = await open(dir, { disk, nowMs: () => clockMs });
      expect(await append(log, callRecords("a"))).toBeNull();
      disk.fault = diskError(code);
      expect(await append(log, callRecords("b"))).toMatchObject({ code: told });
      // At once: the disk is not asked again so soon.
      expect(await append(log, callRecords("c"))).toMatchObject({ code: told });
      expect(log.stats()).toMatchObject({ failed: 2, failedGroups: 1, refusing: told });
      clockMs += 1000;
      expect(await append(log, callRecords("d"))).toMatchObject({ code: told });
      disk.fault = null;
      clockMs += 1000;
      expect(await append(log, callRecords("e"))).toBeNull();
      expect(log.stats()).toMatchObject({ failed: 3, failedGroups: 2, refusing: null, waitingBytes: 0 });
      await log.close();
      expect(callIdsIn(itemsIn(dir, keys))).toEqual(["a", "e"]);
      expect(types(dir).filter((type) => type === "damage")).toEqual([]);
    }),
  );

  test("a full one does not keep the log from opening", () =>
    withFolder(async (dir) => {
      const disk = faultyDisk();
      disk.fault = diskError("ENOSPC");
      let clockMs = 0;
      const log = await open(dir, { disk, nowMs: () => clockMs });
      expect(await append(log, callRecords("a"))).toMatchObject({ code: "store-full" });
      disk.fault = null;
      clockMs += 1000;
      expect(await append(log, callRecords("b"))).toBeNull();
      await log.close();
      expect(callIdsIn(itemsIn(dir, keys))).toEqual(["b"]);
    }));

  test("a slow one fills the queue, then appends are told overloaded", () =>
    withFolder(async (dir) => {
      const disk = faultyDisk();
      const log = await open(dir, { disk, maxWaitingBytes: 2000 });
      const { promise, resolve } = Promise.withResolvers<void>();
      disk.hold = promise;
      const told = ids(10).map((id) => append(log, callRecords(id, 100)));
      resolve();
      const codes = (await Promise.all(told)).map((failure) => failure?.code ?? "taken");
      expect(new Set(codes)).toEqual(new Set(["taken", "overloaded"]));
      expect(log.waitingBytes).toBe(0);
      await log.close();
      expect(callIdsIn(itemsIn(dir, keys))).toEqual(ids(10).filter((_, index) => codes[index] === "taken"));
    }));

  test("a frozen one lets its callers go in time, and takes calls again when it thaws", () =>
    withFolder(async (dir) => {
      const disk = faultyDisk();
      const log = await open(dir, { disk, stallMs: 20 });
      const { promise, resolve } = Promise.withResolvers<void>();
      disk.hold = promise;
      expect(await append(log, callRecords("a"))).toMatchObject({ code: "overloaded" });
      expect(await append(log, callRecords("b"))).toMatchObject({ code: "overloaded" });
      expect(log.stats().refusing).toBe("overloaded");
      disk.hold = null;
      resolve();
      while (log.stats().refusing !== null) await new Promise((done) => setImmediate(done));
      expect(await append(log, callRecords("c"))).toBeNull();
      await log.close();
      // What was not acknowledged may be there; nothing is there twice.
      expect(callIdsIn(itemsIn(dir, keys))).toEqual(["a", "c"]);
    }));

  test("close() does not wait for one that is frozen", () =>
    withFolder(async (dir) => {
      const disk = faultyDisk();
      const log = await open(dir, { disk, stallMs: 20 });
      const { promise, resolve } = Promise.withResolvers<void>();
      disk.hold = promise;
      const told = append(log, callRecords("a"));
      await log.close();
      expect(await told).toMatchObject({ code: "overloaded" });
      resolve();
      await promise;
    }));
});

describe("readSegment()", () => {
  test("ends at a torn tail, wherever it was cut", async () => {
    await withFolder(async (dir) => {
      await write(dir, ["a", "b", "c"]);
      const [path] = pathsIn(dir);
      const whole = readFileSync(path);
      const random = fc.integer({ min: 3 * BLOCK_BYTES + 1, max: 4 * BLOCK_BYTES });
      fc.assert(
        fc.property(random, fc.boolean(), (cut, isPadded) => {
          const rest = Buffer.alloc(isPadded ? SMALL : 0);
          // In the third group: 32 + 16 bytes of frame and what its records take.
          writeFileSync(path, Buffer.concat([whole.subarray(0, Math.min(cut, 3 * BLOCK_BYTES + 300)), rest]));
          const items = itemsIn(dir, keys);
          expect(callIdsIn(items)).toEqual(["a", "b"]);
          expect(items.at(-1)).toEqual({ type: "end", isClosed: false, isTorn: true });
        }),
        { numRuns: 30, seed: 5 },
      );
    });
  });

  test("reports a group that was changed, and goes on after it", () =>
    withFolder(async (dir) => {
      await write(dir, ids(5));
      change(pathsIn(dir)[0], 2 * BLOCK_BYTES + 100, (bytes) => (bytes[0] ^= 1));
      const items = itemsIn(dir, keys);
      expect(callIdsIn(items)).toEqual(["call_0", "call_2", "call_3", "call_4"]);
      expect(items.filter(({ type }) => type === "damage")).toEqual([
        expect.objectContaining({ groups: 1, message: expect.stringContaining("cannot be read") }),
      ]);
    }));

  test("notices groups that are gone, also the last ones", () =>
    withFolder(async (dir) => {
      await write(dir, ids(6));
      const [path] = pathsIn(dir);
      const zero = (from: number, to: number): void =>
        change(path, from * BLOCK_BYTES, (bytes) => bytes.fill(0, 0, (to - from) * BLOCK_BYTES));
      zero(2, 4);
      zero(6, 7);
      const items = itemsIn(dir, keys);
      expect(items.flatMap((item) => (item.type === "damage" ? [item.groups] : []))).toEqual([2, 1]);
      expect(callIdsIn(items)).toEqual(["call_0", "call_3", "call_4"]);
    }));

  test("takes no group for another: moved within a file or from one to another it is damage", () =>
    withFolder(async (dir) => {
      await write(dir, ids(20));
      const [one, two] = pathsIn(dir).map((path) => readFileSync(path));
      // The same sequence of another segment.
      two.copy(one, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES, 3 * BLOCK_BYTES);
      one.copy(one, 4 * BLOCK_BYTES, 5 * BLOCK_BYTES, 6 * BLOCK_BYTES);
      writeFileSync(pathsIn(dir)[0], one);
      const found = callIdsIn(itemsIn(dir, keys));
      expect(found).toEqual(ids(20).filter((id) => id !== "call_1" && id !== "call_3"));
    }));

  test("refuses another key with key-unreadable, a damaged header with store-broken", () =>
    withFolder(async (dir) => {
      await write(dir, ["a"]);
      expect(() => itemsIn(dir, someKeys())).toThrow(expect.objectContaining({ code: "key-unreadable" }));
      change(pathsIn(dir)[0], 30, (bytes) => (bytes[0] ^= 1));
      expect(() => itemsIn(dir, keys)).toThrow(expect.objectContaining({ code: "store-broken" }));
    }));
});
