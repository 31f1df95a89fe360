import { expect, test } from "vitest";
import { adapterShapes, type Trainable } from "../graph/decoder.ts";
import { parameterShapes, type ModelConfig, type Weights } from "../model-config.ts";
import { adamDefaults } from "./adamw.ts";
import { planMemory } from "./memory.ts";
import type { Bucket } from "./plan.ts";
import type { TrainJob } from "./train.ts";

const config: ModelConfig = {
  architecture: "llama",
  vocabularySize: 4096,
  hiddenSize: 192,
  intermediateSize: 512,
  layers: 6,
  heads: 6,
  kvHeads: 2,
  headSize: 32,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 1024,
  bosTokenId: 1,
  eosTokenIds: [2],
};
const TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
const adapter = (kind: "lora" | "dora"): Trainable => ({
  mode: "adapter",
  kind,
  rank: 8,
  alpha: 16,
  targets: TARGETS,
});

/** Only shapes count: no vectors are made. */
function startOf(model: ModelConfig, trainable: Trainable): Weights {
  const added = trainable.mode === "full" ? [] : [...adapterShapes(model, trainable)];
  return new Map(
    [...parameterShapes(model), ...added].map(([name, shape]) => [
      name,
      { shape, data: new Float32Array(0) },
    ]),
  );
}

type Measured = {
  readonly megabytes: number;
  readonly rows: readonly (readonly [batch: number, length: number])[];
  readonly trainable?: Trainable;
  readonly threads?: number;
  readonly model?: Partial<ModelConfig>;
  readonly objective?: TrainJob["objective"];
};

// Growth of resident memory in fresh processes on Linux x64, Node 24, onnxruntime-node 1.30.0.
const measured: readonly Measured[] = [
  { megabytes: 336, rows: [[8, 128]] },
  { megabytes: 520, rows: [[16, 128]] },
  { megabytes: 382, rows: [[2, 512]] },
  {
    megabytes: 752,
    rows: [
      [8, 128],
      [4, 256],
      [2, 512],
    ],
  },
  { megabytes: 358, rows: [[8, 128]], threads: 1 },
  { megabytes: 587, rows: [[8, 128]], threads: 2 },
  { megabytes: 221, rows: [[8, 128]], trainable: adapter("lora") },
  { megabytes: 480, rows: [[16, 128]], trainable: adapter("dora") },
  { megabytes: 824, rows: [[16, 128]], trainable: adapter("lora"), threads: 2 },
  { megabytes: 393, rows: [[8, 128]], objective: { kind: "distillation", share: 0.5, temperature: 2 } },
  { megabytes: 260, rows: [[8, 128]], model: { vocabularySize: 256 } },
];

test.each(measured)("planMemory() is at most 30 % above what was measured, and not below: %o", (one) => {
  const { megabytes, rows, trainable = { mode: "full" }, threads = 0, model = {} } = one;
  const own = { ...config, ...model };
  const buckets: Bucket[] = rows.map(([batch, length]) => ({ batch, length, outputs: batch * length }));
  const job: TrainJob = {
    config: own,
    trainable,
    objective: one.objective ?? { kind: "cross-entropy" },
    isCausal: true,
    start: startOf(own, trainable),
    sequences: [],
    development: [],
    options: {
      passes: 1,
      maxSteps: null,
      tokensPerShard: 1024,
      shardsPerStep: 2,
      schedule: { learningRate: 1e-3, warmupSteps: 0, decay: "constant", finalShare: 1 },
      adam: adamDefaults,
      clipNorm: 1,
      evaluateEvery: 100,
      patience: null,
      seed: 1,
      threads,
      maxBytes: null,
    },
  };
  const ratio = planMemory(job, buckets, []).bytes / 1e6 / megabytes;
  expect(ratio).toBeGreaterThan(1);
  expect(ratio).toBeLessThan(1.3);
});
