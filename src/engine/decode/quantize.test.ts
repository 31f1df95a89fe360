import fc from "fast-check";
import { expect, test } from "vitest";
import { dequantize, quantize } from "./quantize.ts";

const number = fc.float({ min: -8, max: 8, noNaN: true });
const matrix = fc
  .record({ outer: fc.integer({ min: 1, max: 5 }), inner: fc.integer({ min: 1, max: 70 }) })
  .chain(({ outer, inner }) =>
    fc.record({
      outer: fc.constant(outer),
      inner: fc.constant(inner),
      // Without numbers so small that float32 rounds them by itself.
      weight: fc
        .float32Array({ minLength: outer * inner, maxLength: outer * inner, min: -8, max: 8, noNaN: true })
        .map((weight) => weight.map((value) => (Math.abs(value) < 1e-20 ? 0 : value))),
    }),
  );

test.each([8, 4] as const)("quantize() to %i bits is off by at most a step of its block", (bits) => {
  fc.assert(
    fc.property(matrix, ({ outer, inner, weight }) => {
      const rounded = dequantize(quantize(weight, outer, inner, { bits, block: 32 }), outer, inner);
      for (const [at, value] of weight.entries()) {
        const row = Math.floor(at / inner) * inner;
        const first = row + Math.floor((at - row) / 32) * 32;
        const block = weight.subarray(first, Math.min(first + 32, row + inner));
        const greatest = Math.max(...block.map(Math.abs));
        // Half a step; with 4 bits a whole one at the short end of the range. Scales are float32.
        const bound = bits === 8 ? greatest / 127 / 2 : greatest / 8;
        expect(Math.abs(rounded[at] - value)).toBeLessThanOrEqual(bound * 1.00001);
      }
    }),
    { numRuns: 60 },
  );
});

test("quantize() to 8 bits leaves what is so quantised already as it is", () => {
  fc.assert(
    fc.property(matrix, ({ outer, inner, weight }) => {
      const options = { bits: 8, block: 32 } as const;
      const once = quantize(weight, outer, inner, options);
      expect(quantize(dequantize(once, outer, inner), outer, inner, options).values).toEqual(once.values);
    }),
    { numRuns: 60 },
  );
});

test("quantize() keeps zeros and each block's greatest number", () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 31 }), (numbers) => {
      const weight = Float32Array.from([...numbers, 0]);
      const rounded = dequantize(
        quantize(weight, 1, weight.length, { bits: 8, block: 32 }),
        1,
        weight.length,
      );
      const greatest = weight.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
      expect(rounded[weight.length - 1]).toBeCloseTo(0, 12);
      expect(rounded[weight.indexOf(greatest)]).toBeCloseTo(greatest, 4);
    }),
    { numRuns: 60 },
  );
});
