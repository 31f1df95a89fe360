import { riskCoverage, type RiskCoveragePoint } from "../calibrate/selection.ts";
import { binomCdf } from "./binomial.ts";
import { minCalls } from "./clopper-pearson.ts";

export type StartPlan = {
  /** Scores and losses (1 = disagrees) of the calibration sample, never of the certification sample. */
  readonly scores: readonly number[];
  readonly losses: readonly number[];
  /** Calls the certification sample will have. */
  readonly sample: number;
  readonly epsilon: number;
  readonly delta: number;
};

const GRID_STEPS = 40;
// In simulation one start beats two until the sample is about four times the least that can certify at all.
const SAMPLES_FOR_TWO_STARTS = 4;
// Jeffreys' prior: a calibration sample without a disagreement does not promise none.
const PRIOR = 0.5;

/**
 * The coverages at which certifyThreshold should start: the one with the largest expected coverage and, in a large sample, also
 * the one most likely to pass. Against starts spread evenly it certifies 0.43 of coverage instead of 0 for a specialist that is
 * good on 85 % of 200 calls, and is level or better elsewhere from 600 calls on. Ascending, at least one.
 */
export function planStarts(plan: StartPlan): number[] {
  const points = riskCoverage(plan.scores, plan.losses);
  const least = minCalls(0, plan.epsilon, plan.delta);
  const count = plan.sample < SAMPLES_FOR_TWO_STARTS * least ? 1 : 2;
  const tries = Array.from({ length: GRID_STEPS }, (_, index) => {
    const coverage = (index + 1) / GRID_STEPS;
    return { coverage, power: powerAt(coverage, points, { ...plan, delta: plan.delta / count }) };
  });
  const bold = tries.reduce((a, b) => (b.coverage * b.power >= a.coverage * a.power ? b : a));
  const safe = tries.reduce((a, b) => (b.power >= a.power ? b : a));
  return count === 1 || safe.coverage >= bold.coverage ? [bold.coverage] : [safe.coverage, bold.coverage];
}

/** Chance that the test at a coverage passes, if the calibration sample shows the true rate there. */
function powerAt(coverage: number, points: readonly RiskCoveragePoint[], plan: StartPlan): number {
  const point = points.find((candidate) => candidate.coverage >= coverage - ROUNDING);
  if (point === undefined) return 0;
  const rate = (point.k + PRIOR) / (point.n + 2 * PRIOR);
  const n = Math.round(coverage * plan.sample);
  return binomCdf(mostForgiven(n, plan), n, rate);
}

// Coverages of the grid are sums of fortieths.
const ROUNDING = 1e-9;

/** The most disagreements with which n calls still pass; −1 when even none is too many. By bisection. */
function mostForgiven(n: number, { epsilon, delta }: StartPlan): number {
  let passes = -1;
  let fails = Math.ceil(n * epsilon);
  while (fails - passes > 1) {
    const middle = Math.floor((passes + fails) / 2);
    if (binomCdf(middle, n, epsilon) <= delta) passes = middle;
    else fails = middle;
  }
  return passes;
}
