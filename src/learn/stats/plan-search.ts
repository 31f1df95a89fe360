import { seededRandom, type Random } from "../../core/index.ts";
import { looksAt, mostForgiven } from "./looks.ts";

export type SearchPlan = {
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

// Expected losses are averaged over fortieths of the calls: less than that is chance.
const GRID_STEPS = 40;
const SIMULATIONS_PER_DOUBT = 40;
// The expected losses come from a few hundred calibration calls: each is simulated at half to twice of what is expected.
const DOUBTS = [0.5, 0.7, 1, 1.4, 2];
// A model errs at random on half to one percent of calls in real logs, and that does not show in the scores.
const LEAST_LOSS = 0.005;

/**
 * The coverages that certifyThreshold is expected to certify most by testing one after the other: its search is simulated from every look of either
 * list of looks, on samples drawn from the expected losses, with doubt about these. Ascending, at least one. Deterministic.
 * O(simulations · (sample + looks)).
 */
export function planSearch(plan: SearchPlan): number[] {
  const { sample, epsilon, delta } = plan;
  const { even, forgiving } = looksAt(sample, epsilon, delta);
  const risks = riskByStep(plan);
  const plans = [even, forgiving].flatMap((looks) =>
    looks.length === 0 ? [] : [bestStart(plan, looks, risks)],
  );
  // At a tie the even ones, of which there are more.
  const best = plans.reduce<Planned | null>(
    (top, next) => (top === null || next.gain > top.gain ? next : top),
    null,
  );
  return best === null ? [1] : best.looks.map((look) => look / sample);
}

type Planned = { readonly looks: readonly number[]; readonly gain: number };

/** The looks from the start on that is expected to reach most, and what it is expected to reach. */
function bestStart(
  { sample, epsilon, delta }: SearchPlan,
  looks: readonly number[],
  risks: readonly number[],
): Planned {
  const forgiven = looks.map((n) => mostForgiven(n, epsilon, delta));
  // The same samples for either list.
  const random = seededRandom("plan-search");
  const gains = looks.map(() => 0);
  for (const doubt of DOUBTS) {
    const expected = risks.map((risk) => Math.min(1, LEAST_LOSS + risk * doubt));
    for (let run = 0; run < SIMULATIONS_PER_DOUBT; run += 1) {
      const disagreements = simulate(looks, sample, expected, random);
      const reached = reachedFrom(looks, disagreements, forgiven);
      for (const [start, calls] of reached.entries()) gains[start] += calls;
    }
  }
  const gain = Math.max(...gains);
  // At a tie the higher start: it has less way to go.
  return { looks: looks.slice(gains.lastIndexOf(gain)), gain };
}

/** The expected loss in each fortieth of the calls, surest first, never falling. */
function riskByStep({ scores, losses }: SearchPlan): number[] {
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

/** Disagreements at each look in one imagined sample. */
function simulate(
  looks: readonly number[],
  sample: number,
  risks: readonly number[],
  random: Random,
): number[] {
  const disagreements: number[] = [];
  let k = 0;
  for (let call = 0; call < sample; call += 1) {
    if (random.next() < risks[Math.floor((call * GRID_STEPS) / sample)]) k += 1;
    if (call + 1 === looks[disagreements.length]) disagreements.push(k);
  }
  return disagreements;
}

/** For each look the calls that the search accepts in the end when it starts there: certifyThreshold's rule. */
function reachedFrom(
  looks: readonly number[],
  disagreements: readonly number[],
  forgiven: readonly number[],
): number[] {
  const reached = looks.map(() => 0);
  for (let at = looks.length - 1; at >= 0; at -= 1) {
    if (disagreements[at] <= forgiven[at]) reached[at] = Math.max(looks[at], reached[at + 1] ?? 0);
  }
  return reached;
}
