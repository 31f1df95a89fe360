import { HouseError } from "../../core/index.ts";
import type { HubFailure } from "./http.ts";

/** Tries in a row that bring nothing; one that brings bytes starts the count again. */
export const MAX_TRIES = 6;
/** And in all: a server that sends a byte and breaks off, for ever, is not waited for for ever. */
const MAX_TRIES_IN_ALL = 200;
/** First wait between tries; doubles, with jitter, up to the cap. */
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 30_000;
/** A hub that asks for more patience than this is asked again by a person, not by a program that seems to hang. */
const MAX_RETRY_AFTER_MS = 120_000;

export type RetryEffects = {
  readonly random: () => number;
  /** Ends after so many milliseconds, or earlier when the signal is raised. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A line for the person who waits. */
  readonly onRetry: (line: string) => void;
  readonly signal: AbortSignal;
};

/** What one try came to: its result, or the failure, and whether it brought anything all the same. */
export type Try<T> =
  | { readonly type: "done"; readonly result: T }
  | { readonly type: "failed"; readonly failure: HubFailure; readonly hasGained: boolean };

/** Tries until it is done, fails for good, or was tried often enough. Throws HouseError. */
export async function withRetries<T>(attempt: () => Promise<Try<T>>, effects: RetryEffects): Promise<T> {
  let inARow = 0;
  for (let all = 1; ; all += 1) {
    const outcome = await attempt();
    if (outcome.type === "done") return outcome.result;
    const { failure, hasGained } = outcome;
    inARow = hasGained ? 1 : inARow + 1;
    if (!failure.isPassing || inARow >= MAX_TRIES || all >= MAX_TRIES_IN_ALL) throw failure.error;
    const ms = waitMs(failure, inARow, effects.random);
    effects.onRetry(`${failure.error.message}; trying again in ${Math.ceil(ms / 1000)} s`);
    await effects.wait(ms, effects.signal);
    if (effects.signal.aborted) throw new HouseError("cancelled", "Stopped while waiting for the hub");
  }
}

function waitMs({ error, retryAfterMs }: HubFailure, inARow: number, random: () => number): number {
  if (retryAfterMs !== null && retryAfterMs > MAX_RETRY_AFTER_MS) {
    const minutes = Math.ceil(retryAfterMs / 60_000);
    throw new HouseError(error.code, `${error.message}; the hub asks to come back in ${minutes} min`);
  }
  const backoffMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (inARow - 1)) * (0.5 + random() / 2);
  return Math.max(retryAfterMs ?? 0, backoffMs);
}
