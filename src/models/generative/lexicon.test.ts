import { expect, test } from "vitest";
import type { Json } from "../../core/index.ts";
import { learnLexicon, lexicalGain } from "./lexicon.ts";

const answers: readonly Json[] = [
  { slots: { city: "Oslo", artist: "Miles Davis" } },
  { slots: { city: "Oslo" } },
  { slots: { city: "Rome" } },
  { slots: { artist: "Sam Davis" } },
];
const lexicon = learnLexicon(answers, [".slots.artist", ".slots.city"]);
const gain = (slots: { readonly [key: string]: string }): number => lexicalGain(lexicon, { slots });

test("lexicalGain() prefers a known value where it was seen", () => {
  expect(gain({ city: "oslo" })).toBeGreaterThan(0);
  expect(gain({ artist: "Oslo" })).toBeLessThan(0);
});

test("lexicalGain() judges an unknown value by its known words", () => {
  expect(gain({ artist: "Viola Davis" })).toBeGreaterThan(gain({ city: "Viola Davis" }));
});

test("lexicalGain() is 0 for what was never seen, and for paths it does not count", () => {
  expect(gain({ city: "Lima" })).toBe(0);
  expect(gain({ other: "Oslo" })).toBe(0);
  expect(gain({ city: "constructor", artist: "__proto__" })).toBe(0);
});

test("lexicalGain() of whole values is Σ log P(path | value) − log P(path)", () => {
  // 3 cities of 5 values over 2 paths; Oslo twice, both as a city.
  const usual = (3 + 1) / (5 + 2);
  expect(gain({ city: "Oslo" })).toBeCloseTo(Math.log((2 + 0.5 * usual) / 2.5) - Math.log(usual), 12);
});

test("learnLexicon() counts only the paths it is told to", () => {
  expect(learnLexicon(answers, [])).toEqual({ paths: [], totals: [], values: {}, words: {} });
});
