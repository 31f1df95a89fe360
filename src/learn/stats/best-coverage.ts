/**
 * The largest coverage that a perfect score could reach at this epsilon when the specialist errs at `errorRate` on all calls:
 * 1 − (μ − ε)/(1 − ε), in [0, 1].
 */
export function bestCoverage(errorRate: number, epsilon: number): number {
  return Math.min(1, Math.max(0, 1 - (errorRate - epsilon) / (1 - epsilon)));
}
