import type { Random } from "../../core/index.ts";
import { rowCount } from "../text/sparse.ts";
import type { LabelledRows } from "./svm.ts";
import { softmaxInPlace, type LinearModel } from "./weights.ts";

export type SoftmaxOptions = {
  /** Passes over the rows. */
  readonly epochs: number;
  /** First step size; falls linearly to zero. */
  readonly rate: number;
  /** Share of a row's columns left out at each step: texts that say it with fewer words (dropout training, Wager et al. 2013). */
  readonly dropout: number;
};

export const softmaxDefaults: SoftmaxOptions = { epochs: 20, rate: 4, dropout: 0.5 };

/**
 * Multinomial logistic regression by stochastic gradient descent with AdaGrad-free linear decay and column dropout,
 * which takes the place of an L2 penalty. O(epochs · non-zeros · classes).
 */
export function fitSoftmax(data: LabelledRows, options: SoftmaxOptions, random: Random): LinearModel {
  const { classes, width } = data;
  const model = { classes, weights: new Float32Array(width * classes), bias: new Float32Array(classes) };
  const n = rowCount(data.rows);
  const places = Array.from({ length: n }, (_, r) => r);
  const scores = new Float32Array(classes);
  const steps = options.epochs * n;
  let step = 0;
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (const r of random.shuffle(places)) {
      const rate = options.rate * (1 - step / steps) * (data.weights?.[r] ?? 1);
      step += 1;
      if (rate > 0) stepOn(data, model, { r, rate, dropout: options.dropout, scores, random });
    }
  }
  return model;
}

type Step = {
  readonly r: number;
  readonly rate: number;
  readonly dropout: number;
  readonly scores: Float32Array;
  readonly random: Random;
};

function stepOn(data: LabelledRows, model: LinearModel, step: Step): void {
  const { classes, weights, bias } = model;
  const { columns, values, starts } = data.rows;
  const { scores, r } = step;
  const keep = 1 - step.dropout;
  const kept: number[] = [];
  for (let at = starts[r]; at < starts[r + 1]; at += 1) {
    if (step.dropout === 0 || step.random.next() < keep) kept.push(at);
  }
  scores.set(bias);
  for (const at of kept) {
    const offset = columns[at] * classes;
    const value = values[at] / keep;
    for (let c = 0; c < classes; c += 1) scores[c] += value * weights[offset + c];
  }
  softmaxInPlace(scores);
  scores[data.labels[r]] -= 1;
  for (const at of kept) {
    const offset = columns[at] * classes;
    const value = (step.rate * values[at]) / keep;
    for (let c = 0; c < classes; c += 1) weights[offset + c] -= value * scores[c];
  }
  for (let c = 0; c < classes; c += 1) bias[c] -= step.rate * BIAS_RATE * scores[c];
}

// The bias sees every row; a smaller step keeps it from chasing the last label.
const BIAS_RATE = 0.01;
