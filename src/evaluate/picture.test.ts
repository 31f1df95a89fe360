import { describe, expect, test } from "vitest";
import { coverageWithin, pictureOf } from "./picture.ts";

const scores = Array.from({ length: 400 }, (_, at) => 1 - at / 400);
const losses = scores.map((_, at) => (at >= 300 ? 1 : 0));

describe("pictureOf()", () => {
  test("puts every call in a bin, and agreements with it", () => {
    const { bins, ece, disagreements, sample } = pictureOf({ scores, losses }, 100);
    expect(bins).toHaveLength(10);
    expect(bins.map(({ n }) => n)).toEqual(Array(10).fill(40));
    expect(bins[0]).toEqual({ n: 40, score: expect.closeTo(0.05125, 10), agreed: 0 });
    expect(bins.at(-1)?.agreed).toBe(40);
    expect(ece).toBeGreaterThan(0.1);
    expect([disagreements, sample]).toEqual([100, 500]);
  });

  test("keeps a bounded curve that ends with all calls scored", () => {
    const { curve } = pictureOf({ scores, losses }, 100);
    expect(curve.length).toBeLessThanOrEqual(100);
    expect(curve.at(-1)).toEqual({ threshold: expect.closeTo(1 / 400, 12), coverage: 0.8, n: 400, k: 100 });
  });

  test("has nothing to show for no calls", () => {
    expect(pictureOf({ scores: [], losses: [] }, 3)).toEqual({
      sample: 3,
      unserved: 3,
      bins: [],
      ece: null,
      curve: [],
      disagreements: 0,
    });
  });
});

test("coverageWithin() is the largest coverage within a risk, of the whole sample", () => {
  const picture = pictureOf({ scores, losses }, 100);
  expect([0, 0.25, 1].map((risk) => coverageWithin(picture, risk))).toEqual([
    expect.closeTo(0.6, 2),
    0.8,
    0.8,
  ]);
});
