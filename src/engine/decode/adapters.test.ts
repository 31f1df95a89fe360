import { expect, test } from "vitest";
import { mergeAdapter } from "../formats/merge-adapter.ts";
import type { Adapter, ModelConfig } from "../model-config.ts";
import { initialAdapter, initialWeights } from "../train/initialize.ts";
import { openModel } from "./open-model.ts";

const CONFIG: ModelConfig = {
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
const WEIGHTS = initialWeights(CONFIG, 1);

/** Its numbers are multiples of `unit`, up to ten of them. */
function adapterOf(unit: number): Adapter {
  const form = {
    mode: "adapter",
    kind: "lora",
    rank: 2,
    alpha: 4,
    targets: ["q_proj", "v_proj", "down_proj"],
  } as const;
  const adapter = initialAdapter(CONFIG, WEIGHTS, form, 1);
  const tensors = [...adapter.tensors].map(([name, { shape, data }]) => {
    return [name, { shape, data: data.map((_, at) => unit * ((at * 7) % 10)) }] as const;
  });
  return { ...adapter, tensors: new Map(tensors) };
}

test.each([
  ["float16 numbers are held as such", 1 / 64, 2],
  ["other numbers are held as float32", 0.0123456789, 4],
])("an adapter's %s, and it answers as the model merged with it", async (_, unit, bytesPerNumber) => {
  const adapter = adapterOf(unit);
  const request = { prompt: [1, 5, 9], answer: [3, 8, 40, 2] };
  const model = await openModel({ config: CONFIG, weights: WEIGHTS, precision: "f32" });
  const handle = model.loadAdapter(adapter);
  const merged = await openModel({
    config: CONFIG,
    weights: mergeAdapter(WEIGHTS, adapter, CONFIG),
    precision: "f32",
  });
  const [ours, expected] = [await model.score({ ...request, adapter: handle }), await merged.score(request)];
  expect(Math.max(...ours.map((value, at) => Math.abs(value - expected[at])))).toBeLessThan(1e-4);
  // Per layer A of q, k and v and their Bs, k's all zeros; A and B of the last.
  const numbers = 2 * (32 * 6 + 2 * (32 + 16 + 16) + 48 * 2 + 2 * 32);
  expect(handle.bytes).toBe(bytesPerNumber * numbers);
  await model.close();
  await merged.close();
});
