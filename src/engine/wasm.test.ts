import { describe, expect, test } from "vitest";
import { seededRandom } from "../core/index.ts";
import {
  adamDefaults,
  initialAdapter,
  initialWeights,
  openModel,
  openRuntime,
  train,
  type ModelConfig,
  type Runtime,
  type Trainable,
  type TrainingSequence,
  type TrainResult,
  type Weights,
} from "./index.ts";

const CONFIG: ModelConfig = {
  architecture: "qwen3",
  vocabularySize: 40,
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: true,
  contextSize: 64,
  bosTokenId: 1,
  eosTokenIds: [2],
};
const ADAPTER: Extract<Trainable, { mode: "adapter" }> = {
  mode: "adapter",
  kind: "dora",
  rank: 2,
  alpha: 4,
  targets: ["q_proj", "v_proj", "down_proj"],
};
const START = initialWeights(CONFIG, 1);
const KINDS = ["native", "wasm"] as const;

/** A word, a separator, and the word again: to be copied. */
function copying(count: number, seed: number): TrainingSequence[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const word = Array.from({ length: 3 + random.below(3) }, () => 4 + random.below(36));
    const ids = [1, ...word, 3, ...word, 2];
    return { ids, weights: ids.map((_, index) => (index > word.length + 1 ? 1 : 0)) };
  });
}

function learn(runtime: Runtime["kind"], trainable: Trainable, start: Weights): Promise<TrainResult> {
  const job = {
    config: CONFIG,
    trainable,
    objective: { kind: "cross-entropy" },
    isCausal: true,
    start,
    sequences: copying(60, 1),
    development: copying(10, 2),
    options: {
      passes: 2,
      maxSteps: null,
      tokensPerShard: 128,
      shardsPerStep: 1,
      schedule: { learningRate: 5e-3, warmupSteps: 2, decay: "cosine", finalShare: 0.1 },
      adam: adamDefaults,
      clipNorm: 1,
      evaluateEvery: 4,
      patience: null,
      seed: 1,
      threads: 0,
      maxBytes: null,
    },
  } as const;
  return train(job, { runtime });
}

const lossesOf = ({ history }: TrainResult): number[] =>
  history.flatMap(({ trainLoss, developmentLoss }) => [trainLoss, developmentLoss ?? Number.NaN]);

function greatestDifference(one: readonly number[], other: readonly number[]): number {
  expect(one).toHaveLength(other.length);
  return Math.max(...one.map((value, index) => Math.abs(value - other[index])));
}

describe("WebAssembly, where no native library loads", () => {
  test.each([
    ["all weights", { mode: "full" }, START],
    ["a DoRA adapter", ADAPTER, new Map([...START, ...initialAdapter(CONFIG, START, ADAPTER, 1).tensors])],
  ] as const)("trains %s to the losses of the native runtime", async (_, trainable, start) => {
    const native = await learn("native", trainable, start);
    const wasm = await learn("wasm", trainable, start);
    expect(greatestDifference(lossesOf(native), lossesOf(wasm))).toBeLessThan(1e-4);
    expect(native.steps).toBeGreaterThan(10);
    expect(native.developmentLoss).toBeLessThan(native.history[0].developmentLoss ?? 0);
  });

  test.each(["f32", "int8"] as const)(
    "writes the greedy tokens of the native runtime in %s",
    async (precision) => {
      const written: (readonly number[])[] = [];
      for (const kind of KINDS) {
        const runtime = await openRuntime(kind);
        const model = await openModel({ config: CONFIG, weights: START, precision, runtime });
        const requests = [
          [1, 7, 9, 3],
          [1, 30],
          [1, 11, 12, 13, 14, 3],
        ].map((prompt) => ({ prompt }));
        const answers = await model.generate(requests, { maxTokens: 24, eos: [] });
        written.push(answers.flatMap(({ tokens }) => tokens));
        await model.close();
      }
      const [native, wasm] = written;
      expect(native).toHaveLength(3 * 24);
      expect(wasm).toEqual(native);
    },
  );
});
