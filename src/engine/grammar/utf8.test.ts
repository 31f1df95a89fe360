import fc from "fast-check";
import { expect, test } from "vitest";
import { codePoints, has } from "./code-points.ts";
import { utf8Ranges } from "./utf8.ts";

test("utf8Ranges() holds the bytes of exactly the code points of a set", () => {
  const edges = fc.constantFrom(0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff);
  const point = fc.oneof(
    edges,
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  );
  const range = fc.tuple(point, point).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 3 }), point, (ranges, sample) => {
      const set = codePoints(ranges);
      const bytes = [...new TextEncoder().encode(String.fromCodePoint(sample))];
      const fitting = utf8Ranges(set).filter(
        (sequence) =>
          sequence.length === bytes.length &&
          sequence.every(([first, last], index) => first <= bytes[index] && bytes[index] <= last),
      );
      expect(fitting.length).toBe(has(set, sample) ? 1 : 0);
    }),
  );
});
