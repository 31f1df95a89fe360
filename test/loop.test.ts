import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importLogs } from "../src/collect/index.ts";
import { agrees, answerOf, silentLog, type Part } from "../src/core/index.ts";
import { createAssigner } from "../src/discover/index.ts";
import type { Report } from "../src/evaluate/index.ts";
import { certifyOne, convert, LOOP_DEFAULTS, type LoopOptions } from "../src/loop.ts";
import { LIST_PRICES } from "../src/models/index.ts";
import { attempt, candidateFor, decide, loadPolicy } from "../src/route/index.ts";
import { createFitPool, sameThread, type FitPool } from "../src/train/index.ts";
import { openStore, type Store } from "../src/store/index.ts";

// The main job on a part of the project's own sample log: the larger label task and the one-offs around it.
const LINES = 3000;
const folder = mkdtempSync(join(tmpdir(), "understudy-loop-"));
const log = join(folder, "log.jsonl");
const options: LoopOptions = {
  ...LOOP_DEFAULTS,
  epsilon: 0.1,
  prices: LIST_PRICES,
  pool: createFitPool(2),
  effects: { nowMs: () => 0, newId: (prefix) => prefix, log: silentLog },
  clockMs: () => 0,
};

async function turn(pool: FitPool): Promise<{ readonly store: Store; readonly report: Report }> {
  const store = openStore({ dir: ":memory:", nowMs: () => 0 });
  await importLogs(store, [log]);
  return { store, report: await convert(store, { ...options, pool }) };
}

let first: Awaited<ReturnType<typeof turn>>;
let second: Awaited<ReturnType<typeof turn>>;

beforeAll(async () => {
  const sample = gunzipSync(
    readFileSync(resolve(import.meta.dirname, "../samples/agent-log.jsonl.gz")),
  ).toString("utf8");
  const wanted = /ticket|"messages":\[\{"role":"user"/;
  const lines = sample.split("\n").filter((line) => wanted.test(line));
  writeFileSync(log, lines.slice(0, LINES).join("\n"));
  first = await turn(createFitPool(2));
  second = await turn(sameThread);
}, 300_000);

afterAll(() => {
  first.store.close();
  second.store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("convert()", () => {
  test("certifies a task of a real size", () => {
    expect(first.report.tasks.some(({ certificate }) => certificate?.verdict === "certified")).toBe(true);
    expect(first.report.certifiedShare).toBeGreaterThan(0);
  });

  test("says the same of the same calls, in threads or not", () => {
    expect(second.report).toEqual(first.report);
  });

  test("finds its work done when run again", async () => {
    expect(await convert(first.store, options)).toEqual(first.report);
  });

  test("does not certify under another split than the one trained on", async () => {
    const task = first.store.tasks.all().find(({ id }) => first.store.certificates.latest().has(id));
    await expect(
      task === undefined ? null : certifyOne(first.store, task, { ...options, seed: 2 }),
    ).rejects.toThrow(/trained under seed 1/);
  });

  test("never has a session in two parts", () => {
    const parts = new Map<string, Set<Part>>();
    for (const task of first.store.tasks.all()) {
      for (const { session, part } of first.store.examples.forTask(task.id))
        parts.set(session, (parts.get(session) ?? new Set()).add(part));
    }
    expect([...parts.values()].filter((seen) => seen.size > 1)).toEqual([]);
  });

  test("makes of every call of a task an example or a drop", () => {
    for (const task of first.store.tasks.all()) {
      const { train, calibration, certification } = first.store.examples.countByPart(task.id);
      const dropped = first.store.examples.dropCounts(task.id).reduce((sum, { calls }) => sum + calls, 0);
      expect([task.name, train + calibration + certification + dropped]).toEqual([task.name, task.calls]);
    }
  });

  test("serves what it certified: the sample's n and k come out again through the gateway's own decision", async () => {
    const { store, report } = first;
    const policy = await loadPolicy(store);
    const assign = createAssigner(store.tasks.all());
    const certified = report.tasks.find(({ certificate }) => certificate?.verdict === "certified");
    const ids = store.examples.forTask(certified?.id ?? "", ["certification"]).map(({ callId }) => callId);
    let [n, k] = [0, 0];
    for (const { request, response } of store.calls.iterate({ ids })) {
      const assignment = assign(request);
      const candidate = candidateFor(policy, request, assignment);
      if (!("entry" in candidate) || assignment === null || response === null) continue;
      const decision = decide(
        candidate.entry,
        request,
        await attempt(candidate.entry.model, assignment.input),
      );
      if (decision.servedBy !== "specialist") continue;
      n += 1;
      if (!agrees(decision.answer, answerOf(response.message))) k += 1;
    }
    expect([n, k]).toEqual([certified?.certificate?.n, certified?.certificate?.k]);
  });
});
