import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { adapterShapes } from "../formats/adapter-shapes.ts";
import { mergeAdapter } from "../formats/merge-adapter.ts";
import {
  parameterShapes,
  sizeOf,
  type Adapter,
  type ModelConfig,
  type Tensor,
  type Weights,
} from "../model-config.ts";
import { openRuntime } from "../onnx/runtime.ts";
import type { GenerationRequest, LanguageModel, TokenMask } from "./language-model.ts";
import { openModel } from "./open-model.ts";
import type { Precision } from "./model-parts.ts";

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
const runtime = await openRuntime("native");

function randomTensors(shapes: Iterable<readonly [string, readonly number[]]>, seed: string): Weights {
  const random = seededRandom(seed);
  const tensor = (shape: readonly number[], name: string): Tensor => {
    const middle = name.includes("norm") || name.includes("magnitude") ? 1 : 0;
    return {
      shape,
      data: Float32Array.from({ length: sizeOf(shape) }, () => middle + 0.6 * (random.next() - 0.5)),
    };
  };
  return new Map([...shapes].map(([name, shape]) => [name, tensor(shape, name)]));
}

const randomWeights = (config: ModelConfig, seed: string): Weights =>
  randomTensors(parameterShapes(config), seed);

function randomAdapter(kind: Adapter["kind"], targets: readonly string[], seed: string): Adapter {
  const form = { kind, rank: 3, alpha: 5, targets };
  return { ...form, tensors: randomTensors(adapterShapes(LLAMA, form), seed) };
}

const openTiny = (weights: Weights, precision: Precision = "f32"): Promise<LanguageModel> =>
  openModel({ config: LLAMA, weights, precision, runtime });

/** Allows a token by its place in the sequence; done after the last place. */
function maskOf(allowed: readonly (readonly number[])[]): TokenMask {
  let at = 0;
  return {
    mask() {
      const bits = new Int32Array(2);
      for (const token of allowed[at]) bits[token >> 5] |= 1 << (token & 31);
      return bits;
    },
    accept: (token) => allowed[at++].includes(token),
    isDone: () => at === allowed.length,
  };
}

const TOKENS = [3, 41, 7, 7, 19, 2, 33, 48, 0, 11, 25, 30];

describe("generate()", () => {
  const weights = randomWeights(LLAMA, "generate");
  const requests: GenerationRequest[] = [3, 17, 5, 9, 11].map((length, index) => ({
    prompt: Array.from({ length }, (_, place) => (7 * place * place + 13 * index + 5) % 50),
  }));

  test("answers a batch as it answers each request alone", async () => {
    const model = await openTiny(weights);
    const options = { maxTokens: 70, eos: [9, 31], batch: 3 };
    const together = await model.generate(requests, options);
    const alone = await Promise.all(
      requests.map(async (request) => (await model.generate([request], options))[0]),
    );
    await model.close();
    expect(together.map(({ tokens, finish }) => ({ tokens, finish }))).toEqual(
      alone.map(({ tokens, finish }) => ({ tokens, finish })),
    );
    expect(new Set(together.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(1);
  });

  test("answers after a shared prefix as after the same tokens in the prompt", async () => {
    const model = await openTiny(weights);
    const prefix = TOKENS;
    const whole = await model.generate(
      requests.map(({ prompt }) => ({ prompt: [...prefix, ...prompt] })),
      { maxTokens: 20 },
    );
    const split = await model.generate(
      requests.map(({ prompt }) => ({ prompt, prefix })),
      { maxTokens: 20 },
    );
    const [empty] = await model.generate([{ prompt: [], prefix: [...prefix, ...requests[0].prompt] }], {
      maxTokens: 20,
    });
    await model.close();
    expect(split.map(({ tokens }) => tokens)).toEqual(whole.map(({ tokens }) => tokens));
    expect(empty.tokens).toEqual(whole[0].tokens);
  });

  test.each([
    ["lora", ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]],
    ["lora", ["v_proj", "up_proj"]],
    ["dora", ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]],
    ["dora", ["q_proj", "down_proj"]],
  ] as const)("scores under an adapter as under merged weights: %s on %s", async (kind, targets) => {
    const adapter = randomAdapter(kind, targets, `${kind}:${targets.join()}`);
    const base = await openTiny(weights);
    const merged = await openTiny(mergeAdapter(weights, adapter, LLAMA));
    const scored = { prompt: TOKENS.slice(0, 3), answer: TOKENS.slice(3) };
    const found = await base.score({ ...scored, adapter: base.loadAdapter(adapter) });
    const expected = await merged.score(scored);
    await base.close();
    await merged.close();
    expect(Math.max(...found.map((value, index) => Math.abs(value - expected[index])))).toBeLessThan(1e-4);
  });

  test("keeps each request of a batch to its own adapter", async () => {
    const model = await openTiny(weights);
    const adapters = ["a", "b"].map((seed) =>
      model.loadAdapter(randomAdapter("lora", ["q_proj", "down_proj"], seed)),
    );
    const mixed = [undefined, adapters[0], adapters[1], adapters[0]].map((adapter) => ({
      prompt: TOKENS,
      adapter,
    }));
    const together = await model.generate(mixed, { maxTokens: 8 });
    const alone = await Promise.all(
      mixed.map(async (request) => (await model.generate([request], { maxTokens: 8 }))[0]),
    );
    await model.close();
    expect(together.map(({ tokens }) => tokens)).toEqual(alone.map(({ tokens }) => tokens));
    expect(new Set(together.map(({ tokens }) => tokens.join())).size).toBe(3);
  });

  test("holds an adapter of rank 8 for a base of 5 million parameters in less than 2 MB", async () => {
    const sizes = {
      vocabularySize: 4096,
      hiddenSize: 256,
      intermediateSize: 704,
      layers: 6,
      heads: 8,
      headSize: 32,
    };
    const config: ModelConfig = { ...LLAMA, ...sizes, kvHeads: 8 };
    const zeros = (shapes: ReadonlyMap<string, readonly number[]>): Weights =>
      new Map([...shapes].map(([name, shape]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]));
    const model = await openModel({
      config,
      weights: zeros(parameterShapes(config)),
      precision: "f32",
      runtime,
    });
    const targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
    const form = { kind: "lora", rank: 8, alpha: 16, targets } as const;
    const { bytes } = model.loadAdapter({ ...form, tensors: zeros(adapterShapes(config, form)) });
    await model.close();
    expect(bytes).toBeLessThan(2e6);
  });

  test("refuses a closed adapter", async () => {
    const model = await openTiny(weights);
    const adapter = model.loadAdapter(randomAdapter("lora", ["q_proj"], "closed"));
    adapter.close();
    await expect(model.generate([{ prompt: [1], adapter }], { maxTokens: 1 })).rejects.toThrow(
      "Cannot use adapter 1: it is closed, or of another model",
    );
    await model.close();
  });

  test("writes what the mask allows, with the model's and the masked probability", async () => {
    const model = await openTiny(weights);
    const pair = [12, 33];
    const [answer] = await model.generate([{ prompt: TOKENS, mask: maskOf([pair]) }], { maxTokens: 5 });
    const scores = await Promise.all(
      pair.map(async (token) => (await model.score({ prompt: TOKENS, answer: [token] }))[0]),
    );
    await model.close();
    const best = Math.max(...scores);
    const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    expect(answer.finish).toBe("stop");
    expect(answer.tokens).toEqual([pair[scores.indexOf(best)]]);
    expect(answer.logProbs[0]).toBeCloseTo(best, 4);
    expect(answer.maskedLogProbs[0]).toBeCloseTo(best - total, 4);
  });

  test("reads runs of forced tokens as if they had been chosen", async () => {
    const model = await openTiny(weights);
    const forced = [[4], [8], [15, 16], [23], [42], [7], [5, 6, 7]];
    const alone = await model.generate([{ prompt: TOKENS, mask: maskOf(forced) }], { maxTokens: 20 });
    const together = await model.generate(
      [...requests, { prompt: TOKENS, mask: maskOf(forced) }].map((request, index) =>
        index < requests.length ? request : { ...request, mask: maskOf(forced) },
      ),
      { maxTokens: 20 },
    );
    const [free] = await model.generate(
      [{ prompt: [...TOKENS, ...alone[0].tokens.slice(0, 6)], mask: maskOf(forced.slice(6)) }],
      { maxTokens: 1 },
    );
    await model.close();
    expect(alone[0].logProbs.map((value) => value === null)).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(together.at(-1)?.tokens).toEqual(alone[0].tokens);
    expect(free.tokens).toEqual(alone[0].tokens.slice(6));
    expect(free.logProbs[0]).toBeCloseTo(alone[0].logProbs[6] ?? NaN, 4);
  });

  test("ends at the context", async () => {
    const model = await openModel({ config: LLAMA, weights, precision: "f32", runtime, contextSize: 20 });
    const [answer] = await model.generate([{ prompt: TOKENS }], { maxTokens: 100 });
    await model.close();
    // The last token is written but not read any more.
    expect({ tokens: answer.tokens.length, finish: answer.finish }).toEqual({ tokens: 9, finish: "length" });
  });

  test("stops at a cancelled signal and says so", async () => {
    const model = await openTiny(weights);
    const cancel = new AbortController();
    const stream = model.stream({ prompt: TOKENS }, { maxTokens: 50 }, cancel.signal);
    const first = await stream.next();
    cancel.abort();
    let next = await stream.next();
    while (next.done !== true) next = await stream.next();
    await model.close();
    expect(first.done).toBe(false);
    expect(next.value.finish).toBe("cancelled");
  });

  test("draws the same tokens from the same seed, others from another", async () => {
    const model = await openTiny(weights);
    const draw = async (seed: number): Promise<readonly number[]> => {
      const sampling = { temperature: 1.2, topP: 0.95, seed };
      return (await model.generate([{ prompt: TOKENS }], { maxTokens: 12, sampling }))[0].tokens;
    };
    const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
    await model.close();
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

describe("score() and embed()", () => {
  const weights = randomWeights(LLAMA, "score");

  test("score() gives an answer the probabilities it was written with", async () => {
    const model = await openTiny(weights);
    const [{ tokens, logProbs }] = await model.generate([{ prompt: TOKENS }], { maxTokens: 70 });
    const scores = await model.score({ prefix: TOKENS.slice(0, 2), prompt: TOKENS.slice(2), answer: tokens });
    await model.close();
    const worst = scores.map((score, index) => Math.abs(score - (logProbs[index] ?? NaN)));
    expect(Math.max(...worst)).toBeLessThan(1e-4);
  });

  test.each([
    ["int8", 0.05],
    ["int4", 0.8],
  ] as const)("%s weights move an answer's log-probabilities by little", async (precision, bound) => {
    const answer = TOKENS.slice(3);
    const [exact, rounded] = await Promise.all(
      (["f32", precision] as const).map(async (kind) => {
        const model = await openTiny(weights, kind);
        return model.score({ prompt: TOKENS.slice(0, 3), answer });
      }),
    );
    const worst = Math.max(...exact.map((value, index) => Math.abs(value - rounded[index])));
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(bound);
  });

  test("int8 weights give the same on WebAssembly, but for rounding of activations", async () => {
    const scored = { prompt: TOKENS.slice(0, 3), answer: TOKENS.slice(3) };
    const [native, wasm] = await Promise.all(
      (["native", "wasm"] as const).map(async (kind) => {
        const options = {
          config: LLAMA,
          weights,
          precision: "int8",
          runtime: await openRuntime(kind),
        } as const;
        return (await openModel(options)).score(scored);
      }),
    );
    expect(Math.max(...native.map((value, index) => Math.abs(value - wasm[index])))).toBeLessThan(0.05);
  });

  test("embed() is of length 1, and depends on the tokens", async () => {
    const model = await openTiny(weights);
    const [a, b] = [await model.embed([3, 4, 5]), await model.embed([5, 6])];
    await model.close();
    expect(a).toHaveLength(LLAMA.hiddenSize);
    expect(Math.hypot(...a)).toBeCloseTo(1, 5);
    expect(a.reduce((sum, value, index) => sum + value * b[index], 0)).toBeLessThan(0.999);
  });

  test("weights that do not fit are refused by name", async () => {
    const spoilt = new Map(weights).set("model.norm.weight", { shape: [31], data: new Float32Array(31) });
    await expect(openTiny(spoilt)).rejects.toThrow(
      'Cannot open the model: tensor "model.norm.weight" has the shape [31], expected [32]',
    );
  });
});
