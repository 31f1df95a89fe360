import type { Certificate, Verdict } from "../core/index.ts";
import {
  bestCoverage,
  callsNeeded,
  certifyThreshold,
  clopperPearsonUpper,
  minCalls,
  planStarts,
  riskCoverage,
} from "../learn/index.ts";

/** With this chance the number of calls we ask for is enough, if the error rate seen is the true one. */
const POWER = 0.8;
/** Below this share of calls served a specialist is not worth its place. */
const MIN_WORTH = 0.02;
/** The first attempt may spend this share of delta; later ones share the rest as 6/(π²j²): the sum over all tries is delta. */
const FIRST_ATTEMPT_SHARE = 0.8;

/** What the certification sample shows: a score and whether the specialist disagreed (1) for each call. */
export type Outcomes = { readonly scores: readonly number[]; readonly losses: readonly number[] };

export type CertificateQuestion = {
  readonly taskId: string;
  readonly policyHash: string;
  readonly outcomes: Outcomes;
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
  const sample = outcomes.scores.length;
  const { certified } = certifyThreshold({
    ...outcomes,
    epsilon,
    delta,
    startCoverages: startsFor(outcomes.scores, epsilon, delta),
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
    const { threshold, n, k, coverage, upper } = certified;
    const reason = `disagrees on ${k} of ${n} calls at or above the threshold, so on at most ${percent(upper)} with ${percent(1 - delta)} confidence`;
    return { ...common, n, k, threshold, coverage, upper, verdict: "certified", needs: null, reason };
  }
  return { ...common, ...withoutThreshold(question, delta) };
}

/**
 * Where the search starts: planned from the scores alone, which say how sure the specialist is; the outcomes have not been
 * looked at. A score is a calibrated P(agree), so 1 − score stands for the expected loss.
 */
function startsFor(scores: readonly number[], epsilon: number, delta: number): number[] {
  const expected = scores.map((score) => 1 - Math.min(1, Math.max(0, score)));
  return planStarts({ scores, losses: expected, sample: scores.length, epsilon, delta });
}

type Refusal = Pick<Certificate, "n" | "k" | "threshold" | "coverage" | "upper" | "needs" | "reason"> & {
  readonly verdict: Verdict;
};

/** Inconclusive when more calls of the same kind could decide it; refused when the error itself is too large. */
function withoutThreshold(
  { outcomes: { scores, losses }, epsilon, shareCertifying }: CertificateQuestion,
  delta: number,
): Refusal {
  const best = promising({ scores, losses }, epsilon);
  const nothing = { threshold: null, coverage: 0 };
  if (scores.length === 0) {
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
  const { n, k, coverage } = best;
  const upper = clopperPearsonUpper(k, n, delta);
  const accepted =
    callsNeeded({ errorRate: (k + 0.5) / (n + 1), epsilon, delta, power: POWER }) ??
    callsNeeded({ errorRate: k / n, epsilon, delta, power: POWER });
  if (accepted === null || coverage < MIN_WORTH) {
    const reason = `even its surest answers disagree too often: ${k} of ${n}, allowed is ${percent(epsilon)}`;
    return { ...nothing, n, k, upper, verdict: "refused", needs: null, reason };
  }
  const needs = ofTask(Math.max(1, accepted / coverage - scores.length), shareCertifying);
  const reason = `disagrees on ${k} of its ${n} surest calls, too few to prove ${percent(epsilon)}: needs about ${needs} more calls of this task`;
  return { ...nothing, n, k, upper, verdict: "inconclusive", needs, reason };
}

/** Calls of the task that bring so many calls to certify on: only a part of a log may be used for that. */
function ofTask(calls: number, shareCertifying: number): number {
  return Math.ceil(calls / (shareCertifying > 0 ? shareCertifying : 1));
}

/** The largest accepted set whose disagreement is at most half of epsilon; else the one with the least. */
function promising(
  { scores, losses }: Outcomes,
  epsilon: number,
): { readonly n: number; readonly k: number; readonly coverage: number } {
  const points = riskCoverage(scores, losses);
  const within = points.filter(({ risk }) => risk <= epsilon / 2).at(-1);
  if (within !== undefined && within.coverage >= MIN_WORTH) return within;
  const wide = points.filter(({ coverage }) => coverage >= 0.1);
  return wide.reduce(
    (least, point) => (point.risk < least.risk ? point : least),
    wide[0] ?? { n: 0, k: 0, coverage: 0, risk: 1 },
  );
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
