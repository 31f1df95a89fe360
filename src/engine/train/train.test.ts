import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import type { Trainable } from "../graph/decoder.ts";
import type { ModelConfig } from "../model-config.ts";
import { adamDefaults, learningRateAt } from "./adamw.ts";
import { initialAdapter, initialWeights } from "./initialize.ts";
import type { TrainingSequence } from "./sequences.ts";
import { train, type TrainJob, type TrainOptions } from "./train.ts";

const tiny: ModelConfig = {
  architecture: "llama",
  vocabularySize: 32,
  hiddenSize: 16,
  intermediateSize: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 4,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 128,
  bosTokenId: 1,
  eosTokenIds: [2],
};

const options: TrainOptions = {
  passes: 2,
  maxSteps: null,
  tokensPerShard: 256,
  shardsPerStep: 2,
  schedule: { learningRate: 1e-2, warmupSteps: 2, decay: "cosine", finalShare: 0.1 },
  adam: adamDefaults,
  clipNorm: 1,
  evaluateEvery: 5,
  patience: null,
  seed: 1,
  threads: 0,
  maxBytes: null,
};

/** A word, a separator, and the word again: to be copied. */
function copying(count: number, seed: number): TrainingSequence[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const word = Array.from({ length: 2 + random.below(4) }, () => 4 + random.below(28));
    const ids = [1, ...word, 3, ...word, 2];
    return { ids, weights: ids.map((_, index) => (index > word.length + 1 ? 1 : 0)) };
  });
}

const job: TrainJob = {
  config: tiny,
  trainable: { mode: "full" },
  objective: { kind: "cross-entropy" },
  isCausal: true,
  start: initialWeights(tiny, 1),
  sequences: copying(150, 1),
  development: copying(20, 2),
  options,
};

const lossOf = async (
  changed: Partial<TrainJob>,
  hooks?: Parameters<typeof train>[1],
): Promise<number | null> => (await train({ ...job, ...changed }, hooks)).developmentLoss;

test("train() makes the loss smaller and is the same a second time", async () => {
  const one = await train(job);
  expect(one.history[0].developmentLoss).toBeGreaterThan(one.developmentLoss!);
  // Chance is ln 32 = 3.47.
  expect(one.developmentLoss!).toBeLessThan(3.35);
  expect(await train(job)).toEqual(one);
});

test("train() gives the same numbers with worker threads as without", async () => {
  const alone = await train(job);
  expect(await train({ ...job, options: { ...options, threads: 1 } })).toEqual(alone);
  expect(await train({ ...job, options: { ...options, threads: 2 } })).toEqual(alone);
});

test("train() resumes from a checkpoint to the identical result", async () => {
  const whole = await train(job);
  const controller = new AbortController();
  let saved: Uint8Array | null = null;
  const checkpoint = { load: () => saved, save: (bytes: Uint8Array) => void (saved = bytes), everySteps: 3 };
  let steps = 0;
  const progress = (): void => {
    steps += 1;
    if (steps === 7) controller.abort();
  };
  await expect(train(job, { checkpoint, progress, signal: controller.signal })).rejects.toMatchObject({
    code: "cancelled",
  });
  expect(await train(job, { checkpoint })).toEqual(whole);
});

test("train() refuses a checkpoint of another run and a cut one", async () => {
  let saved: Uint8Array | null = null;
  await train(job, {
    checkpoint: { load: () => null, save: (bytes) => void (saved = bytes), everySteps: 3 },
  });
  const bytes: Uint8Array = saved!;
  const resume = (checkpoint: Uint8Array, changed: Partial<TrainJob> = {}): Promise<unknown> =>
    train({ ...job, ...changed }, { checkpoint: { load: () => checkpoint, save: () => {}, everySteps: 3 } });
  await expect(resume(bytes, { options: { ...options, seed: 2 } })).rejects.toThrow(
    "is of a run with other examples",
  );
  await expect(resume(bytes.slice(0, bytes.length - 4))).rejects.toThrow("is cut");
  await expect(resume(bytes.slice(0, 10))).rejects.toThrow("is cut");
});

test("train() stops early when the development loss no longer falls, and keeps the best", async () => {
  const noise = copying(20, 3).map(({ ids, weights }) => ({ ids: Array.from(ids).reverse(), weights }));
  const result = await train({
    ...job,
    development: noise,
    options: { ...options, passes: 30, patience: 2 },
  });
  const losses = result.history.map(({ developmentLoss }) => developmentLoss!);
  expect(result.developmentLoss).toBe(Math.min(...losses));
  expect(losses.indexOf(Math.min(...losses))).toBe(losses.length - 3);
});

test("train() says what it needs before it starts, and refuses what is too much", async () => {
  const told: number[] = [];
  await expect(
    train({ ...job, options: { ...options, maxBytes: 1000 } }, { onMemory: (bytes) => told.push(bytes) }),
  ).rejects.toThrow("Cannot train: it needs about");
  expect(told).toHaveLength(1);
});

test("train() refuses broken material with one line", async () => {
  const bad = (sequence: TrainingSequence): Promise<number | null> => lossOf({ sequences: [sequence] });
  await expect(bad({ ids: [1, 99], weights: [0, 1] })).rejects.toThrow(
    "token 99 is outside the vocabulary of 32",
  );
  await expect(bad({ ids: [1, 2], weights: [0] })).rejects.toThrow("2 tokens but 1 weights");
  await expect(bad({ ids: [1, 2], weights: [0, Number.NaN] })).rejects.toThrow("weight NaN");
  await expect(lossOf({ sequences: [] })).rejects.toMatchObject({ code: "nothing-to-do" });
});

test("train() says that training diverged instead of going on with NaN", async () => {
  const schedule = { ...options.schedule, learningRate: 1e20, warmupSteps: 0 };
  await expect(lossOf({ options: { ...options, schedule, clipNorm: null } })).rejects.toThrow(
    "Training diverged",
  );
});

test("train() on packed rows has the loss of the sequences alone", async () => {
  const few = copying(6, 4);
  const at = async (sequences: readonly TrainingSequence[]): Promise<number> => {
    const still = {
      ...options,
      passes: 1,
      schedule: { ...options.schedule, learningRate: 0 },
      shardsPerStep: 8,
    };
    const { history } = await train({ ...job, sequences, development: [], options: still });
    return history[0].trainLoss;
  };
  const alone = await Promise.all(
    few.map(async (one) => [await at([one]), (one.ids.length - 1) / 2] as const),
  );
  const tokens = alone.reduce((sum, [, count]) => sum + count, 0);
  const mean = alone.reduce((sum, [loss, count]) => sum + loss * count, 0) / tokens;
  expect(await at(few)).toBeCloseTo(mean, 5);
});

describe("initialAdapter()", () => {
  test.each(["lora", "dora"] as const)("%s changes nothing before training", async (kind) => {
    const trainable: Trainable = {
      mode: "adapter",
      kind,
      rank: 2,
      alpha: 4,
      targets: ["q_proj", "down_proj"],
    };
    const adapter = initialAdapter(tiny, job.start, trainable, 1);
    const start = new Map([...job.start, ...adapter.tensors]);
    const still = { ...options, passes: 1, schedule: { ...options.schedule, learningRate: 0 } };
    const plain = await lossOf({ options: still });
    expect(await lossOf({ trainable, start, options: still })).toBeCloseTo(plain!, 5);
  });
});

test("learningRateAt() rises, then falls to its final share", () => {
  const schedule = { learningRate: 1, warmupSteps: 2, decay: "cosine", finalShare: 0.1 } as const;
  expect([1, 2, 6, 10].map((step) => Number(learningRateAt(schedule, step, 10).toFixed(4)))).toEqual([
    0.5, 1, 0.55, 0.1,
  ]);
  expect(learningRateAt({ ...schedule, decay: "linear" }, 10, 10)).toBeCloseTo(0.1, 10);
});
