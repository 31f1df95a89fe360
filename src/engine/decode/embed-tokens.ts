import { HouseError } from "../../core/index.ts";
import type { Decoder } from "./decoder.ts";
import { PREFILL_CHUNK, type Adapted } from "./feed.ts";
import { createCache } from "./key-value-cache.ts";

/** The mean of the last hidden states, scaled to length 1: [hidden]. */
export async function embedTokens(
  decoder: Decoder,
  tokens: readonly number[],
  adapter: Adapted,
): Promise<Float32Array> {
  const { config, positions } = decoder;
  if (tokens.length === 0 || tokens.length > positions)
    throw new HouseError("bad-input", `Cannot embed ${tokens.length} tokens: needs 1 to ${positions}`);
  const cache = createCache(config, 1, tokens.length);
  const sum = new Float64Array(config.hiddenSize);
  for (let start = 0; start < tokens.length; start += PREFILL_CHUNK) {
    const chunk = tokens.slice(start, start + PREFILL_CHUNK);
    const step = {
      first: 0,
      count: 1,
      tokens: chunk,
      places: [0],
      adapter: adapter.inputs,
      wanted: "hidden",
    } as const;
    const hidden = await decoder.run(cache, step);
    for (let index = 0; index < hidden.length; index += 1) sum[index % config.hiddenSize] += hidden[index];
  }
  const norm = Math.hypot(...sum);
  return Float32Array.from(sum, (value) => (norm === 0 ? 0 : value / norm));
}
