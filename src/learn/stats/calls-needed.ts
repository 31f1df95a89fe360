import { binomCdf } from "./binomial.ts";
import { minCalls } from "./clopper-pearson.ts";

// Beyond this the answer is "not with this specialist", whatever the exact number.
const MAX_DISAGREEMENTS = 100_000;

/**
 * About how many calls a certificate needs to be granted, from there on, with the given power (chance), if the present error rate is true.
 * Null when the error rate is at or above epsilon, or so near that no log would do.
 */
export function callsNeeded(plan: {
  readonly errorRate: number;
  readonly epsilon: number;
  readonly delta: number;
  readonly power: number;
}): number | null {
  const { errorRate, epsilon, delta, power } = plan;
  if (errorRate >= epsilon) return null;
  // The chance is a saw over n: it rises where one more disagreement is forgiven and falls until the next.
  // The last n before the next tooth is the worst; from k on every tooth must clear the power even there.
  const enough = (k: number): boolean => binomCdf(k, minCalls(k + 1, epsilon, delta) - 1, errorRate) >= power;
  if (enough(0)) return minCalls(0, epsilon, delta);
  let low = 0;
  let high = 1;
  while (!enough(high)) {
    low = high;
    high *= 2;
    if (high > MAX_DISAGREEMENTS) return null;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return minCalls(high, epsilon, delta);
}
