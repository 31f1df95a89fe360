import type { Decoder } from "./decoder.ts";
import { feed, feedPrefix, type Adapted } from "./feed.ts";
import { createCache, moveRow, reserve, type KeyValueCache } from "./key-value-cache.ts";
import type { GeneratedToken, GenerationOptions, GenerationRequest } from "./language-model.ts";
import type { PrefixCache } from "./prefix-cache.ts";
import { openSequence, type Rules, type Sequence } from "./sequence.ts";

// Rows share each weight that is read; beyond eight the products are bound by arithmetic, and only memory grows.
const DEFAULT_BATCH = 8;

/** Requests that run on the same adapter. */
export type Group = {
  readonly requests: readonly GenerationRequest[];
  /** Places of the group's requests among all. */
  readonly indices: readonly number[];
  readonly adapter: Adapted;
};

export type WrittenToken = GeneratedToken & { readonly index: number };

/** What a run over a group works on. */
type Run = {
  readonly decoder: Decoder;
  readonly cache: KeyValueCache;
  readonly group: Group;
  readonly prefixes: PrefixCache;
  /** Row by row, the sequences that are being written. */
  readonly active: Sequence[];
};

/**
 * Writes the answers of a group, many rows at a time: a row that ends makes room for the next request. Yields tokens as they
 * are chosen and returns the sequences; those cut short by the signal have no finish.
 */
export async function* generateGroup(
  decoder: Decoder,
  group: Group,
  options: GenerationOptions & { readonly prefixes: PrefixCache },
  signal?: AbortSignal,
): AsyncGenerator<WrittenToken, Sequence[]> {
  const rules = rulesOf(decoder, options);
  const rows = Math.max(1, Math.min(options.batch ?? DEFAULT_BATCH, group.requests.length));
  const cache = createCache(decoder.config, rows, 1);
  const run: Run = { decoder, cache, group, prefixes: options.prefixes, active: [] };
  const all: Sequence[] = [];
  const isCancelled = (): boolean => signal?.aborted === true;
  while (!isCancelled()) {
    while (run.active.length < rows && all.length < group.requests.length) {
      const request = group.requests[all.length];
      const sequence = openSequence(group.indices[all.length], request, rules);
      all.push(sequence);
      yield* numbered(sequence, await start(run, sequence, request));
    }
    if (run.active.length === 0) break;
    for (const [sequence, tokens] of await step(run)) yield* numbered(sequence, tokens);
    removeFinished(run);
  }
  return all;
}

function rulesOf(decoder: Decoder, { maxTokens, eos, sampling }: GenerationOptions): Rules {
  return { maxTokens, eos: new Set(eos ?? decoder.config.eosTokenIds), sampling };
}

function* numbered({ index }: Sequence, tokens: readonly GeneratedToken[]): Generator<WrittenToken> {
  for (const token of tokens) yield { ...token, index };
}

/** Reads a request's prompt into the next free row and chooses its first token. */
async function start(
  run: Run,
  sequence: Sequence,
  { prefix = [], prompt }: GenerationRequest,
): Promise<readonly GeneratedToken[]> {
  const { decoder, cache, group, prefixes, active } = run;
  const row = active.length;
  const forced = await sequence.begin();
  const tokens = [...prompt, ...sequence.pending];
  if (sequence.finish !== null || isTooLong(run, sequence, prefix.length + tokens.length)) return forced;
  reserve(cache, decoder.config, prefix.length + tokens.length);
  // The distribution comes from reading a token: without a prompt the prefix lends its last.
  const cut = tokens.length === 0 ? -1 : prefix.length;
  await feedPrefix(decoder, cache, row, { prefix: prefix.slice(0, cut), adapter: group.adapter, prefixes });
  const rest = tokens.length === 0 ? prefix.slice(-1) : tokens;
  const logProbs = await feed(decoder, cache, row, { tokens: rest, adapter: group.adapter });
  const chosen = await choose(run, sequence, row, { logProbs, offset: 0 });
  if (sequence.finish === null) active.push(sequence);
  return [...forced, ...chosen];
}

/** One token more for every row, and what a grammar forces after it. */
async function step(run: Run): Promise<(readonly [Sequence, readonly GeneratedToken[]])[]> {
  const { decoder, cache, active, group } = run;
  if (active.length === 1) {
    const logProbs = await feed(decoder, cache, 0, { tokens: active[0].pending, adapter: group.adapter });
    return [[active[0], await choose(run, active[0], 0, { logProbs, offset: 0 })]];
  }
  // Rows of a step have equally many tokens: runs of forced ones are read beforehand, but for the last.
  for (const [row, { pending }] of active.entries()) {
    if (pending.length > 1)
      await feed(decoder, cache, row, { tokens: pending.slice(0, -1), adapter: group.adapter });
  }
  const logProbs = await decoder.run(cache, {
    first: 0,
    count: active.length,
    tokens: active.map(({ pending }) => pending[pending.length - 1]),
    places: active.map((_, row) => row),
    adapter: group.adapter.inputs,
  });
  const written: (readonly [Sequence, readonly GeneratedToken[]])[] = [];
  for (const [row, sequence] of active.entries()) {
    const offset = row * decoder.config.vocabularySize;
    written.push([sequence, await choose(run, sequence, row, { logProbs, offset })]);
  }
  return written;
}

async function choose(
  run: Run,
  sequence: Sequence,
  row: number,
  { logProbs, offset }: { readonly logProbs: Float32Array; readonly offset: number },
): Promise<readonly GeneratedToken[]> {
  sequence.pending.length = 0;
  const size = run.decoder.config.vocabularySize;
  const chosen = await sequence.advance({ logProbs, offset, size });
  isTooLong(run, sequence, run.cache.lengths[row] + sequence.pending.length);
  return chosen;
}

/** Ends a sequence whose next step would not fit into the context. */
function isTooLong({ decoder }: Run, sequence: Sequence, length: number): boolean {
  if (sequence.finish === null && length > decoder.positions) sequence.finish = "length";
  return sequence.finish !== null;
}

/** Keeps the rows in use together, at the front. */
function removeFinished({ cache, decoder, active }: Run): void {
  for (let row = active.length - 1; row >= 0; row -= 1) {
    if (active[row].finish === null) continue;
    const last = active.length - 1;
    if (row !== last) moveRow(cache, decoder.config, last, row);
    active[row] = active[last];
    active.pop();
  }
}
