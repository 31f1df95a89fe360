import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binomCdf } from "./binomial.ts";
import { callsNeeded } from "./calls-needed.ts";
import { clopperPearsonInterval, clopperPearsonUpper, minCalls } from "./clopper-pearson.ts";
import { lnGamma } from "./gamma.ts";
import { hoeffdingBentkusP } from "./hoeffding-bentkus.ts";

// Values of scipy 1.x; the file stands beside the project, never in it.
const GOLDEN = resolve(import.meta.dirname, "../../../../shared/golden/gate.json");
const hasGolden = existsSync(GOLDEN);
if (!hasGolden) console.warn(`skipped: golden values of scipy, no ${GOLDEN}`);
const golden = (name: string): number[][] => {
  const tables: Record<string, number[][]> = JSON.parse(readFileSync(GOLDEN, "utf8"));
  return tables[name];
};

describe("lnGamma()", () => {
  test("is the logarithm of the factorial at whole numbers", () => {
    expect(lnGamma(1)).toBeCloseTo(0, 13);
    expect(lnGamma(11)).toBeCloseTo(Math.log(3628800), 12);
  });
  test("is ln √π at one half", () => expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13));
  test("refuses 0", () => expect(() => lnGamma(0)).toThrow(RangeError));
});

describe("binomCdf()", () => {
  test("equals the sum of its terms for every n up to 8", () => {
    const gaps = cells().map(([k, n, p]) => Math.abs(binomCdf(k, n, p) - summed(k, n, p)));
    expect(Math.max(...gaps)).toBeLessThan(1e-13);
  });
  test("is 0 below 0 and 1 from n on", () => {
    expect([binomCdf(-1, 5, 0.3), binomCdf(5, 5, 0.3), binomCdf(9, 5, 0.3)]).toEqual([0, 1, 1]);
  });
  test("is exact at p = 0 and p = 1", () => expect([binomCdf(2, 5, 0), binomCdf(2, 5, 1)]).toEqual([1, 0]));
  test.skipIf(!hasGolden)("equals scipy to 1e-9", () => {
    const gaps = golden("cdf").map(([k, n, p, value]) => relativeGap(binomCdf(k, n, p), value));
    expect(Math.max(...gaps)).toBeLessThan(1e-9);
  });
});

describe("clopperPearsonUpper()", () => {
  test("is 1 − delta^(1/n) without a disagreement", () => {
    expect(clopperPearsonUpper(0, 149, 0.05)).toBeCloseTo(1 - 0.05 ** (1 / 149), 12);
  });
  test("lies outward: the cdf there is at most delta", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (n, share) => {
          const k = Math.floor(share * n);
          return binomCdf(k, n, clopperPearsonUpper(k, n, 0.05)) <= 0.05;
        },
      ),
      { numRuns: 60 },
    );
  });
  test("grows with k and falls with n", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2000 }), fc.nat(2000), (n, seed) => {
        const k = seed % n;
        const bound = clopperPearsonUpper(k, n, 0.05);
        return clopperPearsonUpper(k + 1, n, 0.05) > bound && clopperPearsonUpper(k, n + 1, 0.05) < bound;
      }),
      { numRuns: 60 },
    );
  });
  test("gives the lower bounds of agreement that are known for ε = 2 %", () => {
    const agreement = [0, 2, 13, 12].map(
      (k, i) => 1 - clopperPearsonUpper(k, [100, 500, 1000, 1000][i], 0.05),
    );
    expect(agreement.map((value) => Math.round(value * 1e4) / 100)).toEqual([97.05, 98.75, 97.94, 98.06]);
  });
  test("says 1 when nothing was seen", () => expect(clopperPearsonUpper(0, 0, 0.05)).toBe(1));
  test.skipIf(!hasGolden)("equals scipy to 1e-9", () => {
    const gaps = golden("cp").map(([k, n, d, value]) => relativeGap(clopperPearsonUpper(k, n, d), value));
    expect(Math.max(...gaps)).toBeLessThan(1e-9);
  });
});

describe("clopperPearsonInterval()", () => {
  test("is the pair of one-sided bounds at half of what is left", () => {
    const interval = clopperPearsonInterval(3, 50, 0.9);
    expect(interval).toEqual({
      low: 1 - clopperPearsonUpper(47, 50, 0.05),
      high: clopperPearsonUpper(3, 50, 0.05),
    });
  });
  test("is null without calls", () => expect(clopperPearsonInterval(0, 0, 0.95)).toBeNull());
});

describe("minCalls()", () => {
  const row = (ks: number[], epsilon: number, delta: number): number[] =>
    ks.map((k) => minCalls(k, epsilon, delta));
  test("148 clean agreements are one too few at ε = 2 %, δ = 5 %", () => {
    expect([binomCdf(0, 148, 0.02) <= 0.05, binomCdf(0, 149, 0.02) <= 0.05]).toEqual([false, true]);
  });
  test("equals the exact table at ε = 2 %, δ = 5 %", () => {
    expect(row([0, 1, 2, 3, 5, 8, 10, 15, 20], 0.02, 0.05)).toEqual([
      149, 236, 313, 386, 523, 719, 845, 1151, 1449,
    ]);
  });
  test("equals the exact table at ε = 5 % and at δ = 1 %", () => {
    expect([row([0, 1, 2, 3, 5, 10], 0.05, 0.05), row([0, 1, 2, 3, 5, 10], 0.02, 0.01)]).toEqual([
      [59, 93, 124, 153, 208, 336],
      [228, 330, 418, 499, 652, 1003],
    ]);
  });
  test.skipIf(!hasGolden)("equals the golden table", () => {
    const found = golden("minn").map(([k, epsilon, delta]) => minCalls(k, epsilon, delta));
    expect(found).toEqual(golden("minn").map(([, , , n]) => n));
  });
});

describe("hoeffdingBentkusP()", () => {
  test("is 1 where the mean loss is at epsilon", () => expect(hoeffdingBentkusP(0.02, 500, 0.02)).toBe(1));
  test("is the smaller of both bounds at zero loss: (1 − ε)^n", () => {
    expect(hoeffdingBentkusP(0, 100, 0.02)).toBeCloseTo(0.98 ** 100, 12);
  });
  test.skipIf(!hasGolden)("equals the golden values to 1e-9", () => {
    const gaps = golden("hb").map(([mean, n, epsilon, p]) =>
      relativeGap(hoeffdingBentkusP(mean, n, epsilon), p),
    );
    expect(Math.max(...gaps)).toBeLessThan(1e-9);
  });
});

describe("callsNeeded()", () => {
  const needed = (errorRate: number, power: number): number | null =>
    callsNeeded({ errorRate, epsilon: 0.02, delta: 0.05, power });
  test("is the least certifiable n without errors", () => expect(needed(0, 0.8)).toBe(149));
  test("is near the table of exact power at ε = 2 %, 90 %", () => {
    const table = [523, 805, 1392, 2644, 6232];
    const found = [0.005, 0.0075, 0.01, 0.0125, 0.015].map((rate) => needed(rate, 0.9) ?? 0);
    expect(Math.max(...found.map((n, index) => Math.abs(n / table[index] - 1)))).toBeLessThan(0.06);
  });
  test("is null when the error rate is at epsilon", () => expect(needed(0.02, 0.8)).toBeNull());
  test("is null when no log would do", () => expect(needed(0.0199999, 0.8)).toBeNull());
});

function cells(): [number, number, number][] {
  const found: [number, number, number][] = [];
  for (let n = 1; n <= 8; n += 1) {
    for (let k = 0; k <= n; k += 1) for (const p of [0.01, 0.2, 0.5, 0.93]) found.push([k, n, p]);
  }
  return found;
}

function summed(k: number, n: number, p: number): number {
  let [sum, choose] = [0, 1];
  for (let index = 0; index <= k; index += 1) {
    sum += choose * p ** index * (1 - p) ** (n - index);
    choose = (choose * (n - index)) / (index + 1);
  }
  return sum;
}

function relativeGap(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(Math.abs(b), 1e-300);
}
