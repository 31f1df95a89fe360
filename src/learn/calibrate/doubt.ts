import { fitSigmoid, type PlattModel } from "./platt.ts";

/** What a model that had not seen a recorded answer makes of it. */
export type Held = {
  /** Log-odds of how sure the model is of its own answer; finite. */
  readonly score: number;
  readonly agrees: boolean;
  /** Where the recorded answer stands among those weighed and not given, 0 the next best, 1 the last; null where that is not known. */
  readonly rank: number | null;
};

/**
 * How recorded answers and a model's come to differ. The record is wrong at random (`noise`): then it stands anywhere among the answers weighed. Or the model
 * errs, with a chance of 1 − σ(slope·score + intercept): then the right answer stands near the top, or, in a share `stray` of the errors, anywhere.
 * JSON-safe.
 */
export type DoubtModel = PlattModel & {
  readonly noise: number;
  readonly stray: number;
  /** The density of a rank near the top is spread · (1 − rank)^(spread − 1). */
  readonly spread: number;
};

const MAX_STEPS = 200;
const PRECISION = 1e-7;
/** A flat share of errors is believed only against so many agreements imagined beside those seen. */
const PRIOR_AGREEMENTS = 25;
/** Errors imagined beside those seen, of which one in ten strays. */
const PRIOR_ERRORS = 20;
const PRIOR_STRAY = 0.1;
/** Where the search starts, as shares of all disagreements; the likelihood has more than one peak where there are few. */
const STARTS = [0.1, 0.5];
const START_SPREAD = 20;

/** By expectation–maximisation over the causes of each disagreement. held: n ≥ 1. O(n) per step. */
export function fitDoubt(held: readonly Held[]): DoubtModel {
  if (held.length === 0) throw new RangeError("Cannot fit doubts on no answers: need one at least");
  const differing = held.filter(({ agrees }) => !agrees).length / held.length;
  const fits = STARTS.map((share) => climb(held, share * differing));
  return fits.reduce((best, next) => (next.likelihood > best.likelihood ? next : best)).model;
}

/** Of a disagreement: the chance that the record is wrong, whether or not the model is right. In [0, 1]. */
export function chanceWrong(model: DoubtModel, { score, rank }: Pick<Held, "score" | "rank">): number {
  const { noise, errs, near, stray } = causesOf(model, score, rank);
  const all = noise + errs * (near + stray);
  return all === 0 ? 0 : noise / all;
}

/** The chance of a wrong record; that of an error of the model; and the density of the rank if the right answer is near the top, or anywhere. */
function causesOf(
  model: DoubtModel,
  score: number,
  rank: number | null,
): { readonly noise: number; readonly errs: number; readonly near: number; readonly stray: number } {
  const errs = (1 - model.noise) / (1 + Math.exp(model.slope * score + model.intercept));
  const near = (1 - model.stray) * (rank === null ? 1 : densityAt(rank, model.spread));
  return { noise: model.noise, errs, near, stray: model.stray };
}

function climb(held: readonly Held[], start: number): { model: DoubtModel; likelihood: number } {
  const outcomes = held.map(({ agrees }) => (agrees ? 1 : 0));
  const scores = held.map(({ score }) => score);
  const shape = { noise: start, stray: PRIOR_STRAY, spread: START_SPREAD };
  let model: DoubtModel = { ...fitSigmoid(scores, outcomes, Array(held.length).fill(1)), ...shape };
  let likelihood = likelihoodOf(model, held);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const { weights, noise, stray, spread } = sharesOf(model, held);
    const next = { ...fitSigmoid(scores, outcomes, weights), noise, stray, spread };
    const gain = likelihoodOf(next, held) - likelihood;
    model = next;
    likelihood += gain;
    if (Math.abs(gain) < PRECISION * held.length) break;
  }
  return { model, likelihood };
}

type Shares = Pick<DoubtModel, "noise" | "stray" | "spread"> & {
  /** How far each is an answer of the model about a right record. */
  readonly weights: number[];
};

/** What the present model makes of every disagreement, and the shares that follow. */
function sharesOf(model: DoubtModel, held: readonly Held[]): Shares {
  let [wrong, strayed, near, distance] = [0, PRIOR_ERRORS * PRIOR_STRAY, PRIOR_ERRORS * (1 - PRIOR_STRAY), 0];
  distance += near / START_SPREAD;
  const weights = held.map(({ agrees, score, rank }) => {
    if (agrees) return 1;
    const causes = causesOf(model, score, rank);
    const all = Math.max(Number.MIN_VALUE, causes.noise + causes.errs * (causes.near + causes.stray));
    const isWrong = causes.noise / all;
    wrong += isWrong;
    if (rank !== null) {
      strayed += (causes.errs * causes.stray) / all;
      const isNear = (causes.errs * causes.near) / all;
      near += isNear;
      distance -= isNear * Math.log(1 - inside(rank));
    }
    return 1 - isWrong;
  });
  return {
    weights,
    noise: wrong / (held.length + PRIOR_AGREEMENTS),
    stray: strayed / (strayed + near),
    // At least uniform: a right answer is never farther from the top than a wrong one.
    spread: Math.min(MAX_SPREAD, Math.max(1, near / Math.max(distance, Number.MIN_VALUE))),
  };
}

function likelihoodOf(model: DoubtModel, held: readonly Held[]): number {
  let sum = PRIOR_AGREEMENTS * Math.log(1 - model.noise);
  for (const { agrees, score, rank } of held) {
    const { noise, errs, near, stray } = causesOf(model, score, rank);
    const density = agrees ? 1 - noise - errs : noise + errs * (near + stray);
    sum += Math.log(Math.max(Number.MIN_VALUE, density));
  }
  return sum;
}

const MAX_SPREAD = 1000;
/** Keeps the logarithm of the last rank finite. */
const inside = (rank: number): number => Math.min(rank, 0.999);

const densityAt = (rank: number, spread: number): number => spread * (1 - inside(rank)) ** (spread - 1);
