import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, encode } from "./encoding.ts";
import { decodeF16, encodeF16 } from "./half.ts";

const everyHalf = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
const isNanHalf = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;

/** The value of a float16 by its definition (IEEE 754-2019, 3.4). */
function halfByDefinition(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function decoded(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  decodeF16(bits, out);
  return out;
}

function encoded(...values: number[]): number[] {
  const out = new Uint16Array(values.length);
  encodeF16(Float32Array.from(values), out);
  return [...out];
}

describe("float16", () => {
  test("decodeF16() gives the value of every pattern by its definition", () => {
    expect(decoded(everyHalf)).toEqual(Float32Array.from(everyHalf, halfByDefinition));
  });
  test("encodeF16() inverts decodeF16() on every number", () => {
    const patterns = everyHalf.filter((bits) => !isNanHalf(bits));
    expect(encoded(...decoded(patterns))).toEqual([...patterns]);
  });
  test("encodeF16() keeps a NaN a NaN", () => {
    expect(isNanHalf(encoded(NaN)[0])).toBe(true);
  });
  test("encodeF16() rounds every midpoint to the even neighbour, and what lies beside it to the nearer one", () => {
    const below = everyHalf.filter((bits) => bits < 0x7bff);
    const middles = Float32Array.from(
      below,
      (bits) => (halfByDefinition(bits) + halfByDefinition(bits + 1)) / 2,
    );
    // A float32 midpoint is exact; its neighbours in float32 are one bit away.
    const words = new Uint32Array(middles.buffer);
    const beside = (step: number): Float32Array => new Float32Array(words.map((word) => word + step).buffer);
    expect({ even: encoded(...middles), down: encoded(...beside(-1)), up: encoded(...beside(1)) }).toEqual({
      even: [...below].map((bits) => bits + (bits & 1)),
      down: [...below],
      up: [...below].map((bits) => bits + 1),
    });
  });
  test("encodeF16() ends at 65,504: 65,519 rounds to it, 65,520 to infinity", () => {
    expect(encoded(65_519, 65_520, -1e30, 2 ** -26, -0)).toEqual([0x7bff, 0x7c00, 0xfc00, 0, 0x8000]);
  });
});

describe("bfloat16", () => {
  const bits = (value: number): number => new Uint16Array(encode("bf16", Float32Array.of(value)).buffer)[0];
  test("rounds ties to even", () => {
    expect([bits(1), bits(1 + 2 ** -8), bits(1 + 3 * 2 ** -8), bits(1 + 2 ** -8 + 2 ** -20)]).toEqual([
      0x3f80, 0x3f80, 0x3f82, 0x3f81,
    ]);
  });
  test("rounds the largest float32 to infinity and keeps subnormals, signs and NaN", () => {
    expect([bits(3.4e38), bits(2 ** -133), bits(-0), bits(NaN) & 0x7fc0]).toEqual([
      0x7f80, 1, 0x8000, 0x7fc0,
    ]);
  });
  test("comes back within half a unit of its eight bits", () => {
    const law = fc.property(
      fc.float({ noNaN: true, min: Math.fround(-1e30), max: Math.fround(1e30) }),
      (value) => {
        const out = new Float32Array(1);
        decode("bf16", encode("bf16", Float32Array.of(value)), out);
        return Math.abs(out[0] - value) <= Math.max(Math.abs(value) * 2 ** -8, 2 ** -134);
      },
    );
    fc.assert(law);
  });
});

describe("Q8_0", () => {
  // gguf 0.19.0's quants.quantize(x, Q8_0) of x[i] = (i − 10)² / 7 in float32, recorded 2026-11-21; the scale first, as float16.
  const squares = Float32Array.from({ length: 32 }, (_, i) => (i - 10) ** 2 / 7);
  test("encodes a block as ggml does", () => {
    expect([...encode("q8_0", squares)]).toEqual([
      240, 55, 29, 23, 18, 14, 10, 7, 5, 3, 1, 0, 0, 0, 1, 3, 5, 7, 10, 14, 18, 23, 29, 35, 41, 49, 56, 65,
      74, 83, 93, 104, 115, 127,
    ]);
  });
  test("a block of zeros has the scale 0", () => {
    expect([...encode("q8_0", new Float32Array(32))]).toEqual(Array.from({ length: 34 }, () => 0));
  });
  test("comes back within half a step of the block's scale, plus the scale's own rounding", () => {
    const block = fc.float32Array({ minLength: 32, maxLength: 32, noNaN: true, min: -1000, max: 1000 });
    const law = fc.property(block, (values) => {
      const out = new Float32Array(32);
      decode("q8_0", encode("q8_0", values), out);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // Half a step, the float16 scale's relative error 2^-11 or its smallest unit 2^-25, times 127 steps.
      const bound = (largest / 127) * 0.5001 + Math.max(largest * 2 ** -11, 127 * 2 ** -25);
      return values.every((value, i) => Math.abs(out[i] - value) <= bound);
    });
    fc.assert(law);
  });
});
