import { seededRandom, type Random } from "../../core/index.ts";
import { binomCdf } from "./binomial.ts";
import { minCalls } from "./clopper-pearson.ts";

export type StartPlan = {
  /**
   * Scores, and losses as far as they are known without the certification outcomes: those of a calibration sample (1 = disagrees), or
   * the expected ones, 1 − P(agree), of the certification sample itself.
   */
  readonly scores: readonly number[];
  readonly losses: readonly number[];
  /** Calls the certification sample will have. */
  readonly sample: number;
  readonly epsilon: number;
  readonly delta: number;
};

const GRID_STEPS = 40;
// Starts are tried every 5 %: finer ones change the gain by less than the doubt about it.
const START_STEPS = 2;
const SIMULATIONS_PER_DOUBT = 40;
// The expected losses come from a few hundred calibration calls: each is simulated at half to twice of what is expected.
const DOUBTS = [0.5, 0.7, 1, 1.4, 2];
// A model errs at random on half to one percent of calls in real logs, and that does not show in the scores.
const LEAST_LOSS = 0.005;

/**
 * The coverages, one or two, from which certifyThreshold is expected to certify most: the search is simulated from every pair of
 * grid points on samples drawn from the expected losses, with doubt about these. Ascending, at least one. Deterministic.
 * O(simulations · (sample + grid²)).
 */
export function planStarts(plan: StartPlan): number[] {
  const risks = riskByStep(plan);
  const levels = [plan.delta, plan.delta / 2].map((delta) => forgivenByStep(plan, delta));
  const random = seededRandom("plan-starts");
  const runs = DOUBTS.flatMap((doubt) =>
    Array.from({ length: SIMULATIONS_PER_DOUBT }, () => simulate(plan, risks, doubt, random)),
  );
  let best = { starts: [GRID_STEPS], gain: -1 };
  for (let first = START_STEPS; first <= GRID_STEPS; first += START_STEPS) {
    for (let second = first; second <= GRID_STEPS; second += START_STEPS) {
      const starts = second === first ? [first] : [first, second];
      const gain = runs.reduce((sum, disagreements) => sum + reached(starts, disagreements, levels), 0);
      // At a tie the higher start: it has less way to go.
      if (gain >= best.gain) best = { starts, gain };
    }
  }
  return best.starts.map((step) => step / GRID_STEPS);
}

/** The expected loss in each fortieth of the calls, surest first, never falling. */
function riskByStep({ scores, losses }: StartPlan): number[] {
  const order = scores.map((_, index) => index).sort((a, b) => scores[b] - scores[a]);
  const risks = Array.from({ length: GRID_STEPS }, (_, step) => {
    const from = Math.floor((step * order.length) / GRID_STEPS);
    const to = Math.floor(((step + 1) * order.length) / GRID_STEPS);
    const sum = order.slice(from, to).reduce((total, index) => total + losses[index], 0);
    return { sum, calls: to - from };
  });
  return pooled(risks);
}

/** Pool adjacent violators: averages neighbouring steps where the risk would fall. */
function pooled(steps: readonly { readonly sum: number; readonly calls: number }[]): number[] {
  const blocks: { sum: number; calls: number; steps: number }[] = [];
  const riskOf = ({ sum, calls }: { sum: number; calls: number }): number => (calls === 0 ? 1 : sum / calls);
  for (const step of steps) {
    blocks.push({ ...step, steps: 1 });
    for (let last = blocks.length - 1; last > 0; last -= 1) {
      if (riskOf(blocks[last - 1]) <= riskOf(blocks[last])) break;
      const { sum, calls, steps: merged } = blocks.pop()!;
      blocks[last - 1].sum += sum;
      blocks[last - 1].calls += calls;
      blocks[last - 1].steps += merged;
    }
  }
  return blocks.flatMap((block) => Array.from({ length: block.steps }, () => riskOf(block)));
}

/** For each coverage the most disagreements that still pass; −1 where even none is too many. */
function forgivenByStep(plan: StartPlan, delta: number): Int32Array {
  const least = minCalls(0, plan.epsilon, delta);
  return Int32Array.from({ length: GRID_STEPS + 1 }, (_, step) => {
    const n = callsAt(plan, step);
    return n < least ? -1 : mostForgiven(n, plan.epsilon, delta);
  });
}

const callsAt = ({ sample }: StartPlan, step: number): number => Math.round((step * sample) / GRID_STEPS);

/** Disagreements at each coverage in one imagined sample. */
function simulate(plan: StartPlan, risks: readonly number[], doubt: number, random: Random): Int32Array {
  const disagreements = new Int32Array(GRID_STEPS + 1);
  for (let step = 1; step <= GRID_STEPS; step += 1) {
    const risk = Math.min(1, LEAST_LOSS + risks[step - 1] * doubt);
    let k = disagreements[step - 1];
    for (let call = callsAt(plan, step - 1); call < callsAt(plan, step); call += 1)
      if (random.next() < risk) k += 1;
    disagreements[step] = k;
  }
  return disagreements;
}

/** The coverage, in steps, that the search ends at from these starts: certifyThreshold's rule, levels full and half. */
function reached(
  starts: readonly number[],
  disagreements: Int32Array,
  [full, half]: readonly Int32Array[],
): number {
  const last = starts[starts.length - 1];
  let best = 0;
  // Shares of delta carried, in units of one start.
  let carried = 0;
  for (let step = starts[0]; step <= GRID_STEPS; step += 1) {
    if (step === starts[0] || step === last) carried = Math.min(starts.length, carried + 1);
    if (carried === 0) {
      if (step > last) break;
      continue;
    }
    const forgiven = carried === starts.length ? full : half;
    if (disagreements[step] <= forgiven[step]) best = step;
    else carried = 0;
  }
  return best;
}

/** By bisection. */
function mostForgiven(n: number, epsilon: number, delta: number): number {
  let passes = -1;
  let fails = Math.ceil(n * epsilon) + 1;
  while (fails - passes > 1) {
    const middle = Math.floor((passes + fails) / 2);
    if (binomCdf(middle, n, epsilon) <= delta) passes = middle;
    else fails = middle;
  }
  return passes;
}
