import type { ModelConfig, Weights } from "../model-config.ts";
import { BLOCK, numbers, type Precision } from "./model-parts.ts";
import { quantize } from "./quantize.ts";

/** Writes the rows of some tokens one after another: [tokens, hidden]. */
export type Embedding = (tokens: ArrayLike<number>) => Float32Array;

/**
 * The lookup of token embeddings, outside the graph: an initialiser there would be a second copy of the largest matrix
 * of a small model. Quantised models keep 8 bits here, the same values as a tied head has.
 */
export function openEmbedding(config: ModelConfig, weights: Weights, precision: Precision): Embedding {
  const data = numbers(weights, "model.embed_tokens.weight");
  const { hiddenSize: width, vocabularySize } = config;
  if (precision === "f32") {
    return lookup(config, (token, rows, to) =>
      rows.set(data.subarray(token * width, (token + 1) * width), to),
    );
  }
  const { values, scales, block } = quantize(data, vocabularySize, width, { bits: 8, block: BLOCK });
  const blocks = Math.ceil(width / block);
  return lookup(config, (token, rows, to) => {
    for (let index = 0; index < width; index += 1) {
      const part = token * blocks + Math.floor(index / block);
      rows[to + index] = (values[part * block + (index % block)] - 128) * scales[part];
    }
  });
}

function lookup(
  { hiddenSize, vocabularySize }: ModelConfig,
  write: (token: number, rows: Float32Array, to: number) => void,
): Embedding {
  return (tokens) => {
    const rows = new Float32Array(tokens.length * hiddenSize);
    for (let index = 0; index < tokens.length; index += 1) {
      const token = tokens[index];
      if (!(token >= 0 && token < vocabularySize))
        throw new RangeError(`Cannot read token ${token}: the vocabulary has ${vocabularySize}`);
      write(token, rows, index * hiddenSize);
    }
    return rows;
  };
}
