import { expectedCalibrationError, riskCoverage } from "../learn/index.ts";
import type { Outcomes } from "./certify.ts";

/** How the score of a specialist and its agreement went together on the certification sample. Nothing is fitted or chosen by it. */
export type Picture = {
  /** Calls of the sample, and of these the ones a specialist is never asked about. */
  readonly sample: number;
  readonly unserved: number;
  /** Bins of equal mass, by score ascending: how sure on average, and how many agreed. */
  readonly bins: readonly { readonly n: number; readonly score: number; readonly agreed: number }[];
  /** Expected calibration error over these bins; null without calls. */
  readonly ece: number | null;
  /** Accepting every score at or above the threshold: coverage of the whole sample ascending, k of n disagree. */
  readonly curve: readonly CurvePoint[];
  /** Disagreements over all scored calls. */
  readonly disagreements: number;
};

export type CurvePoint = {
  readonly threshold: number;
  readonly coverage: number;
  readonly n: number;
  readonly k: number;
};

/** A picture shows no more, and a bin should hold some calls. */
const MAX_BINS = 10;
const LEAST_PER_BIN = 15;
const MAX_POINTS = 100;

/** unserved: calls of the sample beside those scored. */
export function pictureOf({ scores, losses }: Outcomes, unserved: number): Picture {
  const sample = scores.length + unserved;
  const bins = Math.max(1, Math.min(MAX_BINS, Math.floor(scores.length / LEAST_PER_BIN)));
  const points = riskCoverage(scores, losses);
  const step = Math.max(1, Math.ceil(points.length / MAX_POINTS));
  const shown = points.filter((_, index) => (points.length - 1 - index) % step === 0);
  return {
    sample,
    unserved,
    bins: scores.length === 0 ? [] : binsOf({ scores, losses }, bins),
    ece: expectedCalibrationError(
      scores,
      losses.map((loss) => 1 - loss),
      bins,
    ),
    curve: shown.map(({ threshold, n, k }) => ({ threshold, coverage: n / sample, n, k })),
    disagreements: losses.reduce((sum, loss) => sum + loss, 0),
  };
}

function binsOf({ scores, losses }: Outcomes, count: number): Picture["bins"] {
  const order = scores.map((_, index) => index).sort((a, b) => scores[a] - scores[b]);
  return Array.from({ length: count }, (_, bin) => {
    const members = order.slice(
      Math.floor((bin * order.length) / count),
      Math.floor(((bin + 1) * order.length) / count),
    );
    const score = members.reduce((sum, index) => sum + scores[index], 0) / members.length;
    return { n: members.length, score, agreed: members.filter((index) => losses[index] === 0).length };
  });
}

/** The largest coverage at which no more than this share disagreed; 0 where there is none. A number to look at, no promise. */
export function coverageWithin({ curve }: Pick<Picture, "curve">, risk: number): number {
  return curve.findLast(({ n, k }) => k <= risk * n)?.coverage ?? 0;
}
