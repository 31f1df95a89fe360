import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { both, matching, noneOf, ofLength, type Automaton } from "./automaton.ts";
import { has } from "./code-points.ts";

/** Whether the automaton takes a text: the definition, step by step. */
function takes(automaton: Automaton | null, text: string): boolean {
  if (automaton === null) return false;
  let state = 0;
  for (const letter of text) {
    const edge = automaton.edges[state].find(({ on }) => has(on, letter.codePointAt(0) ?? 0));
    if (edge === undefined) return false;
    state = edge.to;
  }
  return automaton.isAccepting[state];
}

const letters = fc.constantFrom("a", "b", "B", "1", "_", " ", "\n", "é", "😀", "-", ".", "\\", '"');
const texts = fc.string({ unit: letters, maxLength: 8 });
const atoms = fc.constantFrom(
  ..."a b 1 . \\d \\w \\s \\D \\W [ab] [^a] [a-z] [^\\d-] \\. é 😀 ^ $ (?:ab) (a|b1) [\\s\\S] \\u0061 (?<n>b)".split(
    " ",
  ),
);
const pieces = fc
  .tuple(atoms, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{2,}"))
  .map(([atom, quantifier]) => (atom === "^" || atom === "$" ? atom : atom + quantifier));
const patterns = fc
  .array(
    fc.array(pieces, { maxLength: 4 }).map((parts) => parts.join("")),
    { minLength: 1, maxLength: 3 },
  )
  .map((options) => options.join("|"))
  .filter(isPattern);

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u").source !== "";
  } catch {
    return false;
  }
}

describe("matching()", () => {
  test("takes what ECMAScript's engine finds, for any pattern of the dialect", () => {
    fc.assert(
      fc.property(patterns, fc.array(texts, { minLength: 5, maxLength: 5 }), (pattern, samples) => {
        const automaton = matching(pattern);
        const expected = samples.map((text) => new RegExp(pattern, "u").test(text));
        expect(samples.map((text) => takes(automaton, text))).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
  test.each([
    "(?=a)b",
    "(?!a)b",
    "(?<=a)b",
    "\\bword",
    "(a)\\1",
    "(?i)a",
    "(",
    "a)",
    "[z-a]",
    "*a",
    "a{2,1}",
    "a{5000}",
  ])("refuses %s", (pattern) => {
    expect(() => matching(pattern)).toThrow(RangeError);
  });
});

describe("both(), noneOf(), ofLength()", () => {
  test("take what all of their conditions take", () => {
    const words = fc.array(fc.string({ unit: letters, minLength: 0, maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(words, fc.nat(3), fc.nat(4), texts, (excluded, minimum, more, text) => {
        const automaton = both(noneOf(excluded), ofLength(minimum, minimum + more));
        const length = Array.from(text).length;
        expect(takes(automaton, text)).toBe(
          !excluded.includes(text) && length >= minimum && length <= minimum + more,
        );
      }),
    );
  });
  test("give null where nothing is taken, and no state that leads nowhere", () => {
    expect(both(matching("^a+$"), matching("^b+$"))).toBe(null);
    const automaton = both(matching("^(ab|ac)$"), matching("b"));
    expect(automaton?.edges.length).toBe(3);
  });
});
