import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { fitCappedPlatt, predictCappedPlatt } from "./capped-platt.ts";

const TRUE = { slope: 1.5, intercept: 1, noise: 0.03 };

/** Log-odds from −3 to 5; agreement drawn from a capped sigmoid. */
function draw(n: number, noise: number): { scores: number[]; outcomes: number[] } {
  const random = seededRandom(`capped ${n} ${noise}`);
  const scores = Array.from({ length: n }, () => 8 * random.next() - 3);
  const wrong = scores.map(() => random.next() < noise);
  const outcomes = scores.map((score, index) =>
    !wrong[index] && random.next() < 1 / (1 + Math.exp(-(TRUE.slope * score + TRUE.intercept))) ? 1 : 0,
  );
  return { scores, outcomes };
}

describe("fitCappedPlatt()", () => {
  test("finds the share of wrong answers that was put in, and none where there is none", () => {
    const noisy = fitCappedPlatt(...pairOf(draw(4000, 0.03)));
    const clean = fitCappedPlatt(...pairOf(draw(4000, 0)));
    expect(noisy.noise).toBeGreaterThan(0.022);
    expect(noisy.noise).toBeLessThan(0.04);
    expect(clean.noise).toBeLessThan(0.003);
    expect(noisy.slope).toBeCloseTo(TRUE.slope, 0);
  });

  test("is no worse than the best of 24,000 models on a grid", () => {
    const { scores, outcomes } = draw(300, 0.05);
    const logLoss = (model: { slope: number; intercept: number; noise: number }): number =>
      // The prior: 25 agreements imagined.
      -25 * Math.log(1 - model.noise) +
      scores.reduce((sum, score, index) => {
        const p = predictCappedPlatt(model, score);
        return sum - Math.log(outcomes[index] === 1 ? p : 1 - p);
      }, 0);
    let best = Infinity;
    for (let slope = 0.2; slope <= 4; slope += 0.1)
      for (let intercept = -1; intercept <= 3; intercept += 0.2)
        for (let noise = 0; noise <= 0.15; noise += 0.005)
          best = Math.min(best, logLoss({ slope, intercept, noise }));
    // Smoothed targets cost a little likelihood.
    expect(logLoss(fitCappedPlatt(scores, outcomes))).toBeLessThan(best + 1);
  });

  test("survives samples of one outcome and of one score", () => {
    for (const outcomes of [
      [1, 1, 1],
      [0, 0, 0],
      [1, 0, 1],
    ]) {
      const model = fitCappedPlatt([2, 2, 2], outcomes);
      const p = predictCappedPlatt(model, 2);
      expect(p >= 0 && p <= 1).toBe(true);
    }
  });
});

const pairOf = ({ scores, outcomes }: { scores: number[]; outcomes: number[] }): [number[], number[]] => [
  scores,
  outcomes,
];
