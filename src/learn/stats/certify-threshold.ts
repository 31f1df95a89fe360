import { binomCdf } from "./binomial.ts";
import { clopperPearsonUpper, minCalls } from "./clopper-pearson.ts";

export type ThresholdQuestion = {
  /** One score per call of the certification sample, finite; higher is surer. */
  readonly scores: readonly number[];
  /** 1 where the specialist disagrees, 0 where it agrees; the same order and length. */
  readonly losses: readonly number[];
  readonly epsilon: number;
  readonly delta: number;
  /**
   * Coverages to test one after the other from the lowest on, fixed without looking at these losses. Without them every 2.5 %, from up to four starts
   * that share delta, spread evenly up to 1.
   */
  readonly coverages?: readonly number[];
};

/** One tested threshold; calls with score ≥ threshold are accepted. */
export type ThresholdTest = {
  readonly threshold: number;
  readonly coverage: number;
  readonly n: number;
  readonly k: number;
  /** The share of delta this test could spend; 0 where no start reached it. */
  readonly level: number;
  /** P(Bin(n, epsilon) ≤ k). */
  readonly p: number;
  readonly passed: boolean;
};

export type CertifiedThreshold = {
  readonly threshold: number;
  readonly n: number;
  readonly k: number;
  readonly coverage: number;
  /** Upper bound on the disagreement at the level of the test; at most epsilon. */
  readonly upper: number;
};

export type ThresholdSearch = {
  /** The certified threshold of largest coverage; null when none passed. */
  readonly certified: CertifiedThreshold | null;
  /** Every threshold of the grid, coverage ascending. */
  readonly path: readonly ThresholdTest[];
};

const STARTS = 4;
const GRID_STEP = 0.025;
// Starts crowded near coverage 1 only split delta: in simulation two starts beat four below 1.5 times the least sample.
const ROOM_FOR_STARTS = 1.5;

/**
 * The threshold of largest coverage whose disagreement is at most epsilon, false with a chance of at most delta.
 * Learn-then-Test (arXiv 2110.01052) with a fallback procedure (Wiens and Dmitrienko 2005): the starts share delta,
 * coverage goes up from each, and what a passed test held is handed to the next. Grid and starts depend on scores
 * alone, so choosing the best passed threshold costs nothing. O(n log n).
 */
export function certifyThreshold(question: ThresholdQuestion): ThresholdSearch {
  const { scores, losses, epsilon, delta } = question;
  if (scores.length !== losses.length) {
    throw new RangeError(
      `Cannot certify ${scores.length} scores with ${losses.length} losses: need one each`,
    );
  }
  const cuts = cutsOf(scores, losses);
  const grid = gridOf(question, cuts);
  const starts = startsOf(question, grid);
  const path: ThresholdTest[] = [];
  let carried = 0;
  for (const cut of grid) {
    const level = carried + (starts.has(cut.n) ? delta / starts.size : 0);
    const p = binomCdf(cut.k, cut.n, epsilon);
    const passed = level > 0 && p <= level;
    carried = passed ? level : 0;
    path.push({ ...cut, coverage: cut.n / scores.length, level, p, passed });
  }
  const best = path.findLast((test) => test.passed);
  return { certified: best === undefined ? null : certifiedBy(best), path };
}

function certifiedBy({ threshold, n, k, coverage, level }: ThresholdTest): CertifiedThreshold {
  return { threshold, n, k, coverage, upper: clopperPearsonUpper(k, n, level) };
}

type Cut = { readonly threshold: number; readonly n: number; readonly k: number };

/** Every threshold that separates the sample, coverage ascending; calls of one score enter together. */
function cutsOf(scores: readonly number[], losses: readonly number[]): Cut[] {
  const order = scores.map((_, index) => index).sort((a, b) => scores[b] - scores[a]);
  const cuts: Cut[] = [];
  let k = 0;
  for (const [place, index] of order.entries()) {
    k += losses[index];
    const isLastOfTie = place + 1 === order.length || scores[order[place + 1]] < scores[index];
    if (isLastOfTie) cuts.push({ threshold: scores[index], n: place + 1, k });
  }
  return cuts;
}

/** The cuts to test: for each coverage wanted the smallest cut that has it, from the first that could pass at all. */
function gridOf(question: ThresholdQuestion, cuts: readonly Cut[]): Cut[] {
  const { scores, epsilon, delta } = question;
  const wanted = question.coverages ?? everyStep();
  const least = minCalls(0, epsilon, delta);
  const chosen = new Set<Cut>();
  for (const coverage of wanted) {
    const cut = cutAt(cuts, Math.max(least, coverage * scores.length));
    if (cut !== undefined) chosen.add(cut);
  }
  return [...chosen].sort((a, b) => a.n - b.n);
}

function everyStep(): number[] {
  const steps = Math.round(1 / GRID_STEP);
  return Array.from({ length: steps }, (_, index) => (index + 1) * GRID_STEP);
}

// Coverage times n can come out a hair above the whole number it stands for.
const ROUNDING = 1e-9;

function cutAt(cuts: readonly Cut[], calls: number): Cut | undefined {
  return cuts.find((cut) => cut.n >= calls - ROUNDING);
}

/** Accepted counts at which a start stands. A start that could not pass even without a disagreement is not made. */
function startsOf(
  { scores, epsilon, delta, coverages }: ThresholdQuestion,
  grid: readonly Cut[],
): Set<number> {
  if (coverages !== undefined) return new Set(grid.slice(0, 1).map(({ n }) => n));
  for (let count = STARTS; count >= 1; count -= 1) {
    const least = minCalls(0, epsilon, delta / count);
    if (least * (count > 1 ? ROOM_FOR_STARTS : 1) > scores.length) continue;
    const cuts = spread(least / scores.length, count).map((coverage) =>
      cutAt(grid, Math.max(least, coverage * scores.length)),
    );
    return new Set(cuts.flatMap((cut) => (cut === undefined ? [] : [cut.n])));
  }
  return new Set();
}

/** Coverages from `lowest` to 1, evenly. */
function spread(lowest: number, count: number): number[] {
  if (count === 1) return [1];
  return Array.from({ length: count }, (_, index) => lowest + ((1 - lowest) * index) / (count - 1));
}
