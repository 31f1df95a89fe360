import { binomCdf } from "./binomial.ts";

// Halvings of an interval inside [0, 1]: below the spacing of doubles near 1e-4.
const BISECTION_STEPS = 64;
// More calls than any log we can hold; stops the search where epsilon is hopelessly small.
const MAX_CALLS = 2 ** 31;

/**
 * One-sided Clopper–Pearson bound: with confidence 1 − delta the true rate is at most this, after k of n.
 * Rounded outward. 1 when k = n or n = 0.
 */
export function clopperPearsonUpper(k: number, n: number, delta: number): number {
  checkCounts(k, n);
  checkShare("delta", delta);
  if (k === n) return 1;
  let low = k / n;
  let high = 1;
  for (let step = 0; step < BISECTION_STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (binomCdf(k, n, middle) <= delta) high = middle;
    else low = middle;
  }
  return high;
}

/** Two-sided Clopper–Pearson interval at a confidence such as 0.95; null when n = 0. */
export function clopperPearsonInterval(
  k: number,
  n: number,
  confidence: number,
): { low: number; high: number } | null {
  checkCounts(k, n);
  checkShare("confidence", confidence);
  if (n === 0) return null;
  const tail = (1 - confidence) / 2;
  return { low: 1 - clopperPearsonUpper(n - k, n, tail), high: clopperPearsonUpper(k, n, tail) };
}

/** The least n at which k disagreements still certify: P(Bin(n, epsilon) ≤ k) ≤ delta. */
export function minCalls(k: number, epsilon: number, delta: number): number {
  checkShare("epsilon", epsilon);
  checkShare("delta", delta);
  // Compares the cdf itself with delta: an inverted bound could flip at the edge.
  const passes = (n: number): boolean => binomCdf(k, n, epsilon) <= delta;
  let low = k;
  let high = Math.max(1, 2 * (k + 1));
  while (!passes(high)) {
    low = high;
    high *= 2;
    if (high > MAX_CALLS) throw new RangeError(`Cannot certify epsilon = ${epsilon}: too small to test`);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function checkCounts(k: number, n: number): void {
  if (Number.isInteger(k) && Number.isInteger(n) && k >= 0 && k <= n) return;
  throw new RangeError(`Cannot bound a rate of ${k} of ${n}: need whole numbers, 0 ≤ k ≤ n`);
}

function checkShare(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`Cannot use ${name} = ${value}: must be in (0, 1)`);
}
