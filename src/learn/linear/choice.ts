import type { Random } from "../../core/index.ts";
import { rowAt, rowCount, type SparseRow, type SparseRows } from "../text/sparse.ts";
import { softmaxInPlace, type LinearModel } from "./weights.ts";

/** Choices among offers: row r chose `offers[r][chosen[r]]`; offers are places among all known options. */
export type Choices = {
  readonly rows: SparseRows;
  readonly offers: readonly Uint32Array[];
  readonly chosen: Int32Array;
  readonly options: number;
  readonly width: number;
  readonly weights?: Float32Array;
};

export type ChoiceOptions = {
  readonly epochs: number;
  /** First step size; falls linearly to zero. */
  readonly rate: number;
  /** Share of a row's columns left out at each step. */
  readonly dropout: number;
};

export const choiceDefaults: ChoiceOptions = { epochs: 12, rate: 4, dropout: 0.3 };

// The bias sees every row; a smaller step keeps it from chasing the last choice.
const BIAS_RATE = 0.02;

/**
 * Conditional logit (McFadden 1974) with one weight vector per option: P(o | offers) ∝ exp(bias_o + w_o · x),
 * by stochastic gradient descent with column dropout. O(epochs · non-zeros · offers).
 */
export function fitChoices(data: Choices, options: ChoiceOptions, random: Random): LinearModel {
  const n = rowCount(data.rows);
  const model = {
    classes: data.options,
    weights: new Float32Array(data.width * data.options),
    bias: new Float32Array(data.options),
  };
  const places = Array.from({ length: n }, (_, r) => r);
  let step = 0;
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (const r of random.shuffle(places)) {
      const rate = options.rate * (1 - step / (options.epochs * n)) * (data.weights?.[r] ?? 1);
      step += 1;
      const row = thin(rowAt(data.rows, r), options.dropout, random);
      const errors = scoreOffers(model, row, data.offers[r]);
      softmaxInPlace(errors);
      errors[data.chosen[r]] -= 1;
      descend(model, { row, offers: data.offers[r], errors, rate });
    }
  }
  return model;
}

/** Scores of the offered options only, in their order. O(columns of the row · offers). */
export function scoreOffers(model: LinearModel, row: SparseRow, offers: Uint32Array): Float32Array {
  const scores = Float32Array.from(offers, (option) => model.bias[option]);
  for (let at = 0; at < row.columns.length; at += 1) {
    const offset = row.columns[at] * model.classes;
    const value = row.values[at] * (model.scales === undefined ? 1 : model.scales[row.columns[at]]);
    for (let place = 0; place < offers.length; place += 1) {
      scores[place] += value * model.weights[offset + offers[place]];
    }
  }
  return scores;
}

type Descent = {
  readonly row: SparseRow;
  readonly offers: Uint32Array;
  readonly errors: Float32Array;
  readonly rate: number;
};

function descend({ weights, bias, classes }: LinearModel, { row, offers, errors, rate }: Descent): void {
  for (let at = 0; at < row.columns.length; at += 1) {
    const offset = row.columns[at] * classes;
    const size = rate * row.values[at];
    for (let place = 0; place < offers.length; place += 1)
      weights[offset + offers[place]] -= size * errors[place];
  }
  for (let place = 0; place < offers.length; place += 1)
    bias[offers[place]] -= rate * BIAS_RATE * errors[place];
}

/** The row without a random share of its columns, scaled so that scores keep their mean. */
function thin(row: SparseRow, dropout: number, random: Random): SparseRow {
  if (dropout === 0) return row;
  const kept: number[] = [];
  for (let at = 0; at < row.columns.length; at += 1) if (random.next() >= dropout) kept.push(at);
  return {
    columns: Uint32Array.from(kept, (at) => row.columns[at]),
    values: Float32Array.from(kept, (at) => row.values[at] / (1 - dropout)),
  };
}
