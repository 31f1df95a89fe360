import { HouseError } from "../core/index.ts";

export type Check = { readonly isOk: boolean; readonly detail: string };
export type Readiness = { readonly isReady: boolean; readonly checks: { readonly [name: string]: Check } };

/** How a part is. `isVital`: without it no call can be taken; the others are told only. */
export type Probe = {
  readonly name: string;
  readonly isVital: boolean;
  readonly check: () => Check;
};

/** Whoever asks more often gets the last answer: a probe may write to the disk. */
const FRESH_MS = 2000;

/** Asks all probes, at most so often. A probe that throws has failed. */
export function createReadiness(probes: readonly Probe[], nowMs: () => number): () => Readiness {
  let last: Readiness | null = null;
  let askedMs = -Infinity;
  return () => {
    const now = nowMs();
    if (last !== null && now - askedMs < FRESH_MS && now >= askedMs) return last;
    const checked = probes.map((probe) => [probe, ask(probe)] as const);
    last = {
      isReady: checked.every(([{ isVital }, { isOk }]) => isOk || !isVital),
      checks: Object.fromEntries(checked.map(([{ name }, check]) => [name, check])),
    };
    askedMs = now;
    return last;
  };
}

function ask({ check }: Probe): Check {
  try {
    return check();
  } catch (error) {
    // The path of the store is for the log: whoever may see the metrics need not know it.
    return { isOk: false, detail: error instanceof HouseError ? error.code : "failed" };
  }
}
