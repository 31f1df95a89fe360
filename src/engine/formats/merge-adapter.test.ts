import { describe, expect, test } from "vitest";
import { parameterShapes, sizeOf, type Adapter, type ModelConfig, type Tensor } from "../model-config.ts";
import { mergeAdapter } from "./merge-adapter.ts";

const config: ModelConfig = {
  architecture: "llama",
  vocabularySize: 3,
  hiddenSize: 2,
  intermediateSize: 1,
  layers: 1,
  heads: 1,
  kvHeads: 1,
  headSize: 2,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 8,
  bosTokenId: null,
  eosTokenIds: [],
};
const V = "model.layers.0.self_attn.v_proj";
const matrix = (shape: number[], ...data: number[]): Tensor => ({ shape, data: Float32Array.from(data) });
const zeros = [...parameterShapes(config)].map(
  ([name, shape]) => [name, matrix([...shape], ...Array<number>(sizeOf(shape)).fill(0))] as const,
);
const weights = new Map(zeros).set(`${V}.weight`, matrix([2, 2], 1, 2, 0, 0));

// W + (6 / 2)·B·A by hand: B·A = [[1·1, 1·0] + [0·0, 0·1], [0, 2·1]] = [[1, 0], [0, 2]].
const lora: Adapter = {
  kind: "lora",
  rank: 2,
  alpha: 6,
  targets: ["v_proj"],
  tensors: new Map([
    [`${V}.lora_A`, matrix([2, 2], 1, 0, 0, 1)],
    [`${V}.lora_B`, matrix([2, 2], 1, 0, 0, 2)],
  ]),
};
const dora = (...magnitudes: number[]): Adapter => ({
  ...lora,
  kind: "dora",
  tensors: new Map(lora.tensors).set(`${V}.lora_magnitude_vector`, matrix([2], ...magnitudes)),
});
const mergedRow = (adapter: Adapter): number[] => [
  ...mergeAdapter(weights, adapter, config).get(`${V}.weight`)!.data,
];

describe("mergeAdapter()", () => {
  test("adds (alpha / rank)·B·A", () => {
    expect(mergedRow(lora)).toEqual([4, 2, 0, 6]);
  });
  test("with DoRA gives each row the length of its magnitude", () => {
    expect(mergedRow(dora(Math.sqrt(20) * 2, 3))).toEqual([8, 4, 0, 3]);
  });
  test("leaves a row of zeros alone under DoRA", () => {
    const still = new Map(dora(1, 1).tensors).set(`${V}.lora_B`, matrix([2, 2], 0, 0, 0, 0));
    expect(mergedRow({ ...dora(1, 1), tensors: still }).slice(2)).toEqual([0, 0]);
  });
  test("keeps the base's other tensors, not copies, and the base itself as it was", () => {
    const merged = mergeAdapter(weights, lora, config);
    expect(merged.get("model.norm.weight")).toBe(weights.get("model.norm.weight"));
    expect([...weights.get(`${V}.weight`)!.data]).toEqual([1, 2, 0, 0]);
  });
  test("refuses an adapter of another shape", () => {
    const wide = new Map(lora.tensors).set(`${V}.lora_A`, matrix([2, 3], 1, 0, 0, 1, 0, 0));
    expect(() => mergeAdapter(weights, { ...lora, tensors: wide }, config)).toThrow(
      /v_proj.lora_A" has the shape \[2, 3\], expected \[2, 2\]/,
    );
  });
  test("refuses a target that is no linear module", () => {
    expect(() => mergeAdapter(weights, { ...lora, targets: ["lm_head"] }, config)).toThrow(
      /changes the module "lm_head"/,
    );
  });
});
