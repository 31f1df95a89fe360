import { bestCoverage } from "../learn/index.ts";
import { coverageWithin, type Picture } from "./picture.ts";

/**
 * Where calls are lost to a certificate, in the order they are told apart: calls of no task; too few calls to train on; calls that may not be answered
 * here; answers that no family can express; errors of the specialist that even a perfect score would have to leave out; errors that its score does not tell
 * from right answers; wrong recorded answers; and what the sample is too small to prove.
 */
export const CAUSES = [
  "one-off",
  "untrained",
  "unserved",
  "form",
  "model",
  "score",
  "noise",
  "sample",
] as const;
export type Cause = (typeof CAUSES)[number];

/** Shares of calls lost, by cause. With the certified share they make 1. */
export type Losses = Readonly<Record<Cause, number>>;

export const noLosses: Losses = {
  "one-off": 0,
  untrained: 0,
  unserved: 0,
  form: 0,
  model: 0,
  score: 0,
  noise: 0,
  sample: 0,
};

export type TaskAccount = {
  /** Certified coverage; 0 without a certificate. */
  readonly coverage: number;
  readonly epsilon: number;
  readonly picture: Picture;
  /** Share of answers that the specialist's form can say; 1 where that is not known. */
  readonly ceiling: number;
  /** Share of recorded answers that are wrong at random; 0 where that is not known. */
  readonly noise: number;
};

/**
 * The losses of a task with a specialist: what its coverage would be with each hindrance out of the way, one after the other, as its certification sample
 * shows them. A description of one sample, not a promise.
 */
export function lossesOf({ coverage, epsilon, picture, ceiling, noise }: TaskAccount): Losses {
  const { sample, unserved, disagreements } = picture;
  const asked = sample === 0 ? 0 : (sample - unserved) / sample;
  const errors = disagreements / Math.max(1, sample - unserved);
  // Each is the coverage that would be had if this and all later hindrances were gone.
  const ladder: readonly (readonly [Cause, number])[] = [
    ["unserved", asked],
    ["form", asked * bestCoverage(1 - ceiling, epsilon)],
    ["model", asked * bestCoverage(Math.max(0, errors - noise), epsilon)],
    ["score", coverageWithin(picture, epsilon + noise)],
    ["noise", coverageWithin(picture, epsilon)],
    ["sample", coverage],
  ];
  const losses: Record<Cause, number> = { ...noLosses };
  let left = 1;
  for (const [cause, reached] of ladder) {
    const next = Math.max(coverage, Math.min(left, reached));
    losses[cause] = left - next;
    left = next;
  }
  return losses;
}

/** The sum over tasks and what is of no task, each by its share of all calls. */
export function sumLosses(parts: readonly { readonly share: number; readonly losses: Losses }[]): Losses {
  const sums: Record<Cause, number> = { ...noLosses };
  for (const { share, losses } of parts) for (const cause of CAUSES) sums[cause] += share * losses[cause];
  return sums;
}
