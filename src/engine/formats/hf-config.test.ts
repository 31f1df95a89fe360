import { describe, expect, test } from "vitest";
import type { ModelConfig } from "../model-config.ts";
import { configFromHuggingFace, configToHuggingFace, generationToHuggingFace } from "./hf-config.ts";

// The fields of HuggingFaceTB/SmolLM2-135M's config.json that matter.
const SMOLLM2 = {
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: "silu",
  hidden_size: 576,
  intermediate_size: 1536,
  max_position_embeddings: 8192,
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  rope_theta: 100000,
  tie_word_embeddings: true,
  vocab_size: 49152,
};
const smollm2: ModelConfig = {
  architecture: "llama",
  vocabularySize: 49_152,
  hiddenSize: 576,
  intermediateSize: 1536,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  ropeTheta: 100_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 8192,
  bosTokenId: 0,
  eosTokenIds: [0],
};
const llama3 = {
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
  rope_type: "llama3",
};

const withFields = (fields: Record<string, unknown>): ModelConfig | string =>
  configFromHuggingFace({ ...SMOLLM2, ...fields });

describe("configFromHuggingFace()", () => {
  test("reads SmolLM2; the head size is hidden / heads where it is not said", () => {
    expect(withFields({})).toEqual(smollm2);
  });
  test("takes the end tokens of generation_config.json before those of config.json", () => {
    expect(configFromHuggingFace(SMOLLM2, { eos_token_id: [2, 0] })).toEqual({
      ...smollm2,
      eosTokenIds: [2, 0],
    });
  });
  test("has as many key-value heads as heads where they are not said", () => {
    expect(withFields({ num_key_value_heads: null })).toEqual({ ...smollm2, kvHeads: 9 });
  });
  test("reads Llama 3's rotary scaling in both spellings alike", () => {
    const before = withFields({ rope_scaling: llama3, rope_theta: 5e5 });
    const after = withFields({
      rope_scaling: undefined,
      rope_theta: undefined,
      rope_parameters: { ...llama3, rope_theta: 5e5 },
    });
    expect(before).toEqual({
      ...smollm2,
      ropeTheta: 5e5,
      ropeScaling: {
        kind: "llama3",
        factor: 32,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContextSize: 8192,
      },
    });
    expect(after).toEqual(before);
  });
  test("reads the older spelling `type: linear`", () => {
    expect(withFields({ rope_scaling: { type: "linear", factor: 2 } })).toEqual({
      ...smollm2,
      ropeScaling: { kind: "linear", factor: 2 },
    });
  });
  test("takes Qwen's window that is switched off, and Mistral without one", () => {
    const qwen = withFields({
      architectures: ["Qwen2ForCausalLM"],
      sliding_window: 4096,
      use_sliding_window: false,
    });
    const mistral = withFields({ architectures: ["MistralForCausalLM"], sliding_window: null });
    expect([qwen, mistral]).toEqual([{ ...smollm2, architecture: "qwen2", attentionBias: true }, smollm2]);
  });
  test.each([
    [
      "a mixture of experts",
      { architectures: ["MixtralForCausalLM"] },
      /its architecture is "MixtralForCausalLM", expected one of LlamaForCausalLM/,
    ],
    ["Gemma", { architectures: ["Gemma3ForCausalLM"] }, /"Gemma3ForCausalLM"/],
    [
      "a configuration without architecture, by its model type",
      { architectures: undefined, model_type: "phi3" },
      /"phi3"/,
    ],
    [
      "Mistral's sliding window",
      { architectures: ["MistralForCausalLM"], sliding_window: 4096 },
      /sliding_window of 4096/,
    ],
    [
      "layers with a window",
      { layer_types: ["full_attention", "sliding_attention"] },
      /layers of type "sliding_attention"/,
    ],
    [
      "yarn",
      { rope_scaling: { rope_type: "yarn", factor: 4 } },
      /rotary scaling is "yarn", expected linear or llama3/,
    ],
    [
      "llama3 without a factor",
      { rope_scaling: { ...llama3, factor: undefined } },
      /llama3 has no number factor/,
    ],
    [
      "rotary parameters per layer type",
      { rope_parameters: { full_attention: { rope_theta: 1 } } },
      /per layer type/,
    ],
    ["a bias on o_proj", { attention_bias: true }, /attention_bias/],
    ["a bias in the feed-forward block", { mlp_bias: true }, /mlp_bias/],
    ["gelu", { hidden_act: "gelu" }, /hidden_act is "gelu", expected silu/],
    ["quantised weights", { quantization_config: { quant_method: "gptq" } }, /quantised/],
    ["a missing size", { hidden_size: undefined }, /its hidden_size is undefined, expected a number/],
    ["a size that is text", { num_hidden_layers: "30" }, /its num_hidden_layers is "30"/],
    ["layers without end", { num_hidden_layers: 1e9 }, /number of layers is 1000000000/],
    ["heads that do not divide", { num_key_value_heads: 2 }, /9 heads cannot share 2 key-value heads/],
    ["an odd head", { head_dim: 63 }, /head size is 63, expected an even number/],
    ["a head of no whole size", { num_attention_heads: 7, num_key_value_heads: 7 }, /the head size is 82.28/],
    ["no rotary base", { rope_theta: 0 }, /rotary base is 0/],
  ])("refuses %s", (_, fields, message) => {
    expect(withFields(fields)).toMatch(message);
  });
});

describe("configToHuggingFace()", () => {
  test.each([
    [
      "llama with llama3 scaling and three end tokens",
      {
        ropeScaling: {
          kind: "llama3",
          factor: 8,
          lowFrequencyFactor: 1,
          highFrequencyFactor: 4,
          originalContextSize: 8192,
        },
        eosTokenIds: [1, 2, 3],
      },
    ],
    [
      "qwen2 with linear scaling",
      { architecture: "qwen2", attentionBias: true, ropeScaling: { kind: "linear", factor: 2 } },
    ],
    [
      "qwen3 without begin and end",
      {
        architecture: "qwen3",
        qkNorm: true,
        headSize: 128,
        bosTokenId: null,
        eosTokenIds: [],
        tiedHead: false,
      },
    ],
  ] as const)("is read back: %s", (_, fields) => {
    const config: ModelConfig = { ...smollm2, ...fields };
    const json: unknown = JSON.parse(JSON.stringify(configToHuggingFace(config, "bf16")));
    expect(configFromHuggingFace(json, generationToHuggingFace(config))).toEqual(config);
  });
});
