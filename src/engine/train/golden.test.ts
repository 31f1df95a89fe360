import { resolve } from "node:path";
import { expect, test } from "vitest";
import { loadModelFolder } from "../formats/model-folder.ts";
import { loadPeftAdapter } from "../formats/peft.ts";
import { readGolden } from "../graph/testing.ts";
import type { Trainable } from "../graph/decoder.ts";
import { sizeOf, type ModelConfig, type Tensor, type Weights } from "../model-config.ts";
import { openRuntime, type SessionTensor } from "../onnx/runtime.ts";
import { adamDefaults } from "./adamw.ts";
import { createFeeds } from "./feeds.ts";
import { GRADIENT_PREFIX, trainingGraph } from "./objective.ts";
import { planPass } from "./plan.ts";
import { prepareMaterial } from "./prepare.ts";
import { referenceLogProbs } from "./reference.ts";
import type { TrainingSequence } from "./sequences.ts";
import type { TrainJob, TrainOptions } from "./train.ts";

// What torch, transformers and PEFT computed; versions in test/golden/engine/versions.json, made by scripts/oracle.
const GOLDEN = resolve(import.meta.dirname, "../../../test/golden/engine");

const options: TrainOptions = {
  passes: 1,
  maxSteps: null,
  tokensPerShard: 256,
  shardsPerStep: 1,
  schedule: { learningRate: 0, warmupSteps: 0, decay: "constant", finalShare: 1 },
  adam: adamDefaults,
  clipNorm: null,
  evaluateEvery: 1,
  patience: null,
  seed: 1,
  threads: 0,
  maxBytes: null,
};

/** Loss and gradients of the first step of a job, as a training thread computes them. */
async function firstStep(job: TrainJob, totalWeight: number): Promise<Record<string, Float32Array>> {
  const { plan, train } = prepareMaterial(job);
  const { store, buckets } = train;
  const [{ shards }, ...others] = planPass(store, buckets, { ...plan, seed: 1 });
  expect([shards.length, others.length]).toEqual([1, 0]);
  const bucket = buckets[shards[0].bucket];
  const { config, trainable, objective, isCausal } = job;
  const { teacherWidth } = store;
  const graph = { config, trainable, objective, bucket, isCausal, teacherWidth, withGradients: true };
  const runtime = await openRuntime();
  const session = await runtime.createSession(trainingGraph(graph).model);
  const feeds = createFeeds({ runtime, config, store, bucket, isCausal, objective });
  feeds.fill(shards[0], totalWeight);
  const parameters: Record<string, SessionTensor> = {};
  for (const [name, { data, shape }] of job.start) parameters[name] = runtime.tensor("float32", data, shape);
  const results = await session.run({ ...parameters, ...feeds.tensors });
  await session.close();
  // Outputs of our graphs are float32.
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

const difference = (ours: Float32Array, theirs: Float32Array): number =>
  theirs.reduce((worst, value, index) => Math.max(worst, Math.abs(value - ours[index])), 0);

const relative = (ours: Float32Array, theirs: Float32Array): number =>
  difference(ours, theirs) / theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);

const row = (golden: Weights, name: string, index: number): number[] => {
  const { shape, data } = golden.get(name)!;
  return [...data.subarray(index * shape[1], (index + 1) * shape[1])];
};

/** A row of the golden batch as a sequence: its tokens, the last target behind them, no padding. */
function answer(golden: Weights, side: "chosen" | "rejected", index: number): TrainingSequence {
  const [ids, targets, weights] = ["ids", "targets", "weights"].map((name) =>
    row(golden, `${side}_${name}`, index),
  );
  const end = weights.lastIndexOf(1) + 1;
  return {
    ids: [...ids.slice(0, end), targets[end - 1]],
    weights: [0, ...weights.slice(0, end)],
  };
}

async function preferenceJob(golden: Weights): Promise<{ job: TrainJob; adapter: Weights }> {
  const { config, weights } = await loadModelFolder(`${GOLDEN}/llama`);
  const { adapter } = await loadPeftAdapter(`${GOLDEN}/peft-lora`, config);
  const { rank, alpha, targets } = adapter;
  const trainable: Trainable = { mode: "adapter", kind: "lora", rank, alpha, targets };
  const pairs = [0, 1].flatMap((index) =>
    (["chosen", "rejected"] as const).map((side) => answer(golden, side, index)),
  );
  const start = new Map(weights);
  // The reference is the model without its adapter: B is zero.
  for (const [name, { shape, data }] of adapter.tensors)
    start.set(name, { shape, data: name.endsWith(".lora_B") ? new Float32Array(sizeOf(shape)) : data });
  const objective = { kind: "preference", beta: 0.1 } as const;
  const job = { config, trainable, objective, isCausal: true, start, options };
  return { job: { ...job, sequences: pairs, development: pairs.slice(2) }, adapter: adapter.tensors };
}

test("referenceLogProbs() and the preference loss with its gradients are those of torch, on packed rows", async () => {
  const golden = readGolden(`${GOLDEN}/dpo/expected.safetensors`);
  const { job, adapter } = await preferenceJob(golden);
  const { sequences, development } = await referenceLogProbs(job);
  const sides = ["reference_chosen", "reference_rejected"].map((name) => golden.get(name)!.data);
  const expected = [0, 1].flatMap((pair) => sides.map((side) => side[pair]));
  expect(difference(Float32Array.from(sequences), Float32Array.from(expected))).toBeLessThan(1e-3);
  // The same pair in another row: the same but for rounding.
  expect(difference(Float32Array.from(development), Float32Array.from(sequences.slice(2)))).toBeLessThan(
    1e-4,
  );

  const start = new Map([...job.start, ...adapter]);
  const referred = job.sequences.map((one, index) => ({ ...one, reference: sequences[index] }));
  const ours = await firstStep({ ...job, start, sequences: referred }, 2);
  expect(ours.loss[0]).toBeCloseTo(golden.get("loss")!.data[0], 4);
  const errors = [...adapter.keys()].map((name) =>
    relative(ours[GRADIENT_PREFIX + name], golden.get(`grad.${name}`)!.data),
  );
  expect(errors.length).toBe(28);
  expect(Math.max(...errors)).toBeLessThan(1e-3);
});

test("referenceLogProbs() gives the same from worker threads", async () => {
  const { job } = await preferenceJob(readGolden(`${GOLDEN}/dpo/expected.safetensors`));
  const alone = await referenceLogProbs(job);
  expect(await referenceLogProbs({ ...job, options: { ...options, threads: 2 } })).toEqual(alone);
});

test("referenceLogProbs() refuses a chosen answer without a rejected one", async () => {
  const { job } = await preferenceJob(readGolden(`${GOLDEN}/dpo/expected.safetensors`));
  await expect(referenceLogProbs({ ...job, sequences: job.sequences.slice(1) })).rejects.toThrow(
    "preferences come in pairs",
  );
});

/** A model without layers whose logits at token i of 6 are row i of the golden ones: its hidden state is the i-th unit vector. */
function tabular(logits: Tensor): { config: ModelConfig; start: Weights } {
  const [rows, words] = logits.shape;
  const config: ModelConfig = {
    architecture: "llama",
    vocabularySize: words,
    hiddenSize: rows,
    intermediateSize: 2,
    layers: 0,
    heads: 1,
    kvHeads: 1,
    headSize: 2,
    ropeTheta: 10_000,
    ropeScaling: null,
    normEpsilon: 0,
    tiedHead: false,
    attentionBias: false,
    qkNorm: false,
    contextSize: 16,
    bosTokenId: null,
    eosTokenIds: [],
  };
  const embedding = new Float32Array(words * rows);
  for (let at = 0; at < rows; at += 1) embedding[at * rows + at] = 1;
  const head = Float32Array.from(
    { length: words * rows },
    (_, at) => logits.data[(at % rows) * words + Math.floor(at / rows)],
  );
  const start = new Map<string, Tensor>([
    ["model.embed_tokens.weight", { shape: [words, rows], data: embedding }],
    // The norm makes √rows of a unit vector's one.
    ["model.norm.weight", { shape: [rows], data: new Float32Array(rows).fill(1 / Math.sqrt(rows)) }],
    ["lm_head.weight", { shape: [words, rows], data: head }],
  ]);
  return { config, start };
}

test.each(["full", "top"] as const)(
  "the distillation loss and its gradient are those of torch (%s)",
  async (kind) => {
    const golden = readGolden(`${GOLDEN}/distillation/expected.safetensors`);
    const { config, start } = tabular(golden.get("logits")!);
    const [rows, words] = golden.get("logits")!.shape;
    const weights = [...golden.get("weights")!.data];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const every = Array.from({ length: rows * words }, (_, at) => at % words);
    const tokens = kind === "full" ? every : [...golden.get("top_ids")!.data];
    const logProbs = [...golden.get(kind === "full" ? "teacher" : "top_log_probs")!.data];
    const width = tokens.length / rows;
    const sequence: TrainingSequence = {
      // Token i is followed by what position i says; nothing is said of the first token itself.
      ids: [0, 1, 2, 3, 4, 5, 0],
      weights: [0, ...weights],
      teacher: {
        tokens: [...Array<number>(width).fill(0), ...tokens],
        logProbs: [...Array<number>(width).fill(0), ...logProbs],
      },
    };
    const job: TrainJob = {
      config,
      start,
      trainable: { mode: "full" },
      objective: { kind: "distillation", share: 1, temperature: 2 },
      isCausal: true,
      sequences: [sequence],
      development: [],
      options,
    };
    const ours = await firstStep(job, total);
    expect(ours.loss[0]).toBeCloseTo(golden.get(`${kind}.loss`)!.data[0], 4);
    const byWord = ours[`${GRADIENT_PREFIX}lm_head.weight`];
    const byRow = Float32Array.from(
      { length: rows * words },
      (_, at) => byWord[(at % words) * rows + Math.floor(at / words)],
    );
    expect(relative(byRow, golden.get(`${kind}.grad`)!.data)).toBeLessThan(1e-3);
  },
);
