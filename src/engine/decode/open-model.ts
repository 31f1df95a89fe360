import { HouseError } from "../../core/index.ts";
import { configFault } from "../formats/check-config.ts";
import { shapesOf, weightsFault } from "../formats/check-weights.ts";
import { parameterCount, type ModelConfig, type Weights } from "../model-config.ts";
import { openRuntime, type Runtime } from "../onnx/runtime.ts";
import { openAdapters, type Adapters } from "./adapters.ts";
import { openDecoder, type Decoder } from "./decoder.ts";
import { embedTokens } from "./embed-tokens.ts";
import { generateGroup, type Group } from "./generate.ts";
import type { Generation, GenerationRequest, LanguageModel } from "./language-model.ts";
import type { Precision } from "./model-parts.ts";
import { createPrefixCache, type PrefixCache } from "./prefix-cache.ts";
import { scoreAnswer } from "./score-answer.ts";
import { generationOf } from "./sequence.ts";

export type OpenModelOptions = {
  readonly config: ModelConfig;
  /** Read while sessions are opened, at the first use and at the first use of an adapter; with f32 always. */
  readonly weights: Weights;
  /** int8 and int4: weights in blocks of 32 (MatMulNBits), activations to 8 bits as they come. */
  readonly precision: Precision;
  readonly threads?: number;
  /** Longest sequence in tokens; default the model's, at most 4096. */
  readonly contextSize?: number;
  /** Memory for states of shared prefixes; default 64 MiB. */
  readonly prefixCacheBytes?: number;
  /** Default: native, else WebAssembly. */
  readonly runtime?: Runtime;
};

// The rotation tables of 131,072 positions would take 64 MiB; agents' narrow tasks need a fraction.
const DEFAULT_CONTEXT = 4096;
// About 40 prefixes of 256 tokens of the base made here.
const PREFIX_CACHE_BYTES = 64 * 2 ** 20;

/** A model on ONNX Runtime. Throws HouseError: `no-engine` where no runtime loads, `bad-input` for weights that do not fit. */
export async function openModel(options: OpenModelOptions): Promise<LanguageModel> {
  const { config, weights, precision, threads = 1 } = options;
  const fault = configFault(config) ?? weightsFault(config, shapesOf(weights));
  if (fault !== null) throw new HouseError("bad-input", `Cannot open the model: ${fault}`);
  refuseTooLarge(config, precision);
  const runtime = options.runtime ?? (await openRuntime());
  const positions = Math.min(options.contextSize ?? DEFAULT_CONTEXT, config.contextSize);
  const decoder = openDecoder({ config, weights, precision, positions, threads, runtime });
  const prefixes = createPrefixCache(options.prefixCacheBytes ?? PREFIX_CACHE_BYTES);
  const adapters = openAdapters({ config, weights, runtime }, prefixes);
  return modelOf(decoder, prefixes, adapters);
}

// A protobuf message, which an ONNX model is, ends at 2 GiB.
const MAX_MODEL_BYTES = 2 ** 31;

function refuseTooLarge(config: ModelConfig, precision: Precision): void {
  const bytesEach = { f32: 4, int8: 1.125, int4: 0.625 }[precision];
  // The embedding is looked up outside the graph; the head is inside.
  const inside = parameterCount({ ...config, tiedHead: true });
  if (inside * bytesEach < MAX_MODEL_BYTES) return;
  throw new HouseError(
    "bad-input",
    `Cannot open a model of ${parameterCount(config)} parameters at ${precision}: a graph ends at 2 GiB; use ${precision === "f32" ? "int8, int4 or " : ""}a GGUF file`,
  );
}

function modelOf(decoder: Decoder, prefixes: PrefixCache, adapters: Adapters): LanguageModel {
  return {
    engine: "onnx",
    vocabularySize: decoder.config.vocabularySize,
    contextSize: decoder.positions,
    async generate(requests, options, signal) {
      const answers: Generation[] = [];
      for (const group of groupsOf(requests, adapters)) {
        const tokens = generateGroup(decoder, group, { ...options, prefixes }, signal);
        let next = await tokens.next();
        while (next.done !== true) next = await tokens.next();
        for (const sequence of next.value) answers[sequence.index] = generationOf(sequence);
      }
      // What the signal kept from starting.
      return requests.map((_, index) => answers[index] ?? NOT_STARTED);
    },
    async *stream(request, options, signal) {
      const [group] = groupsOf([request], adapters);
      const [sequence] = yield* generateGroup(decoder, group, { ...options, prefixes }, signal);
      return sequence === undefined ? NOT_STARTED : generationOf(sequence);
    },
    score: (request) => scoreAnswer(decoder, prefixes, adapters.inputsOf(request.adapter), request),
    embed: (tokens, adapter) => embedTokens(decoder, tokens, adapters.inputsOf(adapter)),
    loadAdapter: (adapter) => adapters.load(adapter),
    close: () => decoder.close(),
  };
}

const NOT_STARTED: Generation = { tokens: [], logProbs: [], maskedLogProbs: [], finish: "cancelled" };

/** Requests by adapter: a step's rows all run on one. */
function groupsOf(requests: readonly GenerationRequest[], adapters: Adapters): Group[] {
  const groups = new Map<
    number,
    { requests: GenerationRequest[]; indices: number[]; adapter: Group["adapter"] }
  >();
  for (const [index, request] of requests.entries()) {
    if (request.prompt.length + (request.prefix?.length ?? 0) === 0)
      throw new HouseError("bad-input", `Cannot generate from request ${index}: its prompt has no token`);
    const adapter = adapters.inputsOf(request.adapter);
    const group = groups.get(adapter.id) ?? { requests: [], indices: [], adapter };
    groups.set(adapter.id, group);
    group.requests.push(request);
    group.indices.push(index);
  }
  return [...groups.values()];
}
