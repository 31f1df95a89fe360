import { fitCappedPlatt, type CappedPlattModel } from "./capped-platt.ts";

/** What a model that had not seen a recorded answer makes of it. */
export type Held = {
  /** Log-odds of how sure the model is of its own answer; finite. */
  readonly score: number;
  readonly agrees: boolean;
  /** Where the recorded answer stands among those weighed and not given, 0 the next best, 1 the last; null where that is not known. */
  readonly rank: number | null;
};

/** How recorded answers and a model's come to differ: the record is wrong at random, or the model errs. JSON-safe. */
export type DoubtModel = CappedPlattModel & {
  /** How near the top the right answer stands where the model errs: the density of its rank is spread · (1 − rank)^(spread − 1). */
  readonly spread: number;
};

/** With fewer ranked disagreements their ranks say nothing about the share of wrong records. */
const LEAST_RANKED = 20;
/** Where a model errs, the right answer is seldom among the worse half: what stands there is taken for wrong records, and as many for the better half. */
const WORSE_HALF = 0.5;
const STEPS = 60;

/**
 * Fits the two causes of disagreement. A wrong record stands anywhere among the answers a model weighed, a right one that it missed near the top: so the worse
 * half of the ranks counts the wrong records (Storey 2002, as for p-values). Without ranks, the share of disagreements that does not fall however sure
 * the model is. held: n ≥ 1. O(n).
 */
export function fitDoubt(held: readonly Held[]): DoubtModel {
  const ranks = held.flatMap(({ agrees, rank }) => (agrees || rank === null ? [] : [rank]));
  const worse = ranks.filter((rank) => rank > WORSE_HALF).length;
  const counted = ranks.length < LEAST_RANKED ? undefined : worse / (1 - WORSE_HALF) / held.length;
  const model = fitCappedPlatt(
    held.map(({ score }) => score),
    held.map(({ agrees }) => (agrees ? 1 : 0)),
    counted,
  );
  const share = ranks.length === 0 ? 0 : Math.min(1, (model.noise * held.length) / ranks.length);
  return { ...model, spread: spreadOf(ranks, share) };
}

/** Of a disagreement: the chance that the record is wrong, whether or not the model is right. In [0, 1]. */
export function chanceWrong(model: DoubtModel, { score, rank }: Pick<Held, "score" | "rank">): number {
  const { noise, slope, intercept, spread } = model;
  const errs = 1 / (1 + Math.exp(slope * score + intercept));
  const missed = (1 - noise) * errs * (rank === null ? 1 : densityAt(rank, spread));
  return noise === 0 ? 0 : noise / (noise + missed);
}

/** By expectation–maximisation: of the ranks, this share is uniform and the rest near the top. */
function spreadOf(ranks: readonly number[], share: number): number {
  let spread = 10;
  for (let step = 0; step < STEPS; step += 1) {
    let [mass, distance] = [0, 0];
    for (const rank of ranks) {
      const near = (1 - share) * densityAt(rank, spread);
      const weight = near === 0 ? 0 : near / (near + share);
      mass += weight;
      distance -= weight * Math.log(1 - inside(rank));
    }
    // At least uniform: a right answer is never farther from the top than a wrong one.
    spread = Math.min(MAX_SPREAD, Math.max(1, mass / Math.max(distance, Number.MIN_VALUE)));
  }
  return spread;
}

const MAX_SPREAD = 1000;
/** Keeps the logarithm of the last rank finite. */
const inside = (rank: number): number => Math.min(rank, 0.999);

const densityAt = (rank: number, spread: number): number => spread * (1 - inside(rank)) ** (spread - 1);
