import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitIsotonic, predictIsotonic } from "./isotonic.ts";
import { fitPlatt, predictPlatt } from "./platt.ts";
import { brier, expectedCalibrationError } from "./reliability.ts";
import { auroc, coverageAtRisk, meanRisk, riskCoverage } from "./selection.ts";
import { fitTemperature, softmaxAt } from "./temperature.ts";

const samples = fc.array(
  fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.integer({ min: 0, max: 1 })),
  {
    minLength: 1,
    maxLength: 60,
  },
);
const probes = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 2, maxLength: 20 });
const unzip = (pairs: [number, number][]): [number[], number[]] => [
  pairs.map(([a]) => a),
  pairs.map(([, b]) => b),
];
const ascends = (values: number[]): boolean => values.every((v, i) => i === 0 || v >= values[i - 1] - 1e-12);

describe("fitIsotonic()", () => {
  test("pools adjacent violators into their mean", () => {
    const model = fitIsotonic([1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 1]);
    expect(model).toEqual({
      scores: [1, 2, 5, 6],
      probabilities: [0.125, 0.5, 0.5, 0.875],
    });
  });
  test("interpolates between blocks and is flat outside", () => {
    const model = { scores: [0, 1], probabilities: [0.2, 0.6] };
    expect([-1, 0.25, 2].map((score) => predictIsotonic(model, score))).toEqual([
      0.2,
      expect.closeTo(0.3, 12),
      0.6,
    ]);
  });
  test("is monotone and inside (0, 1) everywhere", () => {
    fc.assert(
      fc.property(samples, probes, (pairs, scores) => {
        const model = fitIsotonic(...unzip(pairs));
        const values = [...scores].sort((a, b) => a - b).map((score) => predictIsotonic(model, score));
        return ascends(values) && values.every((value) => value > 0 && value < 1);
      }),
    );
  });
  test("pools equal scores before it looks below them, in whatever order they come", () => {
    const model = fitIsotonic([0, 1, 1], [0, 0, 1]);
    expect(model).toEqual(fitIsotonic([0, 1, 1], [0, 1, 0]));
    expect(model).toEqual({ scores: [0, 1], probabilities: [0.2, 0.5] });
  });
  test("does not depend on the order of the sample", () => {
    fc.assert(
      fc.property(samples, (pairs) => {
        expect(fitIsotonic(...unzip([...pairs].reverse()))).toEqual(fitIsotonic(...unzip(pairs)));
      }),
    );
  });
  test("survives JSON", () => {
    const model = fitIsotonic([0.1, 0.4, 0.9], [0, 1, 1]);
    expect(JSON.parse(JSON.stringify(model))).toEqual(model);
  });
});

describe("fitPlatt()", () => {
  test("finds the closed form of two scores: the logits of both targets", () => {
    const model = fitPlatt([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1]);
    expect(predictPlatt(model, 0)).toBeCloseTo(1 / 5, 6);
    expect(predictPlatt(model, 1)).toBeCloseTo(4 / 5, 6);
  });
  test("is the same for every score when all scores are equal", () => {
    expect(predictPlatt(fitPlatt([2, 2, 2, 2], [1, 1, 1, 0]), 2)).toBeCloseTo((3 * 0.8 + 1 / 3) / 4, 6);
  });
  test("is inside [0, 1] and finite everywhere", () => {
    fc.assert(
      fc.property(samples, probes, (pairs, scores) => {
        const model = fitPlatt(...unzip(pairs));
        return scores.every((score) => predictPlatt(model, score) >= 0 && predictPlatt(model, score) <= 1);
      }),
    );
  });
});

describe("fitTemperature()", () => {
  test("finds the closed form of two classes: σ(z/T) equals the share that is right", () => {
    const temperature = fitTemperature(
      [
        [3, 0],
        [3, 0],
        [3, 0],
        [3, 0],
      ],
      [0, 0, 0, 1],
    );
    expect(temperature).toBeCloseTo(3 / Math.log(3), 5);
  });
  test("softmaxAt() sums to 1 at large logits", () => {
    expect(softmaxAt([1000, 0, -1000], 2).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
});

describe("expectedCalibrationError()", () => {
  test("is the mean gap of 15 bins of equal mass", () => {
    const probabilities = Array.from({ length: 30 }, (_, index) => (index < 14 ? 0.2 : 0.8));
    const outcomes = Array.from({ length: 30 }, (_, index) => (index < 14 ? 0 : 1));
    expect(expectedCalibrationError(probabilities, outcomes)).toBeCloseTo(0.2, 12);
  });
  test("is null without calls", () => expect(expectedCalibrationError([], [])).toBeNull());
});

describe("brier()", () => {
  test("is the mean squared distance", () => expect(brier([0.5, 1], [1, 1])).toBe(0.125));
});

describe("auroc()", () => {
  test("counts ties half", () => expect(auroc([1, 2, 2, 3], [0, 0, 1, 1])).toBe(0.875));
  test("equals brute force over all pairs", () => {
    fc.assert(
      fc.property(samples, (pairs) => {
        const [scores, outcomes] = unzip(pairs);
        const found = auroc(scores, outcomes);
        const expected = bruteForceAuroc(pairs);
        return expected === null ? found === null : Math.abs((found ?? 9) - expected) < 1e-12;
      }),
    );
  });
});

describe("riskCoverage()", () => {
  test("has one point per distinct score, coverage ascending", () => {
    expect(riskCoverage([0.9, 0.5, 0.5, 0.1], [0, 1, 0, 1])).toEqual([
      { threshold: 0.9, n: 1, k: 0, coverage: 0.25, risk: 0 },
      { threshold: 0.5, n: 3, k: 1, coverage: 0.75, risk: 1 / 3 },
      { threshold: 0.1, n: 4, k: 2, coverage: 1, risk: 0.5 },
    ]);
  });
});

describe("meanRisk()", () => {
  test("takes ties as one step", () => {
    // Risks 0, 1/3 and 1/2 over steps of 1/4, 1/2 and 1/4.
    expect(meanRisk([0.9, 0.5, 0.5, 0.1], [0, 1, 0, 1])).toBeCloseTo(1 / 6 + 1 / 8, 12);
  });
  test("is 0 when nothing is wrong, and least when what is wrong comes last", () => {
    const losses = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(losses, (drawn) => {
        const scores = drawn.map((_, place) => -place);
        const sorted = [...drawn].sort((a, b) => a - b);
        expect(
          meanRisk(
            scores,
            drawn.map(() => 0),
          ),
        ).toBe(0);
        expect(meanRisk(scores, sorted)).toBeLessThanOrEqual(meanRisk(scores, drawn) + 1e-12);
      }),
    );
  });
});

describe("coverageAtRisk()", () => {
  test("is the last point within the risk", () => {
    expect(coverageAtRisk([0.9, 0.5, 0.5, 0.1], [0, 1, 0, 1], 0.4)?.coverage).toBe(0.75);
  });
  test("is null when no point is within it", () => expect(coverageAtRisk([1, 2], [1, 1], 0.1)).toBeNull());
});

function bruteForceAuroc(pairs: [number, number][]): number | null {
  const positives = pairs.filter(([, outcome]) => outcome === 1);
  const negatives = pairs.filter(([, outcome]) => outcome === 0);
  if (positives.length === 0 || negatives.length === 0) return null;
  const wins = positives.flatMap(([a]) => negatives.map(([b]): number => (a > b ? 1 : a === b ? 0.5 : 0)));
  return wins.reduce((sum, win) => sum + win, 0) / wins.length;
}
