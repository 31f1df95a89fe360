import { expect, test } from "vitest";
import {
  plainStyle,
  type Call,
  type Example,
  type FitOptions,
  type SpecialistFamily,
  type Task,
  type TaskForm,
} from "../core/index.ts";
import { openStore } from "../store/index.ts";
import { sameThread } from "./pool.ts";
import { trainStep, type TrainStep } from "./step.ts";

const TASK: Task = { id: "t", name: "t", kind: "json", variants: [], calls: 40, sessions: 40 };
const EXAMPLES: Example[] = Array.from({ length: 40 }, (_, at) => ({
  callId: `c${at}`,
  taskId: "t",
  session: `s${at}`,
  at: null,
  part: at < 30 ? "train" : "calibration",
  input: { parts: [{ role: "user", text: String(at) }], tools: [] },
  answer: { type: "json", value: { at: at % 2 } },
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
const formWith = (type: string): TaskForm => ({ schema: { type }, tools: [] });

/** A family that notes what it is given to fit with. */
function noting(given: FitOptions[]): SpecialistFamily {
  return {
    kind: "noting",
    rank: 1,
    suits: () => true,
    fit: async (_, options) => {
      given.push(options);
      return new Uint8Array([1]);
    },
    load: () => ({
      description: { kind: "noting", parameters: 0 },
      predict: () => ({ answer: { type: "json", value: null }, score: 0 }),
    }),
  };
}

test("trainStep() trains again when a family starts from another base, and not when it stays", async () => {
  const store = openStore({ dir: ":memory:", nowMs: () => 0 });
  store.calls.add(CALLS);
  store.tasks.replaceAll([TASK], []);
  store.examples.replaceForTask("t", EXAMPLES, []);
  const given: FitOptions[] = [];
  for (const base of ["one", "one", "two"]) {
    const family = { ...noting(given), startsFrom: async () => base };
    const plan = { action: "train" as const, families: [family] };
    await trainStep(store, {
      task: TASK,
      plan,
      style: plainStyle,
      form: null,
      pool: sameThread,
      seed: 1,
      clockMs: () => 0,
    });
  }
  store.close();
  expect(given).toHaveLength(4);
});

test("trainStep() hands the form on, trains again when it changes, and not when it stays", async () => {
  const store = openStore({ dir: ":memory:", nowMs: () => 0 });
  store.calls.add(CALLS);
  store.tasks.replaceAll([TASK], []);
  store.examples.replaceForTask("t", EXAMPLES, []);
  const given: FitOptions[] = [];
  const step: TrainStep = {
    task: TASK,
    plan: { action: "train", families: [noting(given)] },
    style: plainStyle,
    form: null,
    pool: sameThread,
    seed: 1,
    clockMs: () => 0,
  };
  for (const form of [null, formWith("object"), formWith("object"), formWith("array")]) {
    await trainStep(store, { ...step, form });
  }
  store.close();
  // Each training fits twice: to choose and calibrate, and once more on both parts.
  expect(given.map(({ form }) => form)).toEqual(
    [null, formWith("object"), formWith("array")].flatMap((form) => [form, form]),
  );
});
