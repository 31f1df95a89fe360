import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { stackRows } from "../text/sparse.ts";
import { fitChoices, scoreOffers } from "./choice.ts";
import { choiceProbabilities, conditionalLoss, fitConditionalLogit } from "./conditional-logit.ts";
import { fitLogistic, logisticGradient, predictLogistic } from "./logistic.ts";
import { quantize } from "./quantize.ts";
import { sigmoid } from "./sigmoid.ts";
import { fitSvm } from "./svm.ts";
import { scoreRow, softmaxInPlace } from "./weights.ts";

const row = (columns: number[], values: number[]) => ({
  columns: Uint32Array.from(columns),
  values: Float32Array.from(values),
});
const EXACT = { maxPasses: 5000, tolerance: 1e-9 };

describe("SVM", () => {
  test("fitSvm() finds the dual optimum of two opposite points", () => {
    // x = ±1, y = ±1, cost C: by symmetry the bias is 0 and w minimises ½w² + 2C(1 − w)², so w = 4C / (1 + 4C).
    const cost = 0.7;
    const data = {
      rows: stackRows([row([0], [1]), row([0], [-1])]),
      labels: Uint32Array.of(0, 1),
      classes: 2,
      width: 1,
    };
    const { weights, bias } = fitSvm(data, { cost, ...EXACT }, seededRandom(1));
    const w = (4 * cost) / (1 + 4 * cost);
    expect([weights[0], weights[1], bias[0], bias[1]].map((x) => Math.round(x * 1e5))).toEqual(
      [w, -w, 0, 0].map((x) => Math.round(x * 1e5)),
    );
  });

  test("fitSvm() is at a minimum: no small step lowers the primal loss", () => {
    const random = seededRandom(3);
    const n = 30;
    const points = Array.from({ length: n }, () =>
      row([0, 1, 2], [random.next(), random.next(), random.next() - 0.5]),
    );
    const labels = Uint32Array.from(points, ({ values }) =>
      values[0] - values[1] + 0.3 * random.next() > 0.1 ? 1 : 0,
    );
    const weights = Float32Array.from({ length: n }, (_, r) => (r % 3 === 0 ? 0.2 : 1));
    const data = { rows: stackRows(points), labels, classes: 2, width: 3, weights };
    const model = fitSvm(data, { cost: 2, ...EXACT }, seededRandom(1));
    const primal = (w: readonly number[]): number =>
      0.5 * w.reduce((sum, value) => sum + value * value, 0) +
      points.reduce((sum, { values }, r) => {
        const z = w[3] + values[0] * w[0] + values[1] * w[1] + values[2] * w[2];
        return sum + 2 * weights[r] * Math.max(0, 1 - (labels[r] === 1 ? z : -z)) ** 2;
      }, 0);
    const found = [model.weights[1], model.weights[3], model.weights[5], model.bias[1]];
    const least = primal(found);
    const lower = [0, 1, 2, 3].flatMap((j) =>
      [-1e-2, 1e-2].filter((step) => primal(found.with(j, found[j] + step)) < least),
    );
    expect(lower).toEqual([]);
  });
});

describe("logistic regression", () => {
  const rows = [
    [0.5, -1],
    [1.5, 0.3],
    [-0.7, 0.9],
    [0.1, 0.2],
  ];
  const outcomes = [1, 1, 0, 0];

  test("logisticGradient() agrees with finite differences", () => {
    const l2 = 0.3;
    const loss = (w: Float64Array): number =>
      (rows.reduce((sum, [a, b], i) => {
        const p = sigmoid(w[0] * a + w[1] * b + w[2]);
        return sum - Math.log(outcomes[i] === 1 ? p : 1 - p);
      }, 0) +
        (l2 / 2) * (w[0] ** 2 + w[1] ** 2)) /
      rows.length;
    const w = Float64Array.of(0.4, -0.6, 0.1);
    const step = 1e-6;
    const numeric = [0, 1, 2].map(
      (j) => (loss(w.with(j, w[j] + step)) - loss(w.with(j, w[j] - step))) / (2 * step),
    );
    const gradient = logisticGradient(rows, outcomes, w, l2);
    for (const [j, value] of numeric.entries()) expect(gradient[j]).toBeCloseTo(value, 7);
  });

  test("fitLogistic() ends where the gradient is zero", () => {
    const options = { l2: 0.5, steps: 3000, monotone: false };
    const model = fitLogistic({ features: rows, outcomes }, options);
    const standard = rows.map((r) => r.map((x, j) => (x - model.means[j]) / model.scales[j]));
    const gradient = logisticGradient(
      standard,
      outcomes,
      Float64Array.of(...model.weights, model.intercept),
      0.5,
    );
    expect(Math.hypot(...gradient)).toBeLessThan(1e-6);
  });

  test("fitLogistic() holds monotone weights at or above zero", () => {
    // The feature falls with the outcome; a rising model can only ignore it.
    const model = fitLogistic(
      { features: [[3], [2], [1], [0]], outcomes: [0, 0, 1, 1] },
      { l2: 1, steps: 200, monotone: true },
    );
    expect(model.weights).toEqual([0]);
    expect(predictLogistic(model, [9])).toBeCloseTo(0.5, 6);
  });
});

describe("conditional logit", () => {
  const choices = [
    {
      features: [
        [1, 0],
        [0, 1],
        [0.5, 0.5],
      ],
      chosen: 0,
    },
    {
      features: [
        [0.2, 2],
        [1, -1],
      ],
      chosen: 1,
    },
    {
      features: [
        [0.1, 0.4],
        [0.3, 0.2],
      ],
      chosen: 0,
    },
  ];

  test("conditionalLoss() has the gradient of finite differences", () => {
    const w = [0.3, -0.8];
    const step = 1e-6;
    const numeric = [0, 1].map(
      (j) =>
        (conditionalLoss(choices, w.with(j, w[j] + step), 0.7).loss -
          conditionalLoss(choices, w.with(j, w[j] - step), 0.7).loss) /
        (2 * step),
    );
    const { gradient } = conditionalLoss(choices, w, 0.7);
    for (const [j, value] of numeric.entries()) expect(gradient[j]).toBeCloseTo(value, 7);
  });

  test("fitConditionalLogit() ends where the gradient is zero", () => {
    const w = fitConditionalLogit(choices, { l2: 0.5, steps: 2000 });
    expect(Math.hypot(...conditionalLoss(choices, w, 0.5).gradient)).toBeLessThan(1e-5);
  });

  test("choiceProbabilities() of two options is the sigmoid of their difference", () => {
    expect(choiceProbabilities([[2], [0.5]], [1])[0]).toBeCloseTo(sigmoid(1.5), 12);
  });

  test("fitChoices() learns which option a word chooses, whatever else is offered", () => {
    const words = [0, 1, 2, 0, 1, 2, 0, 1, 2];
    const data = {
      rows: stackRows(words.map((word) => row([word], [1]))),
      offers: words.map((word, r) =>
        r % 2 === 0 ? Uint32Array.of(word, (word + 1) % 3) : Uint32Array.of((word + 2) % 3, word),
      ),
      chosen: Int32Array.from(words, (_, r) => r % 2),
      options: 3,
      width: 3,
    };
    const model = fitChoices(data, { epochs: 50, rate: 1, dropout: 0 }, seededRandom(1));
    const best = [0, 1, 2].map((word) => {
      const scores = scoreOffers(model, row([word], [1]), Uint32Array.of(0, 1, 2));
      return scores.indexOf(Math.max(...scores));
    });
    expect(best).toEqual([0, 1, 2]);
  });
});

describe("weights", () => {
  test("scoreRow() adds the bias and the products", () => {
    const into = new Float32Array(2);
    scoreRow(
      { classes: 2, weights: Float32Array.of(1, 2, 3, 4), bias: Float32Array.of(10, 20) },
      row([1], [2]),
      into,
    );
    expect([...into]).toEqual([16, 28]);
  });

  test("softmaxInPlace() sums to 1 and bears large scores", () => {
    const scores = Float32Array.of(1000, 1000, -1000);
    softmaxInPlace(scores);
    expect([...scores]).toEqual([0.5, 0.5, 0]);
  });

  test("quantize() moves no weight by more than half a level of its column", () => {
    const weights = Float32Array.of(0.5, -1.27, 0.013, 0, 0, 0, 3, -2, 1);
    const { weights: levels, scales } = quantize({ classes: 3, weights, bias: new Float32Array(3) });
    const moved = Array.from(weights, (weight, at) => {
      const scale = scales[Math.floor(at / 3)];
      return Math.abs(weight - levels[at] * scale) / (scale || 1);
    });
    expect(Math.max(...moved)).toBeLessThanOrEqual(0.5001);
    expect([...scales].map((scale) => Math.round(scale * 1e4))).toEqual([100, 0, 236]);
  });

  test("scoreRow() reads whole-numbered weights by their scale", () => {
    const model = {
      classes: 2,
      weights: Int8Array.of(4, -6),
      scales: Float32Array.of(0.5),
      bias: Float32Array.of(1, 0),
    };
    const into = new Float32Array(2);
    scoreRow(model, row([0], [3]), into);
    expect([...into]).toEqual([7, -9]);
  });
});
