import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { certainToken, chooseBest, chooseRandom } from "./choose.ts";

// 70 tokens: two whole words of a mask and a part of a third, behind an offset.
const SIZE = 70;
const OFFSET = 3;
const logits = fc.float32Array({ minLength: SIZE, maxLength: SIZE, min: -30, max: 30, noNaN: true });
const allowed = fc.uniqueArray(fc.integer({ min: 0, max: SIZE - 1 }), { minLength: 1, maxLength: SIZE });

function distributionOf(values: Float32Array): { logProbs: Float32Array; offset: number; size: number } {
  const top = Math.max(...values);
  const total = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  const logProbs = new Float32Array(OFFSET + SIZE);
  logProbs.set(
    values.map((value) => value - total),
    OFFSET,
  );
  return { logProbs, offset: OFFSET, size: SIZE };
}

function maskOf(tokens: readonly number[]): Int32Array {
  const mask = new Int32Array(Math.ceil(SIZE / 32));
  for (const token of tokens) mask[token >> 5] |= 1 << (token & 31);
  return mask;
}

describe("chooseBest()", () => {
  test("is the likeliest allowed token, its probability renormalised", () => {
    fc.assert(
      fc.property(logits, allowed, (values, tokens) => {
        const distribution = distributionOf(values);
        const chosen = chooseBest(distribution, maskOf(tokens));
        const scores = tokens.map((token) => distribution.logProbs[OFFSET + token]);
        const best = Math.max(...scores);
        const total = best + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - best), 0));
        expect(chosen?.logProb).toBe(best);
        expect(tokens).toContain(chosen?.token);
        expect(chosen?.maskedLogProb).toBeCloseTo(best - total, 5);
      }),
    );
  });
  test("is null where nothing is allowed", () => {
    expect(chooseBest(distributionOf(new Float32Array(SIZE)), maskOf([]))).toBeNull();
  });
});

describe("chooseRandom()", () => {
  const values = new Float32Array(SIZE).fill(-20);
  values[5] = Math.log(6);
  values[40] = Math.log(3);
  values[69] = Math.log(1);
  const draws = (topP: number, temperature: number, mask: Int32Array | null): Map<number, number> => {
    const random = seededRandom(7);
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 2000; draw += 1) {
      const token =
        chooseRandom(distributionOf(values), mask, { temperature, topP, seed: 0 }, random)?.token ?? -1;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    return counts;
  };

  test("draws as often as the probabilities say", () => {
    const counts = draws(1, 1, null);
    // 2000 draws at p = 0.6: standard deviation 22.
    expect(Math.abs((counts.get(5) ?? 0) - 1200)).toBeLessThan(100);
    expect(Math.abs((counts.get(40) ?? 0) - 600)).toBeLessThan(100);
  });
  test("keeps to the likeliest topP", () => {
    expect([...draws(0.85, 1, null).keys()].toSorted((a, b) => a - b)).toEqual([5, 40]);
  });
  test("keeps to the mask", () => {
    expect([...draws(1, 1, maskOf([40, 69])).keys()].toSorted((a, b) => a - b)).toEqual([40, 69]);
  });
  test("is the best at a low temperature", () => {
    expect([...draws(1, 0.05, null).keys()]).toEqual([5]);
  });
});

describe("certainToken()", () => {
  const ends = new Set([2, 66]);
  test.each([
    [[31], 31],
    [[64], 64],
    [[2, 66], 66],
    [[2], 2],
    [[2, 5], null],
    [[5, 6], null],
    [[], null],
  ])("of %j is %j", (tokens, expected) => {
    expect(certainToken(maskOf(tokens), ends)).toBe(expected);
  });
});
