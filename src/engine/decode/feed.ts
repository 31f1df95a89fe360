import type { AdapterInputs, Decoder } from "./decoder.ts";
import { restoreRow, saveRow, type KeyValueCache } from "./key-value-cache.ts";
import type { PrefixCache } from "./prefix-cache.ts";

/** An adapter as the decoder and the prefix cache know it; id 0 is the model alone. */
export type Adapted = { readonly id: number; readonly inputs: AdapterInputs | null };

// Attention over a long prompt at once would take memory with the square of its length.
export const PREFILL_CHUNK = 256;

/** Reads tokens into one row; returns the distribution after the last of them. At least one token. */
export async function feed(
  decoder: Decoder,
  cache: KeyValueCache,
  row: number,
  { tokens, adapter }: { readonly tokens: readonly number[]; readonly adapter: Adapted },
): Promise<Float32Array> {
  if (tokens.length === 0) throw new RangeError("Cannot decode from an empty prompt: it needs a token");
  let logProbs: Float32Array = new Float32Array(0);
  for (let start = 0; start < tokens.length; start += PREFILL_CHUNK) {
    const chunk = tokens.slice(start, start + PREFILL_CHUNK);
    const step = { first: row, count: 1, tokens: chunk, places: [chunk.length - 1], adapter: adapter.inputs };
    logProbs = await decoder.run(cache, step);
  }
  return logProbs;
}

/** Puts the state after a fixed beginning into a row: from the prefix cache, or computed and kept there. */
export async function feedPrefix(
  decoder: Decoder,
  cache: KeyValueCache,
  row: number,
  {
    prefix,
    adapter,
    prefixes,
  }: { readonly prefix: readonly number[]; readonly adapter: Adapted; readonly prefixes: PrefixCache },
): Promise<void> {
  cache.lengths[row] = 0;
  if (prefix.length === 0) return;
  const known = prefixes.get(adapter.id, prefix);
  if (known !== undefined) return restoreRow(cache, decoder.config, row, known);
  await feed(decoder, cache, row, { tokens: prefix, adapter });
  prefixes.put(adapter.id, prefix, saveRow(cache, decoder.config, row));
}
