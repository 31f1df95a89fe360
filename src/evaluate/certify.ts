import type { Certificate, Verdict } from "../core/index.ts";
import {
  bestCoverage,
  binomCdf,
  callsNeeded,
  certifyThreshold,
  clopperPearsonUpper,
  minCalls,
  planSearch,
  riskCoverage,
} from "../learn/index.ts";

/** With this chance the number of calls we ask for is enough, if the error rate seen is the true one. */
const POWER = 0.8;
/** Coverages below this are not looked at for what more calls could bring; the others in so many steps. */
const MIN_PROMISING = 0.1;
const STEPS = 20;
/** Jeffreys' prior: few calls without a disagreement do not promise none. */
const PRIOR = 0.5;
/** Below this share of calls served a specialist is not worth its place. */
const MIN_WORTH = 0.02;
/** The first attempt may spend this share of delta; later ones share the rest as 6/(π²j²): the sum over all tries is delta. */
const FIRST_ATTEMPT_SHARE = 0.9;

/** What the certification sample shows: a score and whether the specialist disagreed (1) for each call. */
export type Outcomes = { readonly scores: readonly number[]; readonly losses: readonly number[] };

export type CertificateQuestion = {
  readonly taskId: string;
  readonly policyHash: string;
  readonly outcomes: Outcomes;
  /** Calls of the sample that a specialist is never asked about; they are not covered. */
  readonly unserved: number;
  readonly epsilon: number;
  readonly delta: number;
  readonly attempt: number;
  /** Disagreement on all calls as the calibration part showed it; null when there is none. */
  readonly calibrationRisk: number | null;
  /** Calls in the sample per call of the task: to say what is needed in calls of the task. */
  readonly shareCertifying: number;
  readonly window: Certificate["window"];
  readonly latencyMsP50: number | null;
};

/** What attempt j = 1, 2, … may spend of delta. Any schedule that sums to delta is valid; this one favours the first. */
export function spendDelta(delta: number, attempt: number): number {
  if (attempt === 1) return delta * FIRST_ATTEMPT_SHARE;
  return (delta * (1 - FIRST_ATTEMPT_SHARE) * 6) / (Math.PI * (attempt - 1)) ** 2;
}

/**
 * The certificate of a specialist: the threshold of largest coverage at which, with confidence 1 − delta, it disagrees
 * with the LLM on at most epsilon of what it serves (multi-start Learn-then-Test over exact binomial tests); or why not.
 * The outcomes must come from calls that neither fitted, chose nor calibrated the specialist, one per session.
 */
export function certify(question: CertificateQuestion): Certificate {
  const { outcomes, epsilon } = question;
  const delta = spendDelta(question.delta, question.attempt);
  const sample = outcomes.scores.length + question.unserved;
  const { certified } = certifyThreshold({
    ...outcomes,
    epsilon,
    delta,
    coverages: coveragesFor(outcomes.scores, epsilon, delta),
  });
  const common = {
    taskId: question.taskId,
    policyHash: question.policyHash,
    epsilon,
    delta,
    sample,
    bestCoverage: question.calibrationRisk === null ? null : bestCoverage(question.calibrationRisk, epsilon),
    window: question.window,
    attempt: question.attempt,
    latencyMsP50: question.latencyMsP50,
  };
  if (certified !== null && certified.coverage >= MIN_WORTH) {
    const { threshold, n, k, upper } = certified;
    const coverage = n / sample;
    const reason = `disagrees on ${k} of ${n} calls at or above the threshold, so on at most ${percent(upper)} with ${percent(1 - delta)} confidence`;
    return { ...common, n, k, threshold, coverage, upper, verdict: "certified", needs: null, reason };
  }
  return { ...common, ...withoutThreshold(question, delta) };
}

/**
 * What the search tests, and where it starts: planned from the scores alone, which say how sure the specialist is; the outcomes have not been
 * looked at. A score is a calibrated P(agree), so 1 − score stands for the expected loss.
 */
function coveragesFor(scores: readonly number[], epsilon: number, delta: number): number[] {
  const expected = scores.map((score) => 1 - Math.min(1, Math.max(0, score)));
  return planSearch({ scores, losses: expected, sample: scores.length, epsilon, delta });
}

type Refusal = Pick<Certificate, "n" | "k" | "threshold" | "coverage" | "upper" | "needs" | "reason"> & {
  readonly verdict: Verdict;
};

/** Refused when the sample shows, with confidence 1 − delta, that the error is too large; else more calls could decide it. */
function withoutThreshold(question: CertificateQuestion, delta: number): Refusal {
  const { outcomes, epsilon, shareCertifying } = question;
  const nothing = { threshold: null, coverage: 0 };
  if (outcomes.scores.length === 0) {
    const needs = ofTask(minCalls(0, epsilon, delta), shareCertifying);
    return {
      ...nothing,
      n: 0,
      k: 0,
      upper: null,
      verdict: "inconclusive",
      needs,
      reason: "no call is left to certify on",
    };
  }
  const { n, k, sampleNeeded, isHopeful } = mostPromising(outcomes, epsilon, delta);
  const upper = clopperPearsonUpper(k, n, delta);
  if (sampleNeeded === null) {
    const reason = `even its surest answers disagree too often: ${k} of ${n}, allowed is ${percent(epsilon)}`;
    return { ...nothing, n, k, upper, verdict: "refused", needs: null, reason };
  }
  const needs = ofTask(Math.max(1, sampleNeeded - outcomes.scores.length), shareCertifying);
  const condition = isHopeful ? `, if its true disagreement is half of that` : "";
  const reason = `disagrees on ${k} of its ${n} surest calls, too few to prove ${percent(epsilon)}: needs about ${needs} more calls of this task${condition}`;
  return { ...nothing, n, k, upper, verdict: "inconclusive", needs, reason };
}

type Promising = {
  readonly n: number;
  readonly k: number;
  /** Null when the sample shows that no number of calls would do. */
  readonly sampleNeeded: number | null;
  /** The error seen is above epsilon, but the true one may not be: the need is told for half of epsilon. */
  readonly isHopeful: boolean;
};

/**
 * The coverage that would need the fewest calls to be certified, if the error seen there is the true one. Where it is above
 * epsilon at every coverage, one at which it may be chance; where it cannot be chance anywhere, none.
 */
function mostPromising({ scores, losses }: Outcomes, epsilon: number, delta: number): Promising {
  const points = riskCoverage(scores, losses).filter(({ coverage }) => coverage >= MIN_PROMISING);
  const steps = points.filter(
    (point, index) =>
      index === points.length - 1 ||
      Math.floor(point.coverage * STEPS) < Math.floor(points[index + 1].coverage * STEPS),
  );
  const needAt = (errorRate: number, coverage: number): number | null => {
    const accepted = callsNeeded({ errorRate, epsilon, delta, power: POWER });
    return accepted === null ? null : accepted / coverage;
  };
  const seen = steps.map(({ n, k, coverage }): Promising => {
    return { n, k, isHopeful: false, sampleNeeded: needAt((k + PRIOR) / (n + 2 * PRIOR), coverage) };
  });
  const best = leastNeed(seen);
  if (best !== undefined && best.sampleNeeded !== null) return best;
  // As many disagreements or more would be seen this often if the true rate were epsilon.
  const mayBeChance = steps.filter(({ n, k }) => k === 0 || 1 - binomCdf(k - 1, n, epsilon) > delta);
  const hoped = leastNeed(
    mayBeChance.map(({ n, k, coverage }) => ({
      n,
      k,
      isHopeful: true,
      sampleNeeded: needAt(epsilon / 2, coverage),
    })),
  );
  return hoped ?? best ?? { n: 0, k: 0, isHopeful: false, sampleNeeded: null };
}

const leastNeed = (tries: readonly Promising[]): Promising | undefined =>
  tries.reduce<Promising | undefined>(
    (least, next) => (least === undefined || needOf(next) < needOf(least) ? next : least),
    undefined,
  );

const needOf = ({ sampleNeeded }: Promising): number => sampleNeeded ?? Infinity;

/** Calls of the task that bring so many calls to certify on: only a part of a log may be used for that. */
function ofTask(calls: number, shareCertifying: number): number {
  return Math.ceil(calls / (shareCertifying > 0 ? shareCertifying : 1));
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
