export type Verdict = "certified" | "refused" | "inconclusive";

/** The statement that a specialist, at a threshold, agrees with the LLM. */
export type Certificate = {
  readonly taskId: string;
  /** Hash of everything that decides an answer: artifact, calibration, templates, masks, threshold. A change voids the certificate. */
  readonly policyHash: string;
  /** Bound on the disagreement among calls served at or above the threshold. */
  readonly epsilon: number;
  /** Chance, at most, that the statement is false; after spending on retries. */
  readonly delta: number;
  /** Calls at or above the threshold in the certification sample, and how many of them disagreed. */
  readonly n: number;
  readonly k: number;
  /** All calls of the certification sample: one per session. */
  readonly sample: number;
  /** Null unless certified. */
  readonly threshold: number | null;
  /** Share of the sample at or above the threshold; 0 unless certified. */
  readonly coverage: number;
  /** The share that a perfect score could reach at this epsilon, seen on calibration data. Null when there is none. */
  readonly bestCoverage: number | null;
  /** One-sided upper bound on the disagreement at the threshold; null when n = 0. */
  readonly upper: number | null;
  readonly verdict: Verdict;
  /** With `inconclusive`: about how many more calls are needed; null when unknown. */
  readonly needs: number | null;
  /** Why, in one sentence. */
  readonly reason: string;
  /** First and last time of the sample; null when the log has no times. */
  readonly window: { readonly from: string; readonly to: string } | null;
  /** Which try at this promise this is; each may spend its part of delta. */
  readonly attempt: number;
  /** Median time of the specialist's answers to the sample, in process; null when it had none. */
  readonly latencyMsP50: number | null;
};
