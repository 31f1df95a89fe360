import { expect, test } from "vitest";
import {
  plainStyle,
  type Example,
  type Part,
  type Prediction,
  type SpecialistFamily,
} from "../core/index.ts";
import { sameThread } from "./pool.ts";
import { trainTask, type TrainingJob } from "./train.ts";

const examplesOf = (part: Part, n: number): Example[] =>
  Array.from({ length: n }, (_, at) => ({
    callId: `${part}-${at}`,
    taskId: "t",
    session: `${part}-${at}`,
    at: null,
    part,
    input: { parts: [{ role: "user", text: String(at) }], tools: [] },
    answer: { type: "text", text: at % 2 === 0 ? "even" : "other" },
  }));

/** Right on every second call; counts the specialists that are open. */
function counting(
  give: (prediction: Prediction) => Prediction | Promise<Prediction>,
  open: { count: number },
) {
  const family: SpecialistFamily = {
    kind: "constant",
    rank: 1,
    suits: () => true,
    fit: async () => new Uint8Array([7]),
    load: async () => {
      open.count += 1;
      return {
        description: { kind: "constant", parameters: 1 },
        predict: () => give({ answer: { type: "text", text: "other" }, score: 0.5 }),
        close: async () => {
          open.count -= 1;
        },
      };
    },
  };
  return family;
}

const jobWith = (family: SpecialistFamily): TrainingJob => ({
  taskId: "t",
  taskName: "t",
  train: examplesOf("train", 30),
  calibration: examplesOf("calibration", 30),
  families: [family],
  pool: sameThread,
  style: plainStyle,
  form: null,
  seed: 1,
  attempt: 1,
  madeFrom: "m",
  clockMs: () => 0,
});

test("trainTask() makes the same of a specialist that answers at once and of one that answers later", async () => {
  const open = { count: 0 };
  const atOnce = await trainTask(jobWith(counting((prediction) => prediction, open)));
  const later = await trainTask(jobWith(counting((prediction) => Promise.resolve(prediction), open)));
  expect(atOnce.tried).toMatchObject([{ family: "constant", agreement: 0.5 }]);
  expect(later).toEqual(atOnce);
});

test("trainTask() frees every specialist it loads, also one that fails", async () => {
  const open = { count: 0 };
  await trainTask(jobWith(counting((prediction) => prediction, open)));
  const broken = counting(() => Promise.reject(new RangeError("broken")), open);
  await expect(trainTask(jobWith(broken))).rejects.toThrow("broken");
  expect(open.count).toBe(0);
});
