import { beforeAll, describe, expect, test } from "vitest";
import { plainStyle, type Certificate, type Json, type Task } from "../core/index.ts";
import { familyOf, policyHashOf } from "../models/index.ts";
import { openStore, type SpecialistRow, type Store } from "../store/index.ts";
import { closePolicy, emptyPolicy, loadPolicy, versionOf, type Policy } from "./policy.ts";

const TASK: Task = {
  id: "task_ticket",
  name: "ticket",
  kind: "label",
  variants: [
    {
      id: "v1",
      toolsHash: null,
      formatHash: null,
      models: ["m"],
      templates: [{ role: "system", lines: ["Name the kind of ticket."], patterns: [], maxExtraLines: 0 }],
      calls: 10,
      firstAt: null,
      lastAt: null,
    },
  ],
  calls: 10,
  sessions: 10,
};
const INFO: { readonly [field: string]: Json } = { calibration: { kind: "none" }, style: plainStyle };
const ROW: SpecialistRow = {
  id: "a".repeat(64),
  taskId: TASK.id,
  family: "closed-set",
  attempt: 1,
  bytes: 1,
  description: { kind: "closed-set", parameters: 1 },
  info: INFO,
  madeFrom: "m",
};
const CERTIFICATE: Certificate & { readonly specialistId: string } = {
  taskId: TASK.id,
  specialistId: ROW.id,
  policyHash: policyHashOf(ROW.id, INFO, TASK),
  epsilon: 0.02,
  delta: 0.05,
  n: 200,
  k: 0,
  sample: 200,
  threshold: 0.5,
  coverage: 1,
  bestCoverage: null,
  upper: 0.015,
  verdict: "certified",
  needs: null,
  reason: "",
  window: null,
  attempt: 1,
  latencyMsP50: null,
};

let artifact: Uint8Array;
beforeAll(async () => {
  const examples = Array.from({ length: 40 }, (_, at) => ({
    input: {
      parts: [
        { role: "user" as const, text: at % 2 === 0 ? `my card is lost ${at}` : `top up failed ${at}` },
      ],
      tools: [],
    },
    answer: { type: "text" as const, text: at % 2 === 0 ? "lost_card" : "top_up" },
  }));
  artifact = (await familyOf("closed-set")?.fit(examples, { seed: 1 })) ?? new Uint8Array();
});

function storeWith(certificate: typeof CERTIFICATE, row: SpecialistRow, bytes = artifact): Store {
  const store = openStore({ dir: ":memory:", nowMs: () => 0 });
  store.tasks.replaceAll([TASK], []);
  store.specialists.put(row, bytes);
  store.certificates.put(certificate);
  return store;
}

describe("loadPolicy()", () => {
  test("lets a certified specialist answer, at the certified threshold", async () => {
    const policy = await loadPolicy(storeWith(CERTIFICATE, ROW));
    const entry = policy.entries.get(TASK.id);
    expect(policy.problems).toEqual([]);
    expect(entry).toMatchObject({ taskName: "ticket", specialistId: ROW.id, threshold: 0.5 });
    expect(
      entry?.model.respond({ parts: [{ role: "user", text: "the card is lost" }], tools: [] }),
    ).toMatchObject({
      answer: { type: "text", text: "lost_card" },
    });
  });

  test("keeps what is loaded where the specialist is the same", async () => {
    const store = storeWith(CERTIFICATE, ROW);
    const before = await loadPolicy(store);
    const after = await loadPolicy(store, before);
    expect(after.entries.get(TASK.id)?.model).toBe(before.entries.get(TASK.id)?.model);
  });

  test.each(["refused", "inconclusive"] as const)(
    "lets no specialist answer by a verdict of %s",
    async (verdict) => {
      const store = storeWith({ ...CERTIFICATE, verdict, threshold: null }, ROW);
      expect((await loadPolicy(store)).entries.size).toBe(0);
    },
  );

  test("takes a certificate of another policy for void, and says so", async () => {
    const policy = await loadPolicy(storeWith({ ...CERTIFICATE, policyHash: "other" }, ROW));
    expect(policy.entries.size).toBe(0);
    expect(policy.problems).toMatchObject([{ taskId: TASK.id, message: expect.stringContaining("is void") }]);
  });

  test("makes a specialist that cannot be loaded a problem of its task", async () => {
    const policy = await loadPolicy(storeWith(CERTIFICATE, ROW, new Uint8Array([1, 2, 3])));
    expect([policy.entries.size, policy.problems.length]).toEqual([0, 1]);
  });
});

test("versionOf() changes with the certificates and the tasks, and else not", () => {
  const store = storeWith(CERTIFICATE, ROW);
  const first = versionOf(store);
  const same = versionOf(store);
  store.certificates.put({ ...CERTIFICATE, verdict: "refused", threshold: null });
  const refused = versionOf(store);
  store.tasks.replaceAll([], []);
  expect(same).toBe(first);
  expect(new Set([first, refused, versionOf(store), emptyPolicy.version]).size).toBe(4);
});

test("closePolicy() frees the specialists that the successor does not use", async () => {
  const { entries } = await loadPolicy(storeWith(CERTIFICATE, ROW));
  const [entry] = entries.values();
  const closed: string[] = [];
  const policyOf = (...names: string[]): Policy => ({
    ...emptyPolicy,
    entries: new Map(names.map((name) => [name, { ...entry, model: models[name] }])),
  });
  const modelNamed = (name: string): typeof entry.model => ({
    ...entry.model,
    close: async () => void closed.push(name),
  });
  const models: Record<string, typeof entry.model> = { a: modelNamed("a"), b: modelNamed("b") };
  await closePolicy(policyOf("a", "b"), policyOf("b"));
  const first = [...closed];
  await closePolicy(policyOf("b"));
  expect([first, closed]).toEqual([["a"], ["a", "b"]]);
});
