import { describe, expect, test } from "vitest";
import { seededRandom, type Random } from "../../core/index.ts";
import { coverageAtRisk } from "../calibrate/selection.ts";
import { bestCoverage } from "./best-coverage.ts";
import { certifyThreshold } from "./certify-threshold.ts";
import { looksAt } from "./looks.ts";
import { planSearch } from "./plan-search.ts";

const EPSILON = 0.02;
const DELTA = 0.05;

/** Disagreement by rank: 0 = the highest score, 1 = the lowest. The last three shapes have thresholds on both sides of epsilon. */
const SHAPES: Record<string, (rank: number) => number> = {
  "all just above epsilon": () => EPSILON * 1.001,
  "bump at the top": (rank) => (rank < 0.1 ? 0.06 : 0.02),
  "smooth and hard": (rank) => 0.12 * rank * rank,
  "easy half": (rank) => (rank < 0.5 ? 0.002 : 0.08),
};

type Sample = { scores: number[]; losses: number[] };

function draw(n: number, shape: (rank: number) => number, random: Random): Sample {
  const ranks = Array.from({ length: n }, () => random.next());
  return {
    scores: ranks.map((rank) => 1 - rank),
    losses: ranks.map((rank) => (random.next() < shape(rank) ? 1 : 0)),
  };
}

/** True disagreement among all calls at or above a threshold, by the midpoint rule. */
function trueRisk(threshold: number, shape: (rank: number) => number): number {
  const coverage = 1 - threshold;
  let sum = 0;
  for (let step = 0; step < 500; step += 1) sum += shape(((step + 0.5) / 500) * coverage);
  return sum / 500;
}

const SIMULATIONS = 150;

function falseShare(
  n: number,
  shape: (rank: number) => number,
  rule: (sample: Sample) => number | null,
): number {
  const random = seededRandom(`${n}`);
  let wrong = 0;
  for (let run = 0; run < SIMULATIONS; run += 1) {
    const threshold = rule(draw(n, shape, random));
    if (threshold !== null && trueRisk(threshold, shape) > EPSILON + 1e-9) wrong += 1;
  }
  return wrong / SIMULATIONS;
}

const proven = (sample: Sample): number | null =>
  certifyThreshold({ ...sample, epsilon: EPSILON, delta: DELTA }).certified?.threshold ?? null;
const naive = ({ scores, losses }: Sample): number | null =>
  coverageAtRisk(scores, losses, EPSILON)?.threshold ?? null;

// Three standard errors of a share of DELTA in so many simulations.
const ALLOWED = DELTA + 3 * Math.sqrt((DELTA * (1 - DELTA)) / SIMULATIONS);

describe("certifyThreshold()", () => {
  test.each(Object.keys(SHAPES))("is false at most a share of delta: %s", (name) => {
    const shares = [300, 1500].map((n) => falseShare(n, SHAPES[name], proven));
    expect(Math.max(...shares)).toBeLessThanOrEqual(ALLOWED);
  });
  test("largest coverage within the empirical risk is false far more often", () => {
    expect(falseShare(600, SHAPES["smooth and hard"], naive)).toBeGreaterThan(5 * DELTA);
  });
  test("takes all of an easy task at 1500 calls", () => {
    const sample = draw(1500, () => 0.004, seededRandom(1));
    expect(certifyThreshold({ ...sample, epsilon: EPSILON, delta: DELTA }).certified?.coverage).toBe(1);
  });
  test("149 clean agreements certify, 148 do not", () => {
    const clean = (n: number): Sample => ({ scores: Array(n).fill(0.5), losses: Array(n).fill(0) });
    const found = [148, 149].map(
      (n) => certifyThreshold({ ...clean(n), epsilon: EPSILON, delta: DELTA }).certified,
    );
    expect(found).toEqual([
      null,
      { threshold: 0.5, n: 149, k: 0, coverage: 1, upper: expect.closeTo(0.0199, 4) },
    ]);
  });
  test("lets calls of one score in together", () => {
    const scores = [...Array<number>(400).fill(0.9), ...Array<number>(200).fill(0.1)];
    const losses = scores.map((score) => (score === 0.1 ? 1 : 0));
    const { certified } = certifyThreshold({ scores, losses, epsilon: EPSILON, delta: DELTA });
    expect(certified).toMatchObject({ threshold: 0.9, n: 400, k: 0 });
  });
  test("spends no more than delta over its starts, and says what it tested", () => {
    const sample = draw(2000, () => 0.5, seededRandom(2));
    const { certified, path } = certifyThreshold({ ...sample, epsilon: EPSILON, delta: DELTA });
    expect(certified).toBeNull();
    expect(path.reduce((sum, { level }) => sum + level, 0)).toBeCloseTo(DELTA, 12);
  });
  test("has no certificate for an empty sample", () => {
    expect(certifyThreshold({ scores: [], losses: [], epsilon: EPSILON, delta: DELTA }).certified).toBeNull();
  });
});

/** A threshold whose starts were planned on a calibration sample of the same size. */
function planned(shape: (rank: number) => number, seed: string): (sample: Sample) => number | null {
  const random = seededRandom(seed);
  return (sample) => {
    const plan = { sample: sample.scores.length, epsilon: EPSILON, delta: DELTA };
    const coverages = planSearch({ ...draw(plan.sample, shape, random), ...plan });
    const question = { ...sample, epsilon: EPSILON, delta: DELTA, coverages };
    return certifyThreshold(question).certified?.threshold ?? null;
  };
}

describe("planSearch()", () => {
  test.each(Object.keys(SHAPES))("keeps the certificate false at most a share of delta: %s", (name) => {
    const share = falseShare(300, SHAPES[name], planned(SHAPES[name], name));
    expect(share).toBeLessThanOrEqual(ALLOWED);
  });
  test("starts a small sample where the specialist is good, not at full coverage", () => {
    const sample = draw(400, (rank) => (rank < 0.85 ? 0.001 : 0.3), seededRandom(3));
    const coverages = planSearch({ ...sample, sample: 250, epsilon: EPSILON, delta: DELTA });
    const shares = Array.from({ length: 20 }, (_, seed) => {
      const fresh = draw(250, (rank) => (rank < 0.85 ? 0.001 : 0.3), seededRandom(100 + seed));
      const question = { ...fresh, epsilon: EPSILON, delta: DELTA, coverages };
      return certifyThreshold(question).certified?.coverage ?? 0;
    });
    expect(shares.reduce((a, b) => a + b) / shares.length).toBeGreaterThan(0.6);
  });
  test("starts an easy task at full coverage", () => {
    const sample = draw(400, () => 0.001, seededRandom(4));
    expect(planSearch({ ...sample, sample: 1000, epsilon: EPSILON, delta: DELTA })).toEqual([1]);
  });
  test("passes over an early disagreement that a later look forgives, where errors are few and spread evenly", () => {
    const random = seededRandom(5);
    const expected = draw(100, () => 0.01, random);
    const coverages = planSearch({
      ...expected,
      losses: Array(100).fill(0.01),
      sample: 100,
      epsilon: 0.05,
      delta: 0.05,
    });
    const scores = Array.from({ length: 100 }, (_, place) => 1 - place / 100);
    // One call behind the first look.
    const losses = scores.map((_, place) => (place === 59 ? 1 : 0));
    const { certified } = certifyThreshold({ scores, losses, epsilon: 0.05, delta: 0.05, coverages });
    expect(certified).toMatchObject({ n: 100, k: 1 });
  });
  test("has a start even without calibration calls, and for a sample in which nothing can pass", () => {
    const [some, none] = [1000, 10].map((calls) =>
      planSearch({ scores: [], losses: [], sample: calls, epsilon: EPSILON, delta: DELTA }),
    );
    expect(some.length).toBeGreaterThan(0);
    expect(none).toEqual([1]);
  });
});

describe("looksAt()", () => {
  test("looks in even steps, and where one disagreement more is forgiven", () => {
    const { even, forgiving } = looksAt(170, 0.05, 0.05);
    expect(forgiving).toEqual([59, 93, 124, 153, 170]);
    expect([even.length, ...even.slice(0, 3)]).toEqual([28, 59, 60, 64]);
    expect(looksAt(59, 0.05, 0.05)).toEqual({ even: [59], forgiving: [59] });
    expect(looksAt(58, 0.05, 0.05)).toEqual({ even: [], forgiving: [] });
  });
  test("stay few in a large sample", () => {
    const { even, forgiving } = looksAt(1_000_000, 0.02, 0.05);
    expect([even.length, forgiving.length]).toEqual([40, 80]);
  });
});

describe("bestCoverage()", () => {
  test("is what a perfect score could reach", () => {
    const found = [0.01, 0.05, 0.1, 0.2, 0.3, 1].map(
      (rate) => Math.round(bestCoverage(rate, EPSILON) * 1000) / 10,
    );
    expect(found).toEqual([100, 96.9, 91.8, 81.6, 71.4, 0]);
  });
});
