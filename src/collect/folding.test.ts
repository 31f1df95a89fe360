import { describe, expect, test } from "vitest";
import { silentLog } from "../core/index.ts";
import { openSegmentLog, openStore, segmentsFolderOf } from "../store/index.ts";
import { append } from "../store/segments/testing.ts";
import { sampleCall, withFolder } from "../store/testing.ts";
import { startFolding } from "./folding.ts";

const nowMs = (): number => Date.now();
const request = Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] }));
const begin = (callId: string) =>
  ({
    type: "begin",
    callId,
    atMs: nowMs(),
    session: "s",
    origin: null,
    protocol: "chat",
    facts: {},
    request,
  }) as const;

describe("startFolding()", () => {
  test(
    "folds in a thread while the log is written, and erases what is too old",
    () =>
      withFolder(async (dir) => {
        const store = openStore({ dir, nowMs });
        const [old, recent] = ["2026-01-01T00:00:00.000Z", new Date(nowMs()).toISOString()];
        store.calls.add([
          sampleCall("old", { at: old, source: "gateway" }),
          sampleCall("imported", { at: old }),
          sampleCall("recent", { at: recent, source: "gateway" }),
        ]);
        const log = await openSegmentLog({ dir: segmentsFolderOf(dir), keys: store.segmentKeys, nowMs });
        expect(await append(log, [begin("a")])).toBeNull();
        const folding = startFolding({ dir, nowMs, log: silentLog, keepDays: 30 });
        const untilMs = nowMs() + 50_000;
        while (folding.stats().lastMs === null && nowMs() < untilMs) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        expect(folding.stats().lastMs).not.toBeNull();
        expect(store.recording.counts()).toEqual({ open: 1, aside: 0 });
        expect([...store.calls.iterate()].map(({ id }) => id)).toEqual(["imported", "recent"]);
        expect(store.ledger.all()).toEqual([
          expect.objectContaining({ event: "calls-erased", detail: expect.objectContaining({ calls: 1 }) }),
        ]);
        await log.close();
        await folding.close();
        expect(folding.stats()).toMatchObject({ calls: 1, failures: 0 });
        store.close();
      }),
    60_000,
  );

  test("a store that cannot be opened is told in the log, and stops no one", () =>
    withFolder(async (dir) => {
      const store = openStore({ dir, nowMs });
      const log = await openSegmentLog({ dir: segmentsFolderOf(dir), keys: store.segmentKeys, nowMs });
      const told: string[] = [];
      const warn = (line: { readonly event: string; readonly code?: unknown }): void =>
        void told.push(`${line.event} ${String(line.code)}`);
      const folding = startFolding({ dir, key: Buffer.alloc(32, 7), nowMs, log: { ...silentLog, warn } });
      await log.close();
      await folding.close();
      expect(told).toEqual(["folding-failed key-unreadable"]);
      store.close();
    }));
});
