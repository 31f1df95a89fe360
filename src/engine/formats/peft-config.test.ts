import { describe, expect, test } from "vitest";
import { peftConfigFor, peftConfigOf } from "./peft-config.ts";

const PLAIN = {
  peft_type: "LORA",
  task_type: "CAUSAL_LM",
  r: 16,
  lora_alpha: 32,
  target_modules: ["q_proj"],
  bias: "none",
};
const plain = { kind: "lora", rank: 16, alpha: 32, baseModel: null };

describe("peftConfigOf()", () => {
  test("reads LoRA", () => {
    expect(peftConfigOf({ ...PLAIN, base_model_name_or_path: "a/b" })).toEqual({
      ...plain,
      baseModel: "a/b",
    });
  });
  test("reads DoRA", () => {
    expect(peftConfigOf({ ...PLAIN, use_dora: true })).toEqual({ ...plain, kind: "dora" });
  });
  test("turns rsLoRA's alpha / √r into our alpha / r", () => {
    expect(peftConfigOf({ ...PLAIN, use_rslora: true })).toEqual({ ...plain, alpha: 128 });
  });
  test("takes patterns that say nothing new, and ways to begin that leave the base alone", () => {
    const fields = {
      rank_pattern: { q_proj: 16 },
      alpha_pattern: { q_proj: 32 },
      init_lora_weights: "gaussian",
    };
    expect(peftConfigOf({ ...PLAIN, ...fields })).toEqual(plain);
  });
  test("reads what peftConfigFor() writes", () => {
    const adapter = { kind: "dora", rank: 4, alpha: 2.5, targets: ["v_proj"], tensors: new Map() } as const;
    expect(peftConfigOf(peftConfigFor(adapter, "x"))).toEqual({
      kind: "dora",
      rank: 4,
      alpha: 2.5,
      baseModel: "x",
    });
  });
  test.each([
    ["another method", { peft_type: "IA3" }, /peft_type is "IA3", expected LORA/],
    ["another task", { task_type: "SEQ_CLS" }, /task_type is "SEQ_CLS", expected CAUSAL_LM/],
    ["a rank of 0", { r: 0 }, /its r is 0/],
    ["an alpha that is text", { lora_alpha: "32" }, /lora_alpha is "32"/],
    ["ranks that differ", { rank_pattern: { q_proj: 8 } }, /rank_pattern differs/],
    ["alphas that differ", { alpha_pattern: { q_proj: 8 } }, /alpha_pattern differs/],
    ["biases", { bias: "all" }, /bias is "all", expected none/],
    ["further saved modules", { modules_to_save: ["lm_head"] }, /uses modules_to_save/],
    ["some layers only", { layers_to_transform: [0] }, /uses layers_to_transform/],
    [
      "a start that changes the base",
      { init_lora_weights: "pissa" },
      /"pissa", which changes the base's weights/,
    ],
  ])("refuses %s", (_, fields, message) => {
    expect(peftConfigOf({ ...PLAIN, ...fields })).toMatch(message);
  });
});
