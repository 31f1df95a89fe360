import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainStyle, type Call, type Example, type Task } from "../core/index.ts";
import { families, loadSpecialist, readSavedSpecialist } from "../models/index.ts";
import { openStore } from "../store/index.ts";
import { sameThread, trainStep } from "../train/index.ts";
import { exportSpecialistFolder } from "./specialist.ts";

const TASK: Task = { id: "t", name: "triage", kind: "label", variants: [], calls: 80, sessions: 80 };
const EXAMPLES: Example[] = Array.from({ length: 80 }, (_, at) => ({
  callId: `c${at}`,
  taskId: "t",
  session: `s${at}`,
  at: null,
  part: at < 60 ? "train" : "calibration",
  input: {
    parts: [{ role: "user", text: at % 2 === 0 ? `my card ${at} is lost` : `top up ${at}` }],
    tools: [],
  },
  answer: { type: "text", text: at % 2 === 0 ? "card" : "top-up" },
}));
const CALLS: Call[] = EXAMPLES.map(({ callId, session }) => ({
  id: callId,
  session,
  at: null,
  origin: null,
  source: "import",
  request: { model: "m", messages: [] },
  response: null,
  status: 200,
  error: null,
  latencyMs: null,
  usage: { inputTokens: null, outputTokens: null },
  servedBy: "provider",
  taskId: null,
  foreign: {},
}));

const folder = mkdtempSync(join(tmpdir(), "understudy-specialist-"));
const store = openStore({ dir: ":memory:", nowMs: () => 0 });
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

beforeAll(async () => {
  store.calls.add(CALLS);
  store.tasks.replaceAll([TASK, { ...TASK, id: "u", name: "none" }], []);
  store.examples.replaceForTask("t", EXAMPLES, []);
  const closedSet = families.filter(({ kind }) => kind === "closed-set");
  await trainStep(store, {
    task: TASK,
    plan: { action: "train", families: closedSet },
    style: plainStyle,
    form: null,
    pool: sameThread,
    seed: 1,
    clockMs: () => 0,
  });
});

test("exportSpecialistFolder() writes a folder that answers as the store's specialist does", async () => {
  const out = join(folder, "triage");
  const exported = await exportSpecialistFolder(store, ["triage"], { out });
  expect(exported).toMatchObject({ task: "t", kind: "closed-set", checked: 50 });
  const read = readSavedSpecialist(out);
  expect(read.id).toBe(exported.specialist);
  expect(read.training).toMatchObject({ seed: 1, trainExamples: 60 });
  const model = await loadSpecialist(read);
  const { answer } = await model.respond({ parts: [{ role: "user", text: "the card is lost" }], tools: [] });
  expect(answer).toEqual({ type: "text", text: "card" });
});

test.each([
  ["no folder", ["triage"], {}, /name a new folder with --out DIR/],
  ["two tasks", ["triage", "none"], { out: join(folder, "x") }, /name one task, 2 were given/],
  ["an unknown task", ["nobody"], { out: join(folder, "x") }, /Cannot find task "nobody"/],
  ["a task without a specialist", ["none"], { out: join(folder, "x") }, /it has none/],
])("exportSpecialistFolder() refuses %s in a line", async (_, tasks, flags, line) => {
  await expect(exportSpecialistFolder(store, tasks, flags)).rejects.toThrow(line);
});
