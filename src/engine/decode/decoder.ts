import type { ModelConfig, Weights } from "../model-config.ts";
import type { Runtime, SessionTensor } from "../onnx/runtime.ts";
import { openEmbedding } from "./embedding.ts";
import { inferenceModel } from "./inference-graph.ts";
import { append, pastsOf, reserve, type KeyValueCache } from "./key-value-cache.ts";
import type { AdapterShape } from "./linear-groups.ts";
import { modelParts, type Precision } from "./model-parts.ts";
import { createSessions } from "./sessions.ts";

/** An adapter's matrices as inputs of the graph that is made for its shape. */
export type AdapterInputs = {
  readonly shape: AdapterShape;
  readonly feeds: Readonly<Record<string, SessionTensor>>;
};

/** One step: `tokens` of `count` rows from `first` on, equally many each, row by row. */
export type Step = {
  readonly first: number;
  readonly count: number;
  readonly tokens: ArrayLike<number>;
  /** Positions whose distributions are wanted, into `tokens`. */
  readonly places: readonly number[];
  readonly adapter: AdapterInputs | null;
  /** `hidden`: the last hidden states of all tokens instead. */
  readonly wanted?: "logProbs" | "hidden";
};

/** The forward pass over cached sequences. */
export type Decoder = {
  readonly config: ModelConfig;
  /** Longest sequence. */
  readonly positions: number;
  readonly runtime: Runtime;
  /** Extends the cached rows by the step's tokens. Returns [places, vocabulary], or [tokens, hidden]. */
  run(cache: KeyValueCache, step: Step): Promise<Float32Array>;
  close(): Promise<void>;
};

export type DecoderOptions = {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly precision: Precision;
  /** Longest sequence; at most the model's context. */
  readonly positions: number;
  readonly threads: number;
  readonly runtime: Runtime;
};

export function openDecoder(options: DecoderOptions): Decoder {
  const { config, weights, runtime, precision, positions, threads } = options;
  const products = runtime.kind === "native" ? "integer" : "float";
  const embed = openEmbedding(config, weights, precision);
  const sessions = createSessions((shape) => {
    // The parts are let go afterwards: the session has copied them.
    const parts = modelParts(config, weights, { precision, positions, products });
    return runtime.createSession(inferenceModel(config, parts, shape), { threads });
  });
  return {
    config,
    positions,
    runtime,
    async run(cache, step) {
      const { first, count, tokens, places, adapter, wanted = "logProbs" } = step;
      const length = tokens.length / count;
      const session = await sessions.get(adapter?.shape ?? null);
      const total = longest(cache, first, count) + length;
      if (total > positions)
        throw new RangeError(`Cannot decode ${total} tokens: the context has ${positions}`);
      reserve(cache, config, total);
      const feeds = {
        ...pastsOf(cache, config, runtime, step),
        ...adapter?.feeds,
        ...positionsOf(runtime, cache, step, length),
        embeddings: runtime.tensor("float32", embed(tokens), [count, length, config.hiddenSize]),
        totalLength: runtime.tensor("int32", Int32Array.of(total), []),
        places: runtime.tensor("int64", BigInt64Array.from(places, BigInt), [places.length]),
      };
      const outputs = await session.run(feeds, { [wanted]: null, state: null });
      // Both outputs are float32 by the graph.
      append(cache, config, { first, count, length }, outputs["state"].data as Float32Array);
      return outputs[wanted].data as Float32Array;
    },
    close: () => sessions.close(),
  };
}

function longest(cache: KeyValueCache, first: number, count: number): number {
  let length = 0;
  for (let row = first; row < first + count; row += 1) length = Math.max(length, cache.lengths[row]);
  return length;
}

function positionsOf(
  runtime: Runtime,
  cache: KeyValueCache,
  { first, count }: Step,
  length: number,
): Record<string, SessionTensor> {
  const positions = new BigInt64Array(count * length);
  const last = new Int32Array(count);
  for (let row = 0; row < count; row += 1) {
    const start = cache.lengths[first + row];
    for (let token = 0; token < length; token += 1) positions[row * length + token] = BigInt(start + token);
    last[row] = start + length - 1;
  }
  return {
    positions: runtime.tensor("int64", positions, [count, length]),
    lastPositions: runtime.tensor("int32", last, [count]),
  };
}
