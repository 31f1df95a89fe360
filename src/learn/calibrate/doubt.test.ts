import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { chanceWrong, fitDoubt, type Held } from "./doubt.ts";

const NOISE = 0.025;
type Drawn = Held & { readonly isWrong: boolean };

/** A model that is right by σ(score), the right answer mostly near the top where it errs, and records that are wrong at random. */
function draw(n: number, noise: number, isRanked: boolean): Drawn[] {
  const random = seededRandom(`doubt ${n} ${noise}`);
  return Array.from({ length: n }, () => {
    const score = 8 * random.next() - 2;
    const isRight = random.next() < 1 / (1 + Math.exp(-score));
    const isWrong = random.next() < noise;
    const isStray = random.next() < 0.1;
    const rank = isWrong || isStray ? random.next() : 1 - (1 - random.next()) ** (1 / 12);
    const agrees = isRight && !isWrong;
    return { score, agrees, rank: isRanked && !agrees ? rank : null, isWrong };
  });
}

describe.each([
  ["with ranks", true, { precision: 0.7, recall: 0.4 }],
  ["without ranks", false, { precision: 0.55, recall: 0.1 }],
])("fitDoubt() %s", (_, isRanked, least) => {
  const held = draw(6000, NOISE, isRanked);
  const model = fitDoubt(held);
  const doubted = held.filter((one) => !one.agrees && chanceWrong(model, one) >= 0.5);

  test("finds the share of wrong records", () => {
    expect(Math.abs(model.noise - NOISE)).toBeLessThan(0.009);
  });

  test("doubts mostly what is wrong", () => {
    const hits = doubted.filter(({ isWrong }) => isWrong).length;
    expect(hits / doubted.length).toBeGreaterThan(least.precision);
    expect(hits / held.filter(({ isWrong }) => isWrong).length).toBeGreaterThan(least.recall);
  });

  test("gives chances that come true", () => {
    const apart = held.filter(({ agrees }) => !agrees);
    const expected = apart.reduce((sum, one) => sum + chanceWrong(model, one), 0);
    const seen = apart.filter(({ isWrong }) => isWrong).length;
    expect(Math.abs(expected - seen) / seen).toBeLessThan(0.35);
  });
});

describe("fitDoubt()", () => {
  test("doubts nothing where nothing is wrong", () => {
    const held = draw(6000, 0, true);
    const model = fitDoubt(held);
    expect(held.filter((one) => !one.agrees && chanceWrong(model, one) >= 0.5).length).toBeLessThan(3);
  });

  test("survives a single example", () => {
    const model = fitDoubt([{ score: 3, agrees: false, rank: 0.2 }]);
    const chance = chanceWrong(model, { score: 3, rank: 0.2 });
    expect(chance >= 0 && chance <= 1).toBe(true);
  });
});
