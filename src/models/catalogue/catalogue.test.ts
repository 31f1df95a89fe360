import { describe, expect, test } from "vitest";
import { parameterCount, type ModelConfig } from "../../engine/model-config.ts";
import { parseHubName } from "../hub/name.ts";
import { CATALOGUE } from "./catalogue.ts";
import { finestFit, memoryOf } from "./memory.ts";
import { runsHere, type OpenModel } from "./open-model.ts";

const byId = new Map(CATALOGUE.map((model) => [model.id, model]));

// Shapes from the models' own config.json files.
const QWEN3_06: ModelConfig = {
  architecture: "qwen3",
  vocabularySize: 151_936,
  hiddenSize: 1024,
  intermediateSize: 3072,
  layers: 28,
  heads: 16,
  kvHeads: 8,
  headSize: 128,
  ropeTheta: 1e6,
  ropeScaling: null,
  normEpsilon: 1e-6,
  tiedHead: true,
  attentionBias: false,
  qkNorm: true,
  contextSize: 40_960,
  bosTokenId: null,
  eosTokenIds: [],
};
const SMOLLM2_135M: ModelConfig = {
  ...QWEN3_06,
  architecture: "llama",
  vocabularySize: 49_152,
  hiddenSize: 576,
  intermediateSize: 1536,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  qkNorm: false,
};
const LLAMA_32_1B: ModelConfig = {
  ...SMOLLM2_135M,
  vocabularySize: 128_256,
  hiddenSize: 2048,
  intermediateSize: 8192,
  layers: 16,
  heads: 32,
  kvHeads: 8,
};

describe("CATALOGUE", () => {
  test("names each model once, by a name that can be pulled", () => {
    expect(byId.size).toBe(CATALOGUE.length);
    expect(() => CATALOGUE.map(({ id }) => parseHubName(`hf:${id}`))).not.toThrow();
  });

  test("calls verified only what has parameters, context, licence and a source", () => {
    const wrong = CATALOGUE.filter(
      (model) =>
        model.source.length === 0 ||
        (model.verified &&
          (model.parameters === null || model.contextTokens === null || model.licence === null)),
    );
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test("counts no more active parameters than there are", () => {
    const wrong = CATALOGUE.filter(
      ({ parameters, activeParameters }) => (activeParameters ?? 0) > (parameters ?? 0),
    );
    expect(wrong).toEqual([]);
  });

  test.each([
    ["Qwen/Qwen3-0.6B", QWEN3_06],
    ["HuggingFaceTB/SmolLM2-135M-Instruct", SMOLLM2_135M],
    ["meta-llama/Llama-3.2-1B-Instruct", LLAMA_32_1B],
  ])("%s has the parameters and the cache of its configuration", (id, config) => {
    const { layers, kvHeads, headSize } = config;
    expect(byId.get(id)).toMatchObject({
      parameters: parameterCount(config),
      cache: { layers, kvHeads, headSize },
    });
  });

  test("runs here what the engine knows", () => {
    const here = CATALOGUE.filter(runsHere).map(({ architecture }) => architecture);
    expect(new Set(here)).toEqual(new Set(["llama", "qwen2", "qwen3"]));
  });
});

const MODEL: OpenModel = {
  id: "org/model",
  family: "Model",
  architecture: "llama",
  parameters: 1_000_000_000,
  activeParameters: 1_000_000_000,
  contextTokens: 8192,
  licence: null,
  cache: { layers: 10, kvHeads: 2, headSize: 50 },
  goodAt: "",
  verified: false,
  source: [],
};

describe("memoryOf()", () => {
  test("is 2, 1.0625 and 0.5625 bytes per parameter, and keys and values in f16", () => {
    expect(memoryOf(MODEL)).toEqual({
      weightsBytes: { f16: 2_000_000_000, int8: 1_062_500_000, int4: 562_500_000 },
      cacheBytesPer1000Tokens: 1000 * 2 * 10 * 2 * 50 * 2,
    });
  });

  test("is null where nothing is known", () => {
    expect(memoryOf({ ...MODEL, parameters: null, cache: null })).toEqual({
      weightsBytes: { f16: null, int8: null, int4: null },
      cacheBytesPer1000Tokens: null,
    });
  });
});

describe("finestFit()", () => {
  // Weights and 16 MB of cache within nine tenths.
  test.each([
    [2.25e9, "f16"],
    [2.23e9, "int8"],
    [1.19e9, "int4"],
    [0.64e9, null],
  ])("in %i bytes is %s", (memory, precision) => expect(finestFit(MODEL, memory)).toBe(precision));

  test("is null for a model of unknown size", () => {
    expect(finestFit({ ...MODEL, parameters: null }, 1e12)).toBeNull();
  });
});
