/** What attempt j = 1, 2, … of a certificate may spend of delta: 6δ/(π²j²), which sums to delta over all attempts. */
export function attemptDelta(delta: number, attempt: number): number {
  if (!Number.isInteger(attempt) || attempt < 1) {
    throw new RangeError(`Cannot spend delta on attempt ${attempt}: attempts count from 1`);
  }
  return (6 * delta) / (Math.PI * attempt) ** 2;
}

/**
 * The largest coverage that a perfect score could reach at this epsilon when the specialist errs at `errorRate` on all calls:
 * 1 − (μ − ε)/(1 − ε), in [0, 1].
 */
export function bestCoverage(errorRate: number, epsilon: number): number {
  return Math.min(1, Math.max(0, 1 - (errorRate - epsilon) / (1 - epsilon)));
}
