import type { Price } from "../prices.ts";

/** Providers keep a prompt's beginning for 5 minutes after its last use, some longer. */
export const CACHE_LIFETIME_MS = 300_000;
/** Shorter prompts are not cached by any of the large providers. */
export const MIN_CACHED_TOKENS = 1024;
/** What a cached token costs of a new one: a tenth to a half; the half says least for staying. */
const CACHED_SHARE = 0.5;

export type Stay = {
  /** Of the request, nearly all of which the session has sent before. */
  readonly tokens: number;
  readonly idleMs: number;
  /** Where the session was answered last; null when unknown. */
  readonly here: Price | null;
  /** Where its calls would go if it were new. */
  readonly there: Price | null;
};

/**
 * Whether a session stays where its prompt is cached: when reading the rest of the cache here costs less than reading all anew there.
 * With a price unknown it stays: a cache is certain, a saving is not.
 */
export function staysForCache({ tokens, idleMs, here, there }: Stay): boolean {
  if (tokens < MIN_CACHED_TOKENS || idleMs > CACHE_LIFETIME_MS) return false;
  if (here === null || there === null) return true;
  return here.inputUsd * CACHED_SHARE <= there.inputUsd;
}
