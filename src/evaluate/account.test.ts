import { describe, expect, test } from "vitest";
import { seededRandom } from "../core/index.ts";
import { CAUSES, lossesOf, noLosses, sumLosses, type Losses } from "./account.ts";
import { pictureOf } from "./picture.ts";

/** Scores fall evenly; a call disagrees with the given chance at its rank, 0 the surest. */
function outcomes(n: number, risk: (rank: number) => number): { scores: number[]; losses: number[] } {
  const random = seededRandom("account");
  const ranks = Array.from({ length: n }, (_, at) => at / n);
  return {
    scores: ranks.map((rank) => 1 - rank),
    losses: ranks.map((rank) => (random.next() < risk(rank) ? 1 : 0)),
  };
}

const total = (losses: Losses): number => CAUSES.reduce((sum, cause) => sum + losses[cause], 0);
const largest = (losses: Losses): string => CAUSES.toSorted((a, b) => losses[b] - losses[a])[0];

const base = { coverage: 0, epsilon: 0.02, ceiling: 1, noise: 0 };

describe("lossesOf()", () => {
  test("blames wrong records where a perfect specialist could not agree either", () => {
    const picture = pictureOf(
      outcomes(2000, () => 0.03),
      0,
    );
    expect(largest(lossesOf({ ...base, noise: 0.032, picture }))).toBe("noise");
  });

  test("blames the form where most answers cannot be given", () => {
    const picture = pictureOf(
      outcomes(1000, (rank) => (rank < 0.25 ? 0.001 : 0.98)),
      0,
    );
    expect(largest(lossesOf({ ...base, ceiling: 0.25, picture }))).toBe("form");
  });

  test("blames the model where it errs, and the score where it does not know", () => {
    const errs = (rank: number): number => (rank < 0.5 ? 0.001 : 0.9);
    const known = lossesOf({
      ...base,
      picture: pictureOf(outcomes(2000, errs), 0),
      coverage: 0.5,
    });
    const unknown = lossesOf({
      ...base,
      picture: pictureOf(
        outcomes(2000, () => 0.1),
        0,
      ),
    });
    expect([largest(known), largest(unknown)]).toEqual(["model", "score"]);
  });

  test("blames the sample where it is right and too small to prove it", () => {
    const picture = pictureOf(
      outcomes(60, () => 0),
      0,
    );
    expect(lossesOf({ ...base, picture })).toEqual({ ...noLosses, sample: 1 });
  });

  test("counts what may not be answered here", () => {
    const picture = pictureOf(
      outcomes(300, () => 0),
      100,
    );
    expect(lossesOf({ ...base, coverage: 0.75, picture })).toEqual({ ...noLosses, unserved: 0.25 });
  });

  test("makes 1 with the certified coverage, whatever the sample", () => {
    for (const risk of [0, 0.01, 0.05, 0.5, 1]) {
      const picture = pictureOf(
        outcomes(200, () => risk),
        20,
      );
      for (const coverage of [0, 0.3]) {
        const losses = lossesOf({ ...base, coverage, picture, ceiling: 0.9, noise: 0.01 });
        expect(total(losses) + coverage).toBeCloseTo(1, 12);
        expect(Math.min(...CAUSES.map((cause) => losses[cause]))).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test("survives an empty sample", () => {
    expect(total(lossesOf({ ...base, picture: pictureOf({ scores: [], losses: [] }, 0) }))).toBe(1);
  });
});

test("sumLosses() weighs each part by its share", () => {
  const sum = sumLosses([
    { share: 0.25, losses: { ...noLosses, form: 1 } },
    { share: 0.5, losses: { ...noLosses, form: 0.5, noise: 0.5 } },
  ]);
  expect(sum).toEqual({ ...noLosses, form: 0.5, noise: 0.25 });
});
