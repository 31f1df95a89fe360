import { describe, expect, test } from "vitest";
import type { Certificate, Example, Task } from "../core/index.ts";
import { openStore, type SpecialistRow, type Store } from "./index.ts";
import { sampleCall, withFolder } from "./testing.ts";

// Every implementation of Store passes the same suite; another one joins with a line here.
const implementations: readonly { name: string; within: (work: (store: Store) => void) => void }[] = [
  { name: "embedded, in memory", within: (work) => closing(":memory:", work) },
  { name: "embedded, in a folder", within: (work) => withFolder((dir) => closing(dir, work)) },
];

const nowMs = () => Date.UTC(2026, 2, 2);
const later = "2026-03-02T00:00:01Z";
const task: Task = {
  id: "t1",
  name: "tickets",
  kind: "label",
  variants: [],
  calls: 2,
  sessions: 2,
};
const specialist: SpecialistRow = {
  id: "a1",
  taskId: "t1",
  family: "closed-set",
  attempt: 1,
  bytes: 3,
  description: { kind: "closed-set", parameters: 8 },
  info: { accuracy: 0.5 },
  madeFrom: "m1",
};
const certificate: Certificate & { specialistId: string } = {
  taskId: "t1",
  specialistId: "a1",
  policyHash: "p1",
  epsilon: 0.02,
  delta: 0.05,
  n: 0,
  k: 0,
  sample: 9,
  threshold: null,
  coverage: 0,
  bestCoverage: null,
  upper: null,
  verdict: "inconclusive",
  needs: 200,
  reason: "Too few calls",
  window: null,
  attempt: 1,
  latencyMsP50: null,
};

function closing(dir: string, work: (store: Store) => void): void {
  const store = openStore({ dir, nowMs });
  try {
    work(store);
  } finally {
    store.close();
  }
}

function sampleExample(callId: string, part: Example["part"]): Example {
  const input = { parts: [{ role: "user" as const, text: "masked" }], tools: [] };
  return { callId, taskId: "t1", session: "s", at: null, part, input, answer: { type: "text", text: "yes" } };
}

const ids = (calls: Iterable<{ readonly id: string }>): string[] => [...calls].map(({ id }) => id);

for (const { name, within } of implementations) {
  describe(`calls, ${name}`, () => {
    test("add() and get() give back the call, fields not ours included", () => {
      within((store) => {
        const call = sampleCall("a", { foreign: { tags: ["x", { é: null }] }, error: { code: "x" } });
        store.calls.add([call]);
        expect(store.calls.get("a")).toEqual(call);
      });
    });
    test("get() of an unknown id is null", () => {
      within((store) => expect(store.calls.get("a")).toBeNull());
    });
    test("add() counts the same content as repeated, within a batch and after", () => {
      within((store) => {
        const first = store.calls.add([sampleCall("a"), sampleCall("a"), sampleCall("b")]);
        const again = store.calls.add([sampleCall("b")]);
        expect([first, again]).toEqual([
          { taken: 2, repeated: 1, conflicting: [] },
          { taken: 0, repeated: 1, conflicting: [] },
        ]);
      });
    });
    test("add() does not look at key order, source, latency or tokens to find a repetition", () => {
      within((store) => {
        store.calls.add([sampleCall("a", { foreign: { x: 1, y: 2 } })]);
        const usage = { inputTokens: 8, outputTokens: 9 };
        const other = sampleCall("a", { foreign: { y: 2, x: 1 }, source: "gateway", latencyMs: null, usage });
        expect(store.calls.add([other]).repeated).toBe(1);
      });
    });
    test("add() reports another content of an id as conflicting and keeps the old", () => {
      within((store) => {
        store.calls.add([sampleCall("a")]);
        const result = store.calls.add([sampleCall("a", { response: null }), sampleCall("b")]);
        expect(result).toEqual({ taken: 1, repeated: 0, conflicting: ["a"] });
        expect(store.calls.get("a")).toEqual(sampleCall("a"));
      });
    });
    test("add() takes nothing of a batch that fails", () => {
      within((store) => {
        const broken = sampleCall("b", { foreign: { big: 1n } });
        const empty = store.calls.digest();
        expect(() => store.calls.add([sampleCall("a"), broken])).toThrow(TypeError);
        expect([store.calls.count().calls, store.calls.digest()]).toEqual([0, empty]);
        expect(store.calls.add([sampleCall("a")]).taken).toBe(1);
        expect(store.calls.get("a")).toEqual(sampleCall("a"));
      });
    });
    test("iterate() goes by time whatever its precision, then id, those without a time first", () => {
      within((store) => {
        const times = {
          e: "2026-03-02T00:00:01.500Z",
          d: later,
          c: later,
          b: null,
          a: "2026-03-02T00:00:02Z",
        };
        store.calls.add(Object.entries(times).map(([id, at]) => sampleCall(id, { at })));
        expect(ids(store.calls.iterate())).toEqual(["b", "c", "d", "e", "a"]);
        expect(ids(store.calls.iterateMeta())).toEqual(["b", "c", "d", "e", "a"]);
      });
    });
    test("iterate() filters by ids and source, in the same order, unknown ids left out", () => {
      within((store) => {
        store.calls.add([sampleCall("b"), sampleCall("a"), sampleCall("c", { source: "gateway" })]);
        expect(ids(store.calls.iterate({ ids: ["c", "x", "b", "a"] }))).toEqual(["a", "b", "c"]);
        expect(ids(store.calls.iterate({ ids: ["c", "b"], source: "import" }))).toEqual(["b"]);
        expect(ids(store.calls.iterate({ source: "gateway" }))).toEqual(["c"]);
        expect(ids(store.calls.iterateMeta({ source: "import" }))).toEqual(["a", "b"]);
      });
    });
    test("iterate() over more than one page gives every call once while others are added", () => {
      within((store) => {
        const many = Array.from({ length: 600 }, (_, n) => sampleCall(`a${String(n).padStart(4, "0")}`));
        store.calls.add(many);
        const seen: string[] = [];
        for (const { id } of store.calls.iterate()) {
          if (seen.push(id) === 300) store.calls.add([sampleCall("A"), sampleCall("z")]);
        }
        expect(seen).toEqual([...ids(many), "z"]);
      });
    });
    test("iterateMeta() gives the metadata of the calls", () => {
      within((store) => {
        store.calls.add([
          sampleCall("a", { response: null, status: 500, servedBy: "specialist", taskId: "t1" }),
        ]);
        expect([...store.calls.iterateMeta()]).toEqual([
          {
            id: "a",
            session: "session of a",
            at: "2026-03-02T00:00:00.000Z",
            origin: "u_aaaaaaaaaaaa",
            source: "import",
            model: "gpt-4o",
            status: 500,
            finishReason: null,
            inputTokens: 7,
            outputTokens: null,
            latencyMs: 12.5,
            servedBy: "specialist",
            taskId: "t1",
          },
        ]);
      });
    });
    test("count() counts calls and distinct sessions", () => {
      within((store) => {
        store.calls.add([
          sampleCall("a", { session: "s" }),
          sampleCall("b", { session: "s" }),
          sampleCall("c"),
        ]);
        expect(store.calls.count()).toEqual({ calls: 3, sessions: 2 });
      });
    });
    test("digest() tells sets of calls and sources apart", () => {
      within((store) => {
        const digests = [store.calls.digest()];
        store.calls.add([sampleCall("a")]);
        digests.push(store.calls.digest());
        store.calls.add([sampleCall("b", { source: "gateway" })]);
        digests.push(store.calls.digest(), store.calls.digest({ source: "gateway" }));
        expect(new Set(digests).size).toBe(4);
        expect(store.calls.digest({ source: "import" })).toBe(digests[1]);
      });
    });
    test("digest() is the same after a repeated and a conflicting call", () => {
      within((store) => {
        store.calls.add([sampleCall("a")]);
        const before = store.calls.digest();
        store.calls.add([sampleCall("a"), sampleCall("a", { status: 500 })]);
        expect(store.calls.digest()).toBe(before);
      });
    });
  });

  describe(`what is made of calls, ${name}`, () => {
    test("tasks.replaceAll() replaces tasks and assignments", () => {
      within((store) => {
        store.calls.add([sampleCall("a", { at: later }), sampleCall("b")]);
        store.tasks.replaceAll([task], [{ callId: "a", taskId: "t1", variantId: "v0" }]);
        const rows = ["a", "b"].map((callId) => ({ callId, taskId: "t2", variantId: "v1" }));
        const tasks = [
          { ...task, id: "t3" },
          { ...task, id: "t2" },
        ];
        store.tasks.replaceAll(tasks, rows);
        expect(store.tasks.all()).toEqual(tasks);
        expect(store.tasks.callIds("t2")).toEqual(["b", "a"]);
        expect([...store.tasks.iterateAssignments()]).toEqual([rows[1], rows[0]]);
      });
    });
    test("tasks.replaceAll() with an unknown call or task changes nothing", () => {
      within((store) => {
        store.calls.add([sampleCall("a")]);
        store.tasks.replaceAll([task], []);
        const replace = (callId: string, taskId: string) => () =>
          store.tasks.replaceAll([], [{ callId, taskId, variantId: "v" }]);
        expect(replace("x", "t1")).toThrow(RangeError);
        expect(replace("a", "t9")).toThrow();
        expect(store.tasks.all()).toEqual([task]);
      });
    });
    test("examples.replaceForTask() replaces those of the task only", () => {
      within((store) => {
        store.calls.add([sampleCall("a"), sampleCall("b"), sampleCall("c")]);
        const [a, b, c] = [
          sampleExample("a", "train"),
          sampleExample("b", "certification"),
          sampleExample("c", "train"),
        ];
        store.examples.replaceForTask("t1", [a], [{ callId: "b", taskId: "t1", reason: "failed" }]);
        store.examples.replaceForTask("t0", [], [{ callId: "c", taskId: null, reason: "no-task" }]);
        store.examples.replaceForTask("t1", [c, b], [{ callId: "a", taskId: "t1", reason: "truncated" }]);
        expect(store.examples.forTask("t1")).toEqual([b, c]);
        expect(store.examples.forTask("t1", ["train", "calibration"])).toEqual([c]);
        expect(store.examples.countByPart("t1")).toEqual({ train: 1, calibration: 0, certification: 1 });
        expect(store.examples.dropCounts("t1")).toEqual([{ reason: "truncated", calls: 1 }]);
        expect(store.examples.dropCounts()).toEqual([
          { reason: "no-task", calls: 1 },
          { reason: "truncated", calls: 1 },
        ]);
      });
    });
    test("specialists.put() keeps row and artifact, also one artifact for two tasks", () => {
      within((store) => {
        const second = { ...specialist, taskId: "t2", attempt: 2 };
        store.specialists.put(specialist, Uint8Array.of(1, 2, 3));
        store.specialists.put(second, Uint8Array.of(1, 2, 3));
        expect(store.specialists.forTask("t1")).toEqual([specialist]);
        expect(store.specialists.get("a1")).toEqual(second);
        expect([...store.specialists.artifact("a1")]).toEqual([1, 2, 3]);
      });
    });
    test("specialists.artifact() of an unknown id is not-found, get() is null", () => {
      within((store) => {
        expect(() => store.specialists.artifact("x")).toThrow(expect.objectContaining({ code: "not-found" }));
        expect(store.specialists.get("x")).toBeNull();
      });
    });
    test("certificates.latest() gives the newest of each task, forTask() all", () => {
      within((store) => {
        store.specialists.put(specialist, new Uint8Array());
        const newer = { ...certificate, attempt: 2, policyHash: "p2" };
        store.certificates.put(certificate);
        store.certificates.put(newer);
        expect(store.certificates.latest()).toEqual(new Map([["t1", newer]]));
        expect(store.certificates.forTask("t1")).toEqual([certificate, newer]);
      });
    });
    test("certificates.put() refuses one without its specialist", () => {
      within((store) => expect(() => store.certificates.put(certificate)).toThrow(RangeError));
    });
    test("lineage() follows a call to its example, specialists and certificates, also after a replacement", () => {
      within((store) => {
        store.calls.add([sampleCall("a"), sampleCall("b")]);
        store.examples.replaceForTask(
          "t1",
          [sampleExample("a", "train"), sampleExample("b", "certification")],
          [],
        );
        store.specialists.put(specialist, new Uint8Array());
        store.certificates.put(certificate);
        store.examples.replaceForTask("t1", [sampleExample("a", "calibration")], []);
        const examples = [{ taskId: "t1", part: "calibration" }];
        expect(store.lineage("a")).toEqual({ examples, specialists: ["a1"], certificates: [] });
        expect(store.lineage("b")).toEqual({ examples: [], specialists: [], certificates: ["p1"] });
        expect(store.lineage("x")).toBeNull();
      });
    });
    test("runs.find() gives the last result put, undefined when there is none", () => {
      within((store) => {
        store.runs.put("curate", "m1", { n: 1 });
        store.runs.put("curate", "m1", [null]);
        expect([store.runs.find("curate", "m1"), store.runs.find("train", "m1")]).toEqual([
          [null],
          undefined,
        ]);
      });
    });
    test("accessKeys.change() moves the version and keeps what it does not name", () => {
      within((store) => {
        const secretHash = Buffer.alloc(32, 7);
        const key = {
          id: "k1",
          secretHash,
          name: "app",
          role: "ingest",
          models: ["m*"],
          madeAt: later,
          expiresAt: null,
          replaces: null,
        };
        store.accessKeys.add(key);
        const version = store.accessKeys.version();
        store.accessKeys.change("k1", { revokedAt: later });
        store.accessKeys.noteUse(["k1"], later);
        expect(store.accessKeys.version()).toBe(version + 1);
        const [read] = store.accessKeys.all().keys;
        expect({ ...read, secretHash: Buffer.from(read.secretHash) }).toEqual({
          ...key,
          revokedAt: later,
          lastUsedAt: later,
        });
        expect(store.accessKeys.change("k2", {})).toBeNull();
      });
    });
    test("audit.iterate() gives the entries in the order appended, and verify() finds nothing", () => {
      within((store) => {
        expect(store.audit.verify()).toEqual({ head: { entries: 0, mac: "" }, problems: [] });
        for (const action of ["a", "b", "c"])
          store.audit.append({ actor: "cli:me", action, detail: { n: 1 } });
        expect([...store.audit.iterate()].map(({ number, action }) => [number, action])).toEqual([
          [1, "a"],
          [2, "b"],
          [3, "c"],
        ]);
        const { head, problems } = store.audit.verify();
        expect([head.entries, problems]).toEqual([3, []]);
        expect(store.audit.verify(head).problems).toEqual([]);
      });
    });
    test("checkWritable() passes on a store that takes writes", () => {
      within((store) => expect(() => store.checkWritable()).not.toThrow());
    });
    test("ledger.all() gives the entries in the order appended", () => {
      within((store) => {
        const entries = [2, 1].map((n) => ({ at: `2026-03-0${n}`, event: "task-found", detail: { n } }));
        for (const entry of entries) store.ledger.append(entry);
        expect(store.ledger.all()).toEqual(entries);
      });
    });
    test("ledger.lastErasure() grows with erasures that someone asked for, not with those by age", () => {
      within((store) => {
        const seen = [store.ledger.lastErasure(0)];
        for (const [name, value] of [
          ["session", "s"],
          ["why", "keepDays"],
          ["origin", "o"],
        ]) {
          store.ledger.append({ at: "2026-03-01", event: "calls-erased", detail: { [name]: value } });
          seen.push(store.ledger.lastErasure(seen[seen.length - 1]));
        }
        store.ledger.append({ at: "2026-03-01", event: "task-found", detail: {} });
        expect([...seen, store.ledger.lastErasure(3)]).toEqual([0, 1, 1, 3, 3]);
      });
    });
    test("pseudonym() is stable, short, and another for another kind or value", () => {
      within((store) => {
        const names = [
          store.pseudonym("user", "ann"),
          store.pseudonym("client", "ann"),
          store.pseudonym("user", "bob"),
        ];
        expect(store.pseudonym("user", "ann")).toBe(names[0]);
        expect(
          names.map((name) => name.slice(2)).filter((rest, n, all) => all.indexOf(rest) === n),
        ).toHaveLength(3);
        expect(names[0]).toMatch(/^u_[a-z2-7]{12}$/);
      });
    });
    test("pseudonym() is another in another store", () => {
      within((store) =>
        within((other) => expect(other.pseudonym("user", "ann")).not.toBe(store.pseudonym("user", "ann"))),
      );
    });
  });
}
