import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Certificate, Example, Task } from "../core/index.ts";
import { openStore, type Store } from "./index.ts";
import type { SegmentBegin } from "./segments/types.ts";
import { sampleCall, withFolder } from "./testing.ts";

const nowMs = () => Date.UTC(2026, 2, 2);
const task = (id: string): Task => ({ id, name: id, kind: "label", variants: [], calls: 2, sessions: 2 });
const example = (callId: string, part: Example["part"]): Example =>
  ({
    callId,
    session: callId,
    at: null,
    part,
    input: { parts: [], tools: [] },
    answer: { type: "text", text: "" },
  }) as unknown as Example;

/** Calls a, b of task t1 and c, d of t2; specialist s1 learnt from a, its certificate is drawn from b; s2 from c. */
function filled(dir = ":memory:"): Store {
  const store = openStore({ dir, nowMs });
  store.calls.add([
    sampleCall("a", { session: "s1", origin: "u_jane" }),
    sampleCall("b", { session: "s2", origin: "u_jane", at: "2026-02-01T00:00:00.000Z" }),
    sampleCall("c", { session: "s1", origin: null, source: "gateway" }),
    sampleCall("d", { session: "s3", origin: "u_joe", at: null, source: "gateway" }),
  ]);
  const assignments = [
    ["a", "t1"],
    ["b", "t1"],
    ["c", "t2"],
    ["d", "t2"],
  ];
  store.tasks.replaceAll(
    [task("t1"), task("t2")],
    assignments.map(([callId, taskId]) => ({ callId, taskId, variantId: "v" })),
  );
  store.examples.replaceForTask("t1", [example("a", "train"), example("b", "certification")], []);
  store.examples.replaceForTask(
    "t2",
    [example("c", "train")],
    [{ callId: "d", taskId: "t2", reason: "repeated" }],
  );
  for (const [id, taskId] of [
    ["s1", "t1"],
    ["s2", "t2"],
  ]) {
    const described = { description: { kind: "closed-set", parameters: 1 }, info: {}, madeFrom: "m" };
    store.specialists.put(
      { id, taskId, family: "closed-set", attempt: 1, bytes: 1, ...described },
      Buffer.from("x"),
    );
    store.runs.put(`trained:${taskId}`, "last", { specialistId: id });
    store.runs.put(`curate:${taskId}`, "last", { madeFrom: "x", result: 1 });
  }
  store.certificates.put({
    taskId: "t1",
    specialistId: "s1",
    policyHash: "p1",
    verdict: "refused",
  } as Certificate & { specialistId: string });
  return store;
}

const ids = (store: Store): string[] => [...store.calls.iterate()].map(({ id }) => id).sort();

describe("erase()", () => {
  test.each([
    ["a session", { session: "s1" }, ["b", "d"]],
    ["an origin", { origin: "u_jane" }, ["c", "d"]],
    ["a time; calls without one stay", { beforeMs: Date.UTC(2026, 1, 15) }, ["a", "c", "d"]],
    ["a source", { source: "gateway" as const }, ["a", "b"]],
    ["both of two", { session: "s1", origin: "u_jane" }, ["b", "c", "d"]],
    ["nothing that is there", { session: "none" }, ["a", "b", "c", "d"]],
  ])("takes the calls of %s and leaves the rest as if they had never been", (_, filter, rest) => {
    const store = filled();
    const before = ids(store);
    expect(store.erase(filter).calls).toBe(before.length - rest.length);
    expect(ids(store)).toEqual(rest);
    const other = openStore({ dir: ":memory:", nowMs });
    other.calls.add([...store.calls.iterate()]);
    expect(store.calls.digest()).toBe(other.calls.digest());
    expect(store.calls.count()).toEqual(other.calls.count());
    // What was erased may come again, as any new call.
    expect(store.calls.add([sampleCall("a")]).conflicting).toEqual(rest.includes("a") ? ["a"] : []);
  });

  test("tells the specialists and certificates made from them, and drops their examples and tasks without calls", () => {
    const store = filled();
    expect(store.erase({ origin: "u_jane" })).toEqual({
      calls: 2,
      held: 0,
      examples: 2,
      specialists: [{ taskId: "t1", id: "s1" }],
      certificates: [{ taskId: "t1", policyHash: "p1" }],
    });
    expect(store.tasks.all().map(({ id }) => id)).toEqual(["t2"]);
    expect(store.examples.forTask("t1")).toEqual([]);
    expect(store.examples.forTask("t2")).toHaveLength(1);
    expect([store.runs.find("curate:t1", "last"), store.runs.find("curate:t2", "last")]).toEqual([
      undefined,
      { madeFrom: "x", result: 1 },
    ]);
    expect(store.specialists.get("s1")?.id).toBe("s1");
  });

  test("specialists.remove() takes certificates and memory of a specialist with it", () => {
    const store = filled();
    store.specialists.remove("t1", "s1");
    expect([store.specialists.get("s1"), store.certificates.forTask("t1")]).toEqual([null, []]);
    expect(store.runs.find("trained:t1", "last")).toBeUndefined();
    expect(store.specialists.get("s2")?.id).toBe("s2");
    expect(store.lineage("a")?.specialists).toEqual([]);
  });

  test("leaves of a call under way its id, and nothing of one that was put aside", () => {
    const store = filled();
    const begin = (callId: string, session: string): SegmentBegin => ({
      type: "begin",
      callId,
      session,
      atMs: 5,
      origin: null,
      protocol: "chat",
      facts: {},
      request: Buffer.from("q"),
    });
    const place = { writer: "w", number: 0, isFolded: false, calls: [], ended: [] };
    const [from, to] = [
      { offset: 4096, sequence: 0 },
      { offset: 8192, sequence: 1 },
    ];
    const aside = [begin("z", "s1"), begin("y", "s2")].map((one) => ({
      callId: one.callId,
      begin: one,
      reason: "bad-request",
      records: [one],
    }));
    store.recording.commit({ ...place, from, to, begun: [begin("x", "s1"), begin("w", "s2")], aside });
    expect(store.erase({ session: "s1" }).held).toBe(2);
    expect(store.recording.begun("x")).toBe("erased");
    expect(store.recording.begun("w")).toMatchObject({ callId: "w" });
    expect([...store.recording.aside()].map(({ callId }) => callId)).toEqual(["y"]);
  });

  test("leaves nothing of a call in the files of the store, not even sealed", () =>
    withFolder((dir) => {
      const store = filled(dir);
      const before = openStore({ dir, nowMs });
      const files = (): string =>
        readdirSync(dir)
          .filter((name) => name.startsWith("store.db"))
          .map((name) => readFileSync(join(dir, name)).toString("latin1"))
          .join();
      expect(files()).toContain("u_jane");
      before.close();
      store.erase({ origin: "u_jane" });
      expect(files()).not.toContain("u_jane");
      store.close();
    }));
});
