/** P(agree) = σ(slope·score + intercept). JSON-safe. */
export type PlattModel = { readonly slope: number; readonly intercept: number };

const MAX_NEWTON_STEPS = 100;
const MIN_STEP = 1e-10;
const GRADIENT_PRECISION = 1e-9;
// Keeps the Hessian invertible when all scores are equal.
const RIDGE = 1e-12;

type Sample = {
  readonly scores: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
};

/**
 * Platt's sigmoid by Newton's method with backtracking (Lin, Lin and Weng 2007). scores: finite; outcomes: 0 or 1, n ≥ 1.
 * Targets are (N₊+1)/(N₊+2) and 1/(N₋+2) instead of 1 and 0, so that separable data stay finite.
 */
export function fitPlatt(scores: readonly number[], outcomes: readonly number[]): PlattModel {
  if (scores.length === 0 || scores.length !== outcomes.length) {
    throw new RangeError(
      `Cannot calibrate ${scores.length} scores with ${outcomes.length} outcomes: need one each`,
    );
  }
  return fitSigmoid(scores, outcomes, Array(scores.length).fill(1));
}

/** The same, each outcome counted by its weight ≥ 0. */
export function fitSigmoid(
  scores: readonly number[],
  outcomes: readonly number[],
  weights: readonly number[],
): PlattModel {
  const massOf = (outcome: number): number =>
    weights.reduce((sum, weight, index) => (outcomes[index] === outcome ? sum + weight : sum), 0);
  const [negatives, positives] = [massOf(0), massOf(1)];
  const targets = outcomes.map((outcome) =>
    outcome === 1 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2),
  );
  const sample = { scores, targets, weights };
  let model: PlattModel = { slope: 0, intercept: Math.log((positives + 1) / (negatives + 1)) };
  let loss = lossOf(model, sample);
  for (let step = 0; step < MAX_NEWTON_STEPS; step += 1) {
    const next = newtonStep(model, sample, loss);
    if (next === null) break;
    ({ model, loss } = next);
  }
  return model;
}

/** The probability at a score, in [0, 1]. */
export function predictPlatt(model: PlattModel, score: number): number {
  return sigmoid(model.slope * score + model.intercept);
}

/** One damped step downhill; null when there is nothing left to gain. */
function newtonStep(
  model: PlattModel,
  sample: Sample,
  loss: number,
): { model: PlattModel; loss: number } | null {
  let [h11, h12, h22, g1, g2] = [RIDGE, 0, RIDGE, 0, 0];
  for (const [index, score] of sample.scores.entries()) {
    const p = predictPlatt(model, score);
    const weight = sample.weights[index] * p * (1 - p);
    const error = sample.weights[index] * (p - sample.targets[index]);
    h11 += score * score * weight;
    h12 += score * weight;
    h22 += weight;
    g1 += score * error;
    g2 += error;
  }
  if (Math.abs(g1) < GRADIENT_PRECISION && Math.abs(g2) < GRADIENT_PRECISION) return null;
  const determinant = h11 * h22 - h12 * h12;
  const slopeStep = -(h22 * g1 - h12 * g2) / determinant;
  const interceptStep = -(h11 * g2 - h12 * g1) / determinant;
  for (let size = 1; size >= MIN_STEP; size /= 2) {
    const moved = {
      slope: model.slope + size * slopeStep,
      intercept: model.intercept + size * interceptStep,
    };
    const movedLoss = lossOf(moved, sample);
    if (movedLoss < loss) return { model: moved, loss: movedLoss };
  }
  return null;
}

/** Cross-entropy to the targets, in a form that does not overflow. */
function lossOf(model: PlattModel, { scores, targets, weights }: Sample): number {
  let loss = 0;
  for (const [index, score] of scores.entries()) {
    const z = model.slope * score + model.intercept;
    loss += weights[index] * (Math.max(z, 0) - targets[index] * z + Math.log1p(Math.exp(-Math.abs(z))));
  }
  return loss;
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
