import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { forward, vocabularyLogits } from "../graph/decoder.ts";
import { rotationTables } from "../graph/rotary.ts";
import { parameterShapes, sizeOf, type ModelConfig, type Weights } from "../model-config.ts";
import { openRuntime, type SessionTensor } from "../onnx/runtime.ts";
import { openModel } from "./open-model.ts";

const LLAMA: ModelConfig = {
  architecture: "llama",
  vocabularySize: 50,
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 128,
  bosTokenId: 1,
  eosTokenIds: [],
};
const QWEN2: ModelConfig = {
  ...LLAMA,
  architecture: "qwen2",
  attentionBias: true,
  tiedHead: false,
  kvHeads: 4,
};
// Heads together are wider than the hidden state, as in Qwen3.
const QWEN3: ModelConfig = { ...LLAMA, architecture: "qwen3", qkNorm: true, headSize: 16, kvHeads: 1 };
const LLAMA3: ModelConfig = {
  ...LLAMA,
  ropeScaling: {
    kind: "llama3",
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextSize: 16,
  },
};

const runtime = await openRuntime("native");

function randomWeights(config: ModelConfig, seed: string): Weights {
  const random = seededRandom(seed);
  const middleOf = (name: string): number => (name.includes("norm") ? 1 : 0);
  const numbers = (name: string, shape: readonly number[]): Float32Array =>
    Float32Array.from({ length: sizeOf(shape) }, () => middleOf(name) + 0.6 * (random.next() - 0.5));
  return new Map(
    [...parameterShapes(config)].map(([name, shape]) => [name, { shape, data: numbers(name, shape) }]),
  );
}

/** Distributions after every token by one pass of the training graph, which shares no code with the cache. */
async function fullPass(
  config: ModelConfig,
  weights: Weights,
  tokens: readonly number[],
): Promise<Float32Array> {
  const length = tokens.length;
  const pass = forward(config, { batch: 1, length, outputs: length }, { mode: "full" });
  const model = pass.graph.build({ logits: vocabularyLogits(pass) });
  const integers = (values: readonly number[], shape: readonly number[]): SessionTensor =>
    runtime.tensor("int64", BigInt64Array.from(values, BigInt), shape);
  const { cosines, sines } = rotationTables(config, length);
  const half = [length, config.headSize / 2];
  const mask = Float32Array.from({ length: length * length }, (_, at) =>
    at % length > Math.floor(at / length) ? -1e9 : 0,
  );
  const places = tokens.map((_, index) => index);
  const session = await runtime.createSession(model);
  const outputs = await session.run({
    ...Object.fromEntries(
      [...weights].map(([name, { data, shape }]) => [name, runtime.tensor("float32", data, shape)]),
    ),
    ids: integers(tokens, [1, length]),
    positions: integers(places, [1, length]),
    places: integers(places, [length]),
    mask: runtime.tensor("float32", mask, [1, 1, length, length]),
    cosines: runtime.tensor("float32", cosines, half),
    sines: runtime.tensor("float32", sines, half),
    backSines: runtime.tensor(
      "float32",
      sines.map((value) => -value),
      half,
    ),
  });
  await session.close();
  return logSoftmax(outputs["logits"].data as Float32Array, config.vocabularySize);
}

function logSoftmax(logits: Float32Array, size: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += size) {
    const row = logits.subarray(start, start + size);
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    row.forEach((value, index) => (result[start + index] = value - Math.log(sum)));
  }
  return result;
}

const TOKENS = [3, 41, 7, 7, 19, 2, 33, 48, 0, 11, 25, 30];

describe("a decoder's cached steps", () => {
  test.each([
    ["Llama, grouped queries", LLAMA],
    ["Llama 3's rotary scaling", LLAMA3],
    ["Qwen2, biases and a free head", QWEN2],
    ["Qwen3, normed heads", QWEN3],
  ])("give what one full pass gives: %s", async (_, config) => {
    const weights = randomWeights(config, config.architecture);
    const model = await openModel({ config, weights, precision: "f32", runtime });
    const [answer] = await model.generate([{ prompt: TOKENS }], { maxTokens: 20 });
    const all = [...TOKENS, ...answer.tokens];
    const expected = await fullPass(config, weights, all.slice(0, -1));
    await model.close();
    const size = config.vocabularySize;
    const differences = answer.tokens.map((token, index) => {
      const row = expected.subarray((TOKENS.length - 1 + index) * size, (TOKENS.length + index) * size);
      return Math.max(Math.abs(row[token] - (answer.logProbs[index] ?? NaN)), Math.max(...row) - row[token]);
    });
    expect(differences).toHaveLength(20);
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });
});
