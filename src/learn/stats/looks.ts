import { binomCdf } from "./binomial.ts";
import { minCalls } from "./clopper-pearson.ts";

/** Accepted counts are tested in steps of at least these shares of a sample. */
const EVEN_STEPS = 40;
const FORGIVING_STEPS = 80;
// A share of a sample can come out a hair above the whole number it stands for.
const ROUNDING = 1e-9;

/**
 * Accepted counts that may be tested in a sample of so many calls, each list ascending, from the first that can pass up to all calls: in even steps; and
 * where one disagreement more is forgiven than at one call less. Between two of these a test asks for more calls and forgives no more, so that a chain
 * breaks there which the next of them would let through; but where errors set in at once, there is the coverage to be had. Empty
 * where not even a whole sample without a disagreement would do.
 */
export function looksAt(
  sample: number,
  epsilon: number,
  delta: number,
): { readonly even: number[]; readonly forgiving: number[] } {
  const least = minCalls(0, epsilon, delta);
  if (sample < least) return { even: [], forgiving: [] };
  const even = inSteps(EVEN_STEPS, sample, (calls) => Math.max(least, calls));
  const forgiving = inSteps(FORGIVING_STEPS, sample, (calls) =>
    minCalls(mostForgiven(calls - 1, epsilon, delta) + 1, epsilon, delta),
  );
  return { even, forgiving };
}

function inSteps(steps: number, sample: number, lookFrom: (calls: number) => number): number[] {
  const looks = Array.from({ length: steps }, (_, step) =>
    lookFrom(Math.ceil(((step + 1) * sample) / steps - ROUNDING)),
  );
  return [...new Set([...looks.filter((look) => look < sample), sample])].sort((a, b) => a - b);
}

/** The most disagreements among n calls with which P(Bin(n, epsilon) ≤ k) ≤ delta; −1 where even none is too many. By bisection. */
export function mostForgiven(n: number, epsilon: number, delta: number): number {
  let passes = -1;
  let fails = Math.ceil(n * epsilon) + 1;
  while (fails - passes > 1) {
    const middle = Math.floor((passes + fails) / 2);
    if (binomCdf(middle, n, epsilon) <= delta) passes = middle;
    else fails = middle;
  }
  return passes;
}
