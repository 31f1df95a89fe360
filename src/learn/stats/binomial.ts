import { lnGamma } from "./gamma.ts";

// The fraction converges in O(√max(a, b)) steps (Numerical Recipes 6.4): enough for n of about 10⁸.
const MAX_FRACTION_STEPS = 100_000;
const FRACTION_PRECISION = 1e-15;
// Stands for 0 in Lentz's method, where a denominator would vanish.
const TINY = 1e-300;

/** P(X ≤ k) for X ~ Binomial(n, p). k: integer, any sign; p in [0, 1]. O(√n). */
export function binomCdf(k: number, n: number, p: number): number {
  if (!Number.isInteger(k) || !Number.isInteger(n) || n < 0) {
    throw new RangeError(`Cannot take the binomial cdf of k = ${k}, n = ${n}: both must be whole numbers`);
  }
  if (!(p >= 0 && p <= 1))
    throw new RangeError(`Cannot take the binomial cdf at p = ${p}: must be in [0, 1]`);
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(1 - p, p, n - k, k + 1);
}

/** I_x(a, b), the regularised incomplete beta function; y = 1 − x is handed in because it is known exactly. */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const lnFront = lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log(y);
  const front = Math.exp(lnFront);
  // The symmetry I_x(a, b) = 1 − I_y(b, a) keeps the fraction on its fast side.
  return x < (a + 1) / (a + b + 2)
    ? Math.min(1, (front * betaFraction(x, a, b)) / a)
    : Math.max(0, 1 - (front * betaFraction(y, b, a)) / b);
}

/** The continued fraction of I_x(a, b) by the modified method of Lentz. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let step = 1; step <= MAX_FRACTION_STEPS; step += 1) {
    const even = (step * (b - step) * x) / ((a - 1 + 2 * step) * (a + 2 * step));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + step) * (a + b + step) * x) / ((a + 2 * step) * (a + 1 + 2 * step));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < FRACTION_PRECISION) return value;
  }
  throw new RangeError(`Cannot take the incomplete beta of a = ${a}, b = ${b}: too large`);
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
