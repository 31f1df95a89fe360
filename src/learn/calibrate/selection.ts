/** Chance that a random agreeing call scores above a random disagreeing one, ties half; null unless both occur. O(n log n). */
export function auroc(scores: readonly number[], outcomes: readonly number[]): number | null {
  const order = scores.map((_, index) => index).sort((a, b) => scores[a] - scores[b]);
  const positives = outcomes.reduce((sum, outcome) => sum + outcome, 0);
  const negatives = outcomes.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let negativesBelow = 0;
  let wins = 0;
  for (let place = 0; place < order.length;) {
    let [tiePositives, tieNegatives] = [0, 0];
    const score = scores[order[place]];
    for (; place < order.length && scores[order[place]] === score; place += 1) {
      if (outcomes[order[place]] === 1) tiePositives += 1;
      else tieNegatives += 1;
    }
    wins += tiePositives * (negativesBelow + tieNegatives / 2);
    negativesBelow += tieNegatives;
  }
  return wins / (positives * negatives);
}

/** What accepting every score ≥ threshold would give. */
export type RiskCoveragePoint = {
  readonly threshold: number;
  /** Calls accepted and how many of them disagree. */
  readonly n: number;
  readonly k: number;
  readonly coverage: number;
  readonly risk: number;
};

/** Risk and coverage at every threshold that separates the sample, coverage ascending. losses: 1 = disagrees. O(n log n). */
export function riskCoverage(scores: readonly number[], losses: readonly number[]): RiskCoveragePoint[] {
  const order = scores.map((_, index) => index).sort((a, b) => scores[b] - scores[a]);
  const points: RiskCoveragePoint[] = [];
  let k = 0;
  for (const [place, index] of order.entries()) {
    k += losses[index];
    const isLastOfTie = place + 1 === order.length || scores[order[place + 1]] < scores[index];
    const n = place + 1;
    if (isLastOfTie) {
      points.push({ threshold: scores[index], n, k, coverage: n / order.length, risk: k / n });
    }
  }
  return points;
}

/** Risk in the mean over all coverages, the area under `riskCoverage`: lower is better. O(n log n). */
export function meanRisk(scores: readonly number[], losses: readonly number[]): number {
  let [area, before] = [0, 0];
  for (const { coverage, risk } of riskCoverage(scores, losses)) {
    area += (coverage - before) * risk;
    before = coverage;
  }
  return area;
}

/**
 * The point of largest coverage whose empirical risk is at most `risk`; null when there is none.
 * A number to look at, not a guarantee: chosen this way it is false far more often than it seems. See certifyThreshold.
 */
export function coverageAtRisk(
  scores: readonly number[],
  losses: readonly number[],
  risk: number,
): RiskCoveragePoint | null {
  return riskCoverage(scores, losses).findLast((point) => point.risk <= risk) ?? null;
}
