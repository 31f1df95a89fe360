import fc from "fast-check";
import { expect, test } from "vitest";
import { decimals, integers } from "./number-rules.ts";
import type { Automaton } from "./automaton.ts";

function takes(automaton: Automaton | null, text: string): boolean {
  let state: number | undefined = automaton === null ? undefined : 0;
  for (const letter of text) {
    const code = letter.charCodeAt(0);
    const edges = automaton === null || state === undefined ? [] : automaton.edges[state];
    state = edges.find(({ on }) => on.some(([first, last]) => first <= code && code <= last))?.to;
  }
  return automaton !== null && state !== undefined && automaton.isAccepting[state];
}

test("integers() takes the whole numbers of a range that the divisor divides, and no others", () => {
  const bound = fc.integer({ min: -1300, max: 1300 });
  fc.assert(
    fc.property(bound, bound, fc.integer({ min: 1, max: 12 }), (a, b, multipleOf) => {
      const [minimum, maximum] = [Math.min(a, b), Math.max(a, b)];
      const automaton = integers({ minimum, maximum, multipleOf });
      const taken: number[] = [];
      const expected: number[] = [];
      for (let value = -1400; value <= 1400; value += 1) {
        if (takes(automaton, String(value))) taken.push(value);
        if (value >= minimum && value <= maximum && value % multipleOf === 0) expected.push(value);
      }
      expect(taken).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

test.each(["-0", "01", "", "-", "1.0", "1e1", "+1"])("integers() refuses the spelling %j", (text) => {
  expect(takes(integers({ minimum: -5, maximum: 5, multipleOf: 1 }), text)).toBe(false);
});

test("decimals() takes what lies between its bounds, up to its places", () => {
  const cents = fc.integer({ min: -2500, max: 2500 });
  fc.assert(
    fc.property(
      fc.tuple(cents, cents),
      fc.boolean(),
      fc.boolean(),
      cents,
      (pair, isLowOut, isHighOut, sample) => {
        const [low, high] = pair.toSorted((x, y) => x - y);
        const automaton = decimals({
          minimum: low / 100,
          maximum: high / 100,
          minimumIsExclusive: isLowOut,
          maximumIsExclusive: isHighOut,
          places: 2,
        });
        const isIn =
          (isLowOut ? sample > low : sample >= low) && (isHighOut ? sample < high : sample <= high);
        expect([String(sample / 100), takes(automaton, String(sample / 100))]).toEqual([
          String(sample / 100),
          isIn,
        ]);
        expect(takes(automaton, `${sample / 100}.`)).toBe(false);
      },
    ),
  );
});

test("decimals() gives null where nothing lies between", () => {
  const bounds = { minimum: 1, maximum: 1, minimumIsExclusive: true, maximumIsExclusive: false, places: 3 };
  expect(decimals(bounds)).toBe(null);
});
