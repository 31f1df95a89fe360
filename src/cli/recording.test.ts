import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { startFolding } from "../collect/index.ts";
import { silentLog } from "../core/index.ts";
import {
  openSegmentLog,
  openStore,
  segmentNameOf,
  segmentsFolderOf,
  writersIn,
  type Store,
} from "../store/index.ts";
import { append } from "../store/segments/testing.ts";
import { withFolder } from "../store/testing.ts";
import { checkRecording } from "./doctor-recording.ts";
import { eraseCalls } from "./erase.ts";
import { foldAll, foldFirst } from "./recording.ts";

const CLI = resolve(import.meta.dirname, "../../bin/understudy.js");
const nowMs = (): number => Date.now();
const request = Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] }));
const response = Buffer.from(
  JSON.stringify({ choices: [{ message: { role: "assistant", content: "ho" }, finish_reason: "stop" }] }),
);

const records = (callId: string, session: string, origin: string | null = null) =>
  [
    { type: "begin", callId, atMs: nowMs(), session, origin, protocol: "chat", facts: {}, request },
    {
      type: "end",
      callId,
      latencyMs: 1,
      status: 200,
      isStream: false,
      protocol: "chat",
      failure: null,
      facts: {},
      response: [response],
    },
  ] as const;

const withStore = (work: (store: Store, place: { store: string; key: undefined }) => Promise<void>) =>
  withFolder(async (dir) => {
    const store = openStore({ dir, nowMs });
    await work(store, { store: dir, key: undefined });
    store.close();
  });
/** The log and the folding of a gateway. */
async function startRecording(store: Store, dir: string) {
  const log = await openSegmentLog({ dir: segmentsFolderOf(dir), keys: store.segmentKeys, nowMs });
  const folding = startFolding({ dir, nowMs, log: silentLog });
  return {
    log,
    folding,
    async close() {
      await log.close();
      await folding.close();
    },
  };
}
const erase = (store: Store, dir: string, flags: object) =>
  eraseCalls(store, flags, {
    dir: segmentsFolderOf(dir),
    nowMs,
    fold: () => foldAll(store, { store: dir }),
  });
const callIds = (store: Store): string[] => [...store.calls.iterate()].map(({ id }) => id).sort();

describe("a recording", () => {
  test("has everything in the database when it is closed", () =>
    withStore(async (store, place) => {
      const recording = await startRecording(store, place.store);
      for (const id of ["a", "b", "c"]) expect(await append(recording.log, records(id, "s"))).toBeNull();
      await recording.close();
      expect(callIds(store)).toEqual(["a", "b", "c"]);
      expect(recording.folding.stats()).toMatchObject({ calls: 3, failures: 0 });
      expect(writersIn(segmentsFolderOf(place.store))).toEqual([]);
    }));
});

describe("eraseCalls()", () => {
  test("reaches calls that are still in the segment of a running gateway", () =>
    withStore(async (store, place) => {
      const recording = await startRecording(store, place.store);
      await append(recording.log, records("a", "s1", store.pseudonym("user", "jane")));
      await append(recording.log, records("b", "s2"));
      expect(erase(store, place.store, { user: "jane" })).toMatchObject({ calls: 1 });
      expect(callIds(store)).toEqual(["b"]);
      const dir = segmentsFolderOf(place.store);
      const [{ writer, numbers }] = writersIn(dir);
      const bytes = readFileSync(join(dir, segmentNameOf({ writer, number: numbers[0] })));
      expect(bytes.subarray(4096).every((byte) => byte === 0)).toBe(true);
      // The gateway goes on as if nothing had been.
      expect(await append(recording.log, records("c", "s1"))).toBeNull();
      await recording.close();
      expect(callIds(store)).toEqual(["b", "c"]);
      const events = store.ledger.all();
      expect(events.map(({ event }) => event)).toEqual(["calls-erased"]);
      expect(events[0].detail).toMatchObject({ calls: 1, origin: store.pseudonym("user", "jane") });
      expect(JSON.stringify(events)).not.toContain("jane");
      expect([...store.audit.iterate()].map(({ action }) => action)).toEqual(["calls-erase"]);
    }));

  test("leaves a segment as it is until what was folded of it is on the disk", () =>
    withStore(async (store, place) => {
      const recording = await startRecording(store, place.store);
      await append(recording.log, records("a", "s1"));
      const dir = segmentsFolderOf(place.store);
      const [{ writer, numbers }] = writersIn(dir);
      const isScrubbed = (): boolean =>
        readFileSync(join(dir, segmentNameOf({ writer, number: numbers[0] })))
          .subarray(4096)
          .every((byte) => byte === 0);
      const seen: boolean[] = [];
      const sync = (): void => {
        seen.push(isScrubbed());
        store.recording.sync();
      };
      // Nothing is erased, so nothing else is written that would be synced.
      const watched = { ...store, recording: { ...store.recording, sync } };
      expect(erase(watched, place.store, { session: "none" })).toMatchObject({ calls: 0 });
      expect([...seen, isScrubbed()]).toEqual([false, true]);
      expect(callIds(store)).toEqual(["a"]);
      await recording.close();
    }));

  test("drops the end of a call whose begin was erased", () =>
    withStore(async (store, place) => {
      const recording = await startRecording(store, place.store);
      const [begin, end] = records("slow", "s1");
      await append(recording.log, [begin]);
      expect(erase(store, place.store, { session: "s1" })).toMatchObject({ calls: 0, held: 1 });
      await append(recording.log, [end]);
      await recording.close();
      expect([callIds(store), store.recording.counts()]).toEqual([[], { open: 0, aside: 0 }]);
    }));

  test("without a filter, with two names or with a bad date ends with one clear line", () =>
    withStore(async (store, place) => {
      const tried = [{}, { user: "a", origin: "b" }, { before: "yesterday" }].map((flags) => {
        try {
          return erase(store, place.store, flags);
        } catch (error) {
          return (error as Error).message.split(":")[0];
        }
      });
      expect(tried).toEqual([
        "Cannot erase without saying what",
        "Cannot use --user with --origin",
        'Cannot use --before "yesterday"',
      ]);
      expect([...store.audit.iterate()]).toEqual([]);
    }));
});

describe("foldFirst()", () => {
  test("lets a command go on with the calls that are there when the last ones cannot be taken", () =>
    withStore(async (store, place) => {
      const other = openStore({ dir: ":memory:", nowMs });
      const dir = segmentsFolderOf(place.store);
      const log = await openSegmentLog({ dir, keys: other.segmentKeys, nowMs });
      await log.close();
      const told: string[] = [];
      const write = vi
        .spyOn(process.stderr, "write")
        .mockImplementation((text) => told.push(String(text)) > 0);
      foldFirst(store, place);
      write.mockRestore();
      expect(told).toEqual([expect.stringContaining("written under another key")]);
      other.close();
    }));
});

describe("checkRecording()", () => {
  test("tells of files and calls that cannot be read, and what to do", () =>
    withStore(async (store, place) => {
      const recording = await startRecording(store, place.store);
      expect(checkRecording(store, place.store)).toMatchObject({ isOk: true, fix: null });
      const [begin, end] = records("a", "s1");
      await append(recording.log, [{ ...begin, protocol: "morse" }, end]);
      await recording.close();
      expect(checkRecording(store, place.store)).toMatchObject({
        isOk: false,
        detail:
          "0 gateways write, 0 B of segments, 0 calls under way, 1 calls put aside: they cannot be read",
      });
      writeFileSync(join(segmentsFolderOf(place.store), "x.segment.damaged"), "");
      expect(checkRecording(store, place.store).fix).toContain("put the files back from a backup");
    }));
});

describe("understudy erase", () => {
  test("takes in what a killed gateway left, and erases it", () =>
    withStore(async (store, place) => {
      const dir = segmentsFolderOf(place.store);
      const log = await openSegmentLog({ dir, keys: store.segmentKeys, nowMs });
      const [begin] = records("b", "s1");
      await append(log, records("a", "s1"));
      await append(log, [begin]);
      await log.close();
      const args = [CLI, "erase", "--session", "s1", "--store", place.store, "--json"];
      const { stdout } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", ...args]);
      const erased = { calls: 2, held: 0, examples: 0, specialists: [], certificates: [] };
      expect(JSON.parse(stdout.toString())).toEqual(erased);
      expect(callIds(store)).toEqual([]);
    }));
});
