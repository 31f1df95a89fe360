/** So many failures in a row are no coincidence. */
export const FAILURES_TO_OPEN = 5;
/** The first rest; each failed probe doubles it. */
export const FIRST_REST_MS = 1000;
/** A provider that has come back is found again within this. */
export const LONGEST_REST_MS = 30_000;

export type Breaker = {
  /** Whether a call may be sent now. After the rest, one call may: the probe. */
  allows(nowMs: number): boolean;
  succeed(): void;
  /** `isSilent`: there was no answer at all, so that each further call costs a whole time-out. */
  fail(nowMs: number, isSilent: boolean): void;
  /** A call that was allowed ended in a way that says nothing about the target: the client left. */
  release(): void;
  /** Whole milliseconds until the next probe, and whether the target was silent; null while it is closed. */
  rest(nowMs: number): { readonly forMs: number; readonly isSilent: boolean } | null;
};

/** Keeps calls away from a target that fails, and finds out with one call at a time whether it works again. */
export function createBreaker(): Breaker {
  let failures = 0;
  let restMs = 0;
  let untilMs = 0;
  let isSilentNow = false;
  let isProbing = false;
  return {
    allows(nowMs) {
      if (failures < FAILURES_TO_OPEN) return true;
      if (isProbing || nowMs < untilMs) return false;
      isProbing = true;
      return true;
    },
    succeed() {
      failures = 0;
      restMs = 0;
      isProbing = false;
    },
    fail(nowMs, isSilent) {
      failures += 1;
      isSilentNow = isSilent;
      // What was under way when it opened says nothing new.
      if (failures < FAILURES_TO_OPEN || (failures > FAILURES_TO_OPEN && !isProbing)) return;
      isProbing = false;
      restMs = Math.min(LONGEST_REST_MS, restMs === 0 ? FIRST_REST_MS : restMs * 2);
      untilMs = nowMs + restMs;
    },
    release() {
      isProbing = false;
    },
    rest(nowMs) {
      if (failures < FAILURES_TO_OPEN) return null;
      return { forMs: Math.max(0, Math.ceil(untilMs - nowMs)), isSilent: isSilentNow };
    },
  };
}
