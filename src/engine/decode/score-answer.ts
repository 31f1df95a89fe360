import { HouseError } from "../../core/index.ts";
import type { Decoder } from "./decoder.ts";
import { feed, feedPrefix, PREFILL_CHUNK, type Adapted } from "./feed.ts";
import { createCache } from "./key-value-cache.ts";
import type { ScoreRequest } from "./language-model.ts";
import type { PrefixCache } from "./prefix-cache.ts";

// Distributions over 150,000 tokens at 64 positions take 38 MB.
const POSITIONS_PER_STEP = Math.min(64, PREFILL_CHUNK);

/** Log-probability of each token of an answer, given the prompt and the answer so far. One pass, not one step per token. */
export async function scoreAnswer(
  decoder: Decoder,
  prefixes: PrefixCache,
  adapter: Adapted,
  { prefix = [], prompt, answer }: ScoreRequest,
): Promise<Float32Array> {
  const { config, positions } = decoder;
  const scores = new Float32Array(answer.length);
  if (answer.length === 0) return scores;
  const total = prefix.length + prompt.length + answer.length;
  if (prefix.length + prompt.length === 0)
    throw new HouseError("bad-input", "Cannot score an answer: its prompt has no token");
  if (total - 1 > positions)
    throw new HouseError("bad-input", `Cannot score ${total} tokens: the context has ${positions}`);
  const cache = createCache(config, 1, total);
  // The distribution of the answer's first token comes from reading the last token before it.
  const start = [...prompt];
  const shared = prompt.length === 0 ? prefix.slice(0, -1) : prefix;
  if (prompt.length === 0) start.push(prefix[prefix.length - 1]);
  await feedPrefix(decoder, cache, 0, { prefix: shared, adapter, prefixes });
  if (start.length > 1) await feed(decoder, cache, 0, { tokens: start.slice(0, -1), adapter });
  const read = [start[start.length - 1], ...answer.slice(0, -1)];
  for (let from = 0; from < read.length; from += POSITIONS_PER_STEP) {
    const tokens = read.slice(from, from + POSITIONS_PER_STEP);
    const places = tokens.map((_, index) => index);
    const logProbs = await decoder.run(cache, {
      first: 0,
      count: 1,
      tokens,
      places,
      adapter: adapter.inputs,
    });
    for (const index of places)
      scores[from + index] = logProbs[index * config.vocabularySize + answer[from + index]];
  }
  return scores;
}
