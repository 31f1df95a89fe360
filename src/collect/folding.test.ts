import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { silentLog, type Log } from "../core/index.ts";
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

/** A log, and what it was warned of. */
function telling(): { readonly told: readonly string[]; readonly log: Log } {
  const told: string[] = [];
  const warn: Log["warn"] = ({ event, code }) => void told.push(`${event} ${String(code)}`);
  return { told, log: { ...silentLog, warn } };
}

/** Processes that fold for this one. */
function foldersOf(pid: number): number[] {
  // Of each of its threads.
  const children = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"),
  );
  return [...children.join(" ").matchAll(/\d+/g)]
    .map(([digits]) => Number(digits))
    .filter((child) => isAlive(child) && commandOf(child).includes("fold-process"));
}

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");

/** A zombie is not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = nowMs() + 50_000;
  while (!isSo()) {
    if (nowMs() > endMs) throw new Error("it never came");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("startFolding()", () => {
  test(
    "folds in another process while the log is written, and erases what is too old",
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

  test.skipIf(process.platform !== "linux")(
    "a process that folds and is killed is replaced, and told of",
    () =>
      withFolder(async (dir) => {
        const store = openStore({ dir, nowMs });
        const log = await openSegmentLog({ dir: segmentsFolderOf(dir), keys: store.segmentKeys, nowMs });
        const { told, log: warnings } = telling();
        const folding = startFolding({ dir, nowMs, log: warnings });
        expect(await append(log, [begin("a")])).toBeNull();
        await until(() => store.recording.counts().open === 1);
        const [child, ...others] = foldersOf(process.pid);
        expect(others).toEqual([]);
        process.kill(child, "SIGKILL");
        await until(() => folding.stats().failures === 1);
        expect(await append(log, [begin("b")])).toBeNull();
        await until(() => store.recording.counts().open === 2);
        expect(foldersOf(process.pid)).not.toContain(child);
        await log.close();
        await folding.close();
        expect(foldersOf(process.pid)).toEqual([]);
        expect(told).toEqual(["folding-failed process-died"]);
        expect([...store.calls.iterate()].map(({ id }) => id).toSorted()).toEqual(["a", "b"]);
        store.close();
      }),
    60_000,
  );

  test.skipIf(process.platform !== "linux")(
    "the process that folds ends with the one that started it, however that ends",
    () =>
      withFolder(async (dir) => {
        const store = openStore({ dir, nowMs });
        const log = await openSegmentLog({ dir: segmentsFolderOf(dir), keys: store.segmentKeys, nowMs });
        expect(await append(log, [begin("a")])).toBeNull();
        const script = `
          import { startFolding } from ${JSON.stringify(new URL("./folding.ts", import.meta.url).href)};
          const log = { info() {}, warn() {}, error() {} };
          startFolding({ dir: ${JSON.stringify(dir)}, nowMs: () => Date.now(), log });
          setInterval(() => {}, 1000);`;
        const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
        const parent = spawn(process.execPath, args, { stdio: "inherit" });
        await until(() => store.recording.counts().open === 1);
        const [child] = foldersOf(parent.pid!);
        expect(isAlive(child)).toBe(true);
        parent.kill("SIGKILL");
        await until(() => !isAlive(child));
        await log.close();
        store.close();
      }),
    60_000,
  );

  test(
    "a process that has nothing left to do but to close the folding closes it",
    () =>
      withFolder(async (dir) => {
        const store = openStore({ dir, nowMs });
        const log = await openSegmentLog({ dir: segmentsFolderOf(dir), keys: store.segmentKeys, nowMs });
        expect(await append(log, [begin("a")])).toBeNull();
        await log.close();
        store.close();
        const script = `
        import { startFolding } from ${JSON.stringify(new URL("./folding.ts", import.meta.url).href)};
        const log = { info() {}, warn() {}, error() {} };
        const folding = startFolding({ dir: ${JSON.stringify(dir)}, nowMs: () => Date.now(), log });
        await new Promise((resolve) => {
          const timer = setInterval(() => {
            if (folding.stats().lastMs === null) return;
            clearInterval(timer);
            resolve();
          }, 20);
        });
        await folding.close();
        process.stdout.write("closed");`;
        const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
        const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
        let said = "";
        child.stdout.on("data", (chunk) => (said += String(chunk)));
        const [code] = (await once(child, "close")) as [number | null];
        expect([said, code]).toEqual(["closed", 0]);
      }),
    60_000,
  );

  test("a store that cannot be opened is told in the log, and stops no one", () =>
    withFolder(async (dir) => {
      const store = openStore({ dir, nowMs });
      const log = await openSegmentLog({ dir: segmentsFolderOf(dir), keys: store.segmentKeys, nowMs });
      const { told, log: warnings } = telling();
      const folding = startFolding({ dir, key: Buffer.alloc(32, 7), nowMs, log: warnings });
      await log.close();
      await folding.close();
      expect(told).toEqual(["folding-failed key-unreadable"]);
      store.close();
    }));
});
