import { fitSigmoid, type PlattModel } from "./platt.ts";

/**
 * P(agree) = (1 − noise) · σ(slope·score + intercept): however sure a model is, a share of the recorded answers is wrong at random, and with these it
 * cannot agree. JSON-safe.
 */
export type CappedPlattModel = PlattModel & { readonly noise: number };

const MAX_STEPS = 300;
const PRECISION = 1e-7;
/** A flat share of errors is believed only against so many agreements imagined beside those seen. */
const PRIOR_AGREEMENTS = 25;
/** Where the search starts, as shares of all disagreements; the likelihood has more than one peak where there are few. */
const STARTS = [0.1, 0.5, 0.9];

/**
 * By expectation–maximisation: every disagreement is in part noise, in part the model's error, by what the present model says of
 * it; agreements are neither. scores: finite, log-odds; outcomes: 1 = agrees, n ≥ 1; noise: where it is known. O(n) per step.
 */
export function fitCappedPlatt(
  scores: readonly number[],
  outcomes: readonly number[],
  noise?: number,
): CappedPlattModel {
  if (scores.length === 0 || scores.length !== outcomes.length) {
    throw new RangeError(
      `Cannot calibrate ${scores.length} scores with ${outcomes.length} outcomes: need one each`,
    );
  }
  const sample = { scores, outcomes, known: noise };
  if (noise !== undefined) return climb(sample, noise).model;
  const errors = outcomes.filter((outcome) => outcome === 0).length / outcomes.length;
  const fits = STARTS.map((share) => climb(sample, share * errors));
  return fits.reduce((best, next) => (next.likelihood > best.likelihood ? next : best)).model;
}

/** P(agree) at a score, in [0, 1 − noise]. */
export function predictCappedPlatt({ slope, intercept, noise }: CappedPlattModel, score: number): number {
  return (1 - noise) * sigmoid(slope * score + intercept);
}

type Sample = {
  readonly scores: readonly number[];
  readonly outcomes: readonly number[];
  readonly known: number | undefined;
};

function climb(sample: Sample, start: number): { model: CappedPlattModel; likelihood: number } {
  const { scores, outcomes } = sample;
  let model: CappedPlattModel = { ...weighted(sample, Array(scores.length).fill(1)), noise: start };
  let likelihood = likelihoodOf(model, sample);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const isNoise = outcomes.map((outcome, index) => (outcome === 1 ? 0 : noiseShare(model, scores[index])));
    const shares = isNoise.reduce((sum, share) => sum + share, 0);
    const noise = sample.known ?? shares / (scores.length + PRIOR_AGREEMENTS);
    const next = {
      ...weighted(
        sample,
        isNoise.map((share) => 1 - share),
      ),
      noise,
    };
    const nextLikelihood = likelihoodOf(next, sample);
    const gain = nextLikelihood - likelihood;
    model = next;
    likelihood = nextLikelihood;
    if (Math.abs(gain) < PRECISION * scores.length) break;
  }
  return { model, likelihood };
}

/** Of a disagreement: the chance that noise alone is enough to explain it, whether or not the model is right. */
function noiseShare({ slope, intercept, noise }: CappedPlattModel, score: number): number {
  const disagrees = 1 - (1 - noise) * sigmoid(slope * score + intercept);
  return disagrees === 0 ? 0 : noise / disagrees;
}

function weighted({ scores, outcomes }: Sample, weights: readonly number[]): PlattModel {
  return fitSigmoid(scores, outcomes, weights);
}

function likelihoodOf(model: CappedPlattModel, { scores, outcomes }: Sample): number {
  let sum = PRIOR_AGREEMENTS * Math.log(1 - model.noise);
  for (const [index, score] of scores.entries()) {
    const agrees = predictCappedPlatt(model, score);
    sum += Math.log(Math.max(Number.MIN_VALUE, outcomes[index] === 1 ? agrees : 1 - agrees));
  }
  return sum;
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
