import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { adapterShapes, type Trainable } from "../graph/decoder.ts";
import { randomTensor } from "../graph/testing.ts";
import { parameterShapes, type ModelConfig, type Tensor } from "../model-config.ts";
import { openRuntime, type Session, type SessionTensor } from "../onnx/runtime.ts";
import { createFeeds } from "./feeds.ts";
import { GRADIENT_PREFIX, trainingGraph } from "./objective.ts";
import { storeSequences } from "./sequences.ts";

const shared = {
  vocabularySize: 16,
  hiddenSize: 12,
  intermediateSize: 20,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-6,
  contextSize: 64,
  bosTokenId: null,
  eosTokenIds: [],
} as const;
const qwen3: ModelConfig = {
  ...shared,
  architecture: "qwen3",
  headSize: 4,
  tiedHead: true,
  attentionBias: false,
  qkNorm: true,
};
const qwen2: ModelConfig = {
  ...shared,
  architecture: "qwen2",
  headSize: 6,
  tiedHead: false,
  attentionBias: true,
  qkNorm: false,
};
const full: Trainable = { mode: "full" };
const lora: Trainable = {
  mode: "adapter",
  kind: "lora",
  rank: 3,
  alpha: 6,
  targets: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
};

type Loss = {
  readonly names: readonly string[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The loss, and the gradients at the present values. */
  run(): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
};

/** A random model with its loss on two sequences in one row and one in another. */
async function openLoss(config: ModelConfig, trainable: Trainable): Promise<Loss> {
  const objective = { kind: "cross-entropy" } as const;
  const isCausal = true;
  const ids = [
    [1, 5, 9, 2, 7],
    [3, 3, 8, 14],
    [6, 1, 0, 15, 4, 11, 2],
  ];
  const sequences = ids.map((one) => ({ ids: one, weights: one.map((_, index) => 0.5 + (index % 3)) }));
  const store = storeSequences(sequences, { config, objective, isCausal });
  const bucket = { batch: 2, length: 10, outputs: 16 };
  const runtime = await openRuntime();
  const size = { bucket, teacherWidth: 0, withGradients: true };
  const graph = trainingGraph({ config, trainable, objective, isCausal, ...size });
  const session: Session = await runtime.createSession(graph.model);
  const feeds = createFeeds({ runtime, config, store, bucket, isCausal, objective });
  const shard = { bucket: 0, rows: [[0, 1], [2]] };
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- no array
  feeds.fill(shard, 10);
  const adapter = trainable.mode === "full" ? [] : [...adapterShapes(config, trainable)];
  const tensors = new Map<string, Tensor>();
  const parameters: Record<string, SessionTensor> = {};
  [...parameterShapes(config), ...adapter].forEach(([name, shape], index) => {
    const { data } = randomTensor(shape, 100 + index);
    // Norms around one; the rest large enough that attention is not flat.
    const value = data.map((x) => (name.endsWith("norm.weight") ? 1 + 0.3 * x : 0.7 * x));
    tensors.set(name, { shape, data: value });
    parameters[name] = runtime.tensor("float32", value, shape);
  });
  return {
    names: graph.trainable.map(({ name }) => name),
    tensors,
    async run() {
      const results = await session.run({ ...parameters, ...feeds.tensors });
      // Outputs of our graphs are float32.
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]),
      );
    },
    close: () => session.close(),
  };
}

const STEP = 1e-2;
const DIRECTIONS = 2;

/** The largest difference between a tensor's gradient and Richardson-extrapolated differences along random directions of length one, relative to the gradient's length. */
async function tensorError(loss: Loss, name: string, gradient: Float32Array): Promise<number> {
  const { data } = loss.tensors.get(name)!;
  const start = Float32Array.from(data);
  const random = seededRandom(name);
  const norm = Math.hypot(...gradient);
  let worst = 0;
  for (let turn = 0; turn < DIRECTIONS; turn += 1) {
    const raw = gradient.map((slope) => slope / norm + (2 * random.next() - 1) / Math.sqrt(data.length));
    const direction = raw.map((x) => x / Math.hypot(...raw));
    const at = async (step: number): Promise<number> => {
      for (let i = 0; i < data.length; i += 1) data[i] = start[i] + step * direction[i];
      return (await loss.run()).loss[0];
    };
    const slope = async (h: number): Promise<number> => ((await at(h)) - (await at(-h))) / (2 * h);
    const estimate = (4 * (await slope(STEP / 2)) - (await slope(STEP))) / 3;
    const exact = direction.reduce((sum, x, index) => sum + x * gradient[index], 0);
    worst = Math.max(worst, Math.abs(estimate - exact) / norm);
  }
  data.set(start);
  return worst;
}

describe.each([
  ["qwen3", qwen3, full],
  ["qwen3, LoRA", qwen3, lora],
  ["qwen2", qwen2, full],
  ["qwen2, LoRA", qwen2, lora],
] as const)("the gradients of %s in packed rows", (_, config, trainable) => {
  test("are those of differences, tensor by tensor", async () => {
    const loss = await openLoss(config, trainable);
    const exact = await loss.run();
    const errors: [string, number][] = [];
    for (const name of loss.names)
      errors.push([name, await tensorError(loss, name, exact[GRADIENT_PREFIX + name])]);
    await loss.close();
    expect(errors.filter(([, error]) => !(error < 3e-3))).toEqual([]);
  });
});
