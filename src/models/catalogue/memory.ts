import type { OpenModel } from "./open-model.ts";

export const PRECISIONS = ["f16", "int8", "int4"] as const;
export type Precision = (typeof PRECISIONS)[number];

/**
 * Bytes per parameter. The quantised forms are GGUF's Q8_0 and Q4_0: blocks of 32 numbers with one f16 scale,
 * 34 and 18 bytes a block. All parameters count, embeddings too.
 */
export const BYTES_PER_PARAMETER: { readonly [precision in Precision]: number } = {
  f16: 2,
  int8: 34 / 32,
  int4: 18 / 32,
};

/** Keys and values are kept in f16, whatever the weights are. */
const CACHE_BYTES_PER_NUMBER = 2;

export type Memory = {
  readonly weightsBytes: { readonly [precision in Precision]: number | null };
  /** Per 1,000 tokens of one conversation; null when the shape is not known or its attention slides. */
  readonly cacheBytesPer1000Tokens: number | null;
};

/** What a model takes, computed from its parameters and the shape of its cache; null where these are not known. */
export function memoryOf({ parameters, cache }: OpenModel): Memory {
  const weights = (precision: Precision): number | null =>
    parameters === null ? null : Math.round(parameters * BYTES_PER_PARAMETER[precision]);
  return {
    weightsBytes: { f16: weights("f16"), int8: weights("int8"), int4: weights("int4") },
    cacheBytesPer1000Tokens:
      cache === null
        ? null
        : 1000 * 2 * cache.layers * cache.kvHeads * cache.headSize * CACHE_BYTES_PER_NUMBER,
  };
}

/** A conversation that an agent's step commonly needs. */
const FIT_TOKENS = 4_000;
/** The rest is the runtime's own: graph, scratch space, the operating system's files. */
const FIT_SHARE = 0.9;

/** The finest precision at which weights and the cache of 4,000 tokens fit into a memory; null when none does or the size is unknown. */
export function finestFit(model: OpenModel, memoryBytes: number): Precision | null {
  const { weightsBytes, cacheBytesPer1000Tokens } = memoryOf(model);
  const cacheBytes = ((cacheBytesPer1000Tokens ?? 0) * FIT_TOKENS) / 1000;
  return (
    PRECISIONS.find((precision) => {
      const bytes = weightsBytes[precision];
      return bytes !== null && bytes + cacheBytes <= memoryBytes * FIT_SHARE;
    }) ?? null
  );
}
