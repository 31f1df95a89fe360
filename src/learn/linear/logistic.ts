import { sigmoid } from "./sigmoid.ts";

/** P(y = 1) = σ(intercept + Σ weight · (x − mean) / scale). JSON-safe. */
export type LogisticModel = {
  readonly means: readonly number[];
  readonly scales: readonly number[];
  readonly weights: readonly number[];
  readonly intercept: number;
};

export type LogisticOptions = {
  /** Penalty ½ · l2 · ‖w‖² on standardised features, against the summed loss. */
  readonly l2: number;
  readonly steps: number;
  /** Holds every weight at or above zero, so that the model rises with each feature. */
  readonly monotone: boolean;
};

export const logisticDefaults: LogisticOptions = { l2: 1, steps: 400, monotone: true };

/** Labelled feature vectors: d numbers per item, outcomes 0 or 1, weights ≥ 0. */
export type Outcomes = {
  readonly features: readonly (readonly number[])[];
  readonly outcomes: readonly number[];
};

/** Penalised logistic regression by accelerated projected gradient (Beck and Teboulle 2009). O(steps · n · d). */
export function fitLogistic(data: Outcomes, options: LogisticOptions): LogisticModel {
  const { means, scales } = standardize(data.features);
  const rows = data.features.map((row) => row.map((value, j) => (value - means[j]) / scales[j]));
  const d = means.length;
  // σ' ≤ ¼ and standardised columns bound the curvature of the mean loss by (d + 1) / 4.
  const n = Math.max(1, rows.length);
  const rate = 1 / ((d + 1) / 4 + options.l2 / n);
  let w = new Float64Array(d + 1);
  let ahead = w;
  let momentum = 1;
  for (let step = 0; step < options.steps; step += 1) {
    const gradient = logisticGradient(rows, data.outcomes, ahead, options.l2);
    const next = ahead.map((value, j) => {
      const moved = value - rate * gradient[j];
      return options.monotone && j < d ? Math.max(0, moved) : moved;
    });
    const nextMomentum = (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const last = w;
    ahead = next.map((value, j) => value + ((momentum - 1) / nextMomentum) * (value - last[j]));
    w = next;
    momentum = nextMomentum;
  }
  return { means, scales, weights: [...w.subarray(0, d)], intercept: w[d] };
}

/** The gradient of the mean penalised loss; the last of w is the intercept, which is not penalised. */
export function logisticGradient(
  rows: readonly (readonly number[])[],
  outcomes: readonly number[],
  w: Float64Array,
  l2: number,
): Float64Array {
  const d = w.length - 1;
  const n = Math.max(1, rows.length);
  const gradient = new Float64Array(d + 1);
  for (const [i, row] of rows.entries()) {
    let z = w[d];
    for (let j = 0; j < d; j += 1) z += w[j] * row[j];
    const error = sigmoid(z) - outcomes[i];
    for (let j = 0; j < d; j += 1) gradient[j] += error * row[j];
    gradient[d] += error;
  }
  for (let j = 0; j <= d; j += 1) gradient[j] = (gradient[j] + (j < d ? l2 * w[j] : 0)) / n;
  return gradient;
}

/** P(y = 1), in [0, 1]. */
export function predictLogistic(model: LogisticModel, features: readonly number[]): number {
  let z = model.intercept;
  for (const [j, weight] of model.weights.entries()) {
    z += (weight * (features[j] - model.means[j])) / model.scales[j];
  }
  return sigmoid(z);
}

function standardize(rows: readonly (readonly number[])[]): { means: number[]; scales: number[] } {
  const d = rows[0]?.length ?? 0;
  const n = Math.max(1, rows.length);
  const means = Array.from({ length: d }, (_, j) => rows.reduce((sum, row) => sum + row[j], 0) / n);
  const scales = means.map((mean, j) => {
    const deviation = Math.sqrt(rows.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / n);
    // A feature that never varies says nothing; scale 1 leaves its weight at zero.
    return deviation > 1e-9 ? deviation : 1;
  });
  return { means, scales };
}
