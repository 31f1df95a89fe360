import type { ErrorCode } from "../../core/index.ts";

/** Waiting of one call for all its attempts together: a client that waits longer has given up or asks again itself. */
export const MAX_WAIT_MS = 10_000;
/** A provider that asks for more than this is not waited for while another target is left. */
export const MAX_WAIT_BEFORE_NEXT_MS = 1000;
/** Attempts of one call over all its targets and keys. */
export const MAX_ATTEMPTS = 8;

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 4000;

/** What another attempt may mend: too many requests, a server's own failure, or one of the network in front of it. */
export function isRetryable(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** The key is refused or spent: another one may do. */
export function isOfTheKey(status: number): boolean {
  return status === 401 || status === 403 || status === 429;
}

/** Failures before the first byte of an answer after which nothing has been said yet. */
export function isRetryableFailure(code: ErrorCode): boolean {
  return code === "upstream-unreachable" || code === "upstream-timeout" || code === "upstream-broken";
}

/** What `retry-after-ms` or `retry-after` (seconds or a date) asks for; null when nothing that can be read. */
export function retryAfterMs(headers: { readonly [name: string]: string }, nowMs: number): number | null {
  const milliseconds = Number(headers["retry-after-ms"] ?? Number.NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  const text = headers["retry-after"];
  if (text === undefined) return null;
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** How long to wait before attempt `attempt` (from 1): never less than was asked for, with jitter so that clients do not come back at once. */
export function waitMs(attempt: number, askedMs: number | null, random: () => number): number {
  if (askedMs !== null) return askedMs * (1 + 0.25 * random());
  const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  return backoff * random();
}

/** Share of calls that may be repeated: when everything fails, repeating doubles the load on what is already down. */
const REPEATED_SHARE = 0.2;
/** Repeats that are always there, for quiet times. */
const SPARE_REPEATS = 10;

export type RetryBudget = { call(): void; take(): boolean };

/** Bounds repeats over all calls: ten, and one for every five calls. */
export function createRetryBudget(): RetryBudget {
  let tokens = SPARE_REPEATS;
  return {
    call() {
      tokens = Math.min(SPARE_REPEATS, tokens + REPEATED_SHARE);
    },
    take() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
