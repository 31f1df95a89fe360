import { describe, expect, test } from "vitest";
import { seededRandom } from "../core/index.ts";
import { certify, spendDelta, type CertificateQuestion, type Outcomes } from "./certify.ts";

function ask(outcomes: Outcomes, changes: Partial<CertificateQuestion> = {}): CertificateQuestion {
  return {
    taskId: "t",
    policyHash: "p",
    outcomes,
    unserved: 0,
    epsilon: 0.02,
    delta: 0.05,
    attempt: 1,
    calibrationRisk: null,
    shareCertifying: 0.5,
    window: null,
    latencyMsP50: null,
    ...changes,
  };
}

/** Calls of which the surest share is right, the rest wrong half the time; scores tell how sure the specialist is. */
function sample(n: number, shareEasy: number, wrongAmongEasy: number, seed: number): Outcomes {
  const random = seededRandom(seed);
  const scores: number[] = [];
  const losses: number[] = [];
  for (let index = 0; index < n; index += 1) {
    const isEasy = random.next() < shareEasy;
    scores.push(isEasy ? 1 - wrongAmongEasy - random.next() / 1000 : 0.5 - random.next() / 10);
    losses.push(random.next() < (isEasy ? wrongAmongEasy : 0.5) ? 1 : 0);
  }
  return { scores, losses };
}

describe("certify()", () => {
  test("certifies what is right, and no more of it", () => {
    const certificate = certify(ask(sample(1200, 0.6, 0.002, 1)));
    expect(certificate.verdict).toBe("certified");
    expect(certificate.coverage).toBeGreaterThan(0.4);
    expect(certificate.coverage).toBeLessThan(0.63);
    expect(certificate.upper).toBeLessThanOrEqual(0.02);
    expect(certificate.threshold).toBeGreaterThan(0.5);
  });

  test("is inconclusive on a small sample without a disagreement, and says what is missing", () => {
    const outcomes = {
      scores: Array.from({ length: 60 }, (_, index) => 0.99 - index / 1e4),
      losses: Array.from({ length: 60 }, () => 0),
    };
    const { verdict, needs, threshold, coverage } = certify(ask(outcomes));
    expect({ verdict, threshold, coverage }).toEqual({
      verdict: "inconclusive",
      threshold: null,
      coverage: 0,
    });
    expect(needs).toBeGreaterThan(200);
  });

  test("is inconclusive, not refused, where one early disagreement may be chance", () => {
    const scores = Array.from({ length: 60 }, (_, index) => 0.99 - index / 1e4);
    const { verdict, needs, reason } = certify(
      ask({ scores, losses: scores.map((_, index) => (index === 2 ? 1 : 0)) }),
    );
    expect(verdict).toBe("inconclusive");
    expect(needs).toBeGreaterThan(1000);
    expect(reason).toMatch(/half of that/);
  });

  test("refuses a specialist whose surest answers disagree", () => {
    const { verdict, needs } = certify(ask(sample(800, 0.5, 0.2, 2)));
    expect({ verdict, needs }).toEqual({ verdict: "refused", needs: null });
  });

  test("says best possible coverage from the calibration part alone", () => {
    expect(certify(ask(sample(300, 1, 0, 3), { calibrationRisk: 0.1 })).bestCoverage).toBeCloseTo(
      1 - 0.08 / 0.98,
      10,
    );
  });

  test("is false no more often than delta when the disagreement is just above epsilon", () => {
    const runs = 300;
    let certified = 0;
    for (let seed = 0; seed < runs; seed += 1) {
      const random = seededRandom(seed);
      const scores = Array.from({ length: 400 }, () => 0.95 + random.next() / 50);
      const losses = scores.map(() => (random.next() < 0.0501 ? 1 : 0));
      if (certify(ask({ scores, losses }, { epsilon: 0.05 })).verdict === "certified") certified += 1;
    }
    expect(certified / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
  });
});

describe("spendDelta()", () => {
  test("never spends more than delta over all attempts", () => {
    const spent = Array.from({ length: 10_000 }, (_, index) => spendDelta(0.05, index + 1)).reduce(
      (sum, part) => sum + part,
      0,
    );
    expect(spent).toBeLessThanOrEqual(0.05);
    expect(spent).toBeGreaterThan(0.0499);
  });
});
