import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { kernelCodes, makeKernel } from "./kernel.ts";
import { encoderId, SENTENCE_DIMENSIONS, sentenceVector, shippedPieces } from "./shipped.ts";

type Golden = {
  readonly encoder: string;
  readonly cases: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    /** The first numbers of the text's vector. */
    readonly start: readonly number[];
  }[];
};

// Recorded by scripts/text-encoder/export.py: ids by the tokenizers library, vectors by torch.
const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/text-encoder.json", import.meta.url), "utf8"),
) as Golden;

const cosine = (a: string, b: string): number => {
  const [x, y] = [sentenceVector(a), sentenceVector(b)];
  return x.reduce((sum, value, j) => sum + value * y[j], 0);
};

describe("the shipped encoder", () => {
  test("is the one that the reference values were recorded with", () => {
    expect(encoderId()).toBe(golden.encoder);
  });

  test.each(golden.cases)("cuts $text into the pieces of the reference", ({ text, ids }) => {
    expect(shippedPieces(text)).toEqual(ids);
  });

  test.each(golden.cases)("reads $text as the reference does", ({ text, start }) => {
    const vector = sentenceVector(text);
    const furthest = Math.max(...start.map((value, j) => Math.abs(value - vector[j])));
    // A number that lies between two levels falls to either side; numbers of a vector are about .07.
    expect(furthest).toBeLessThan(6e-3);
  });

  test("sentenceVector() has norm 1, and is zero without words", () => {
    expect(Math.hypot(...sentenceVector("lost card"))).toBeCloseTo(1, 5);
    expect([...sentenceVector(" \n")]).toEqual(Array(SENTENCE_DIMENSIONS).fill(0));
  });

  test("sentenceVector() gives the same whatever was read before", () => {
    const first = sentenceVector("where is my order");
    sentenceVector("a much longer text ".repeat(40));
    expect(sentenceVector("where is my order")).toEqual(first);
  });

  test("sentenceVector() puts near what is said in other words", () => {
    expect(cosine("how do i freeze my bank account", "please block my account")).toBeGreaterThan(
      cosine("how do i freeze my bank account", "what is the weather in oslo") + 0.3,
    );
  });
});

describe("makeKernel()", () => {
  test("multiply() adds the product, as three loops do", () => {
    const [rows, inner, columns] = [8, 5, 16];
    const random = seededRandom(2);
    const kernel = makeKernel(rows * inner + inner * columns + rows * columns);
    const [x, w, y] = [0, rows * inner, rows * inner + inner * columns];
    for (let at = 0; at < y + rows * columns; at += 1) kernel.floats[at] = random.next() - 0.5;
    const before = kernel.floats.slice();
    kernel.multiply({ x, w, y, rows, inner, columns });
    const expected = Float32Array.from({ length: rows * columns }, (_, at) => {
      const [r, c] = [Math.floor(at / columns), at % columns];
      let sum = before[y + at];
      for (let k = 0; k < inner; k += 1) sum += before[x + r * inner + k] * before[w + k * columns + c];
      return sum;
    });
    const furthest = expected.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - kernel.floats[y + at])),
      0,
    );
    expect(furthest).toBeLessThan(1e-6);
    expect(kernel.floats.slice(0, y)).toEqual(before.slice(0, y));
  });

  test("multiply() takes a part of a matrix, and writes into a part, by strides", () => {
    const kernel = makeKernel(400);
    // x is the middle of rows of 6, w the last 8 of rows of 10, y the first 8 of rows of 9.
    const [x, w, y] = [0, 24, 64];
    for (let at = 0; at < 64 + 36; at += 1) kernel.floats[at] = (at % 7) - 3;
    const before = kernel.floats.slice();
    const strides = { xStride: 6, wStride: 10, yStride: 9 };
    kernel.multiply({ x: x + 2, w: w + 2, y, rows: 4, inner: 3, columns: 8, ...strides });
    const expected = before.slice();
    for (let r = 0; r < 4; r += 1) {
      for (let c = 0; c < 8; c += 1) {
        for (let k = 0; k < 3; k += 1) {
          expected[y + r * 9 + c] += before[x + 2 + r * 6 + k] * before[w + 2 + k * 10 + c];
        }
      }
    }
    expect(kernel.floats).toEqual(expected);
  });

  test("normalize() brings rows to mean 0 and deviation 1, then scales and shifts them", () => {
    const kernel = makeKernel(64);
    kernel.floats.set([1, 3, 5, 7, 0, 0, 0, 8]);
    kernel.floats.set([1, 1, 2, 2, 0, 0, 0, 10], 8);
    kernel.normalize({ from: 0, to: 16, norm: 8, rows: 2, columns: 4 });
    const [five, third] = [Math.sqrt(5), 1 / Math.sqrt(3)];
    const expected = [
      -3 / five,
      -1 / five,
      2 / five,
      6 / five + 10,
      -third,
      -third,
      -2 * third,
      6 * third + 10,
    ];
    const furthest = Math.max(...expected.map((value, at) => Math.abs(value - kernel.floats[16 + at])));
    expect(furthest).toBeLessThan(1e-5);
  });

  test("bend() is x · min(1, max(0, x / 6 + 1/2)), between two places alone", () => {
    const kernel = makeKernel(16);
    kernel.floats.fill(-1, 0, 12);
    kernel.floats.set([-4, 0, 3, 5], 4);
    kernel.bend(4, 8);
    expect([...kernel.floats.slice(0, 4), ...kernel.floats.slice(8, 12)]).toEqual(Array(8).fill(-1));
    const bent = kernel.floats.slice(4, 8);
    for (const [at, value] of [0, 0, 3, 5].entries()) expect(bent[at]).toBeCloseTo(value, 6);
  });

  test("softmax() is that of the first numbers of each row, and 0 behind", () => {
    const kernel = makeKernel(16);
    kernel.floats.set([1, 2, -3, 99, 99, 99, 99, 99, -80, 0, 4, 99, 99, 99, 99, 99]);
    kernel.softmax({ from: 0, rows: 2, columns: 8, tokens: 3, scale: 0.5 });
    for (const [at, row] of [
      [0, [1, 2, -3]],
      [8, [-80, 0, 4]],
    ] as const) {
      const powers = row.map((value) => Math.exp(value / 2));
      const sum = powers.reduce((total, value) => total + value);
      for (const [j, power] of powers.entries()) expect(kernel.floats[at + j]).toBeCloseTo(power / sum, 6);
      expect(kernel.floats.slice(at + 3, at + 8)).toEqual(new Float32Array(5));
    }
  });

  test("level() writes whole numbers, their scale, and 64 times their sum", () => {
    const kernel = makeKernel(64);
    const row = Float32Array.from({ length: 16 }, (_, j) => (j - 5) * 0.25);
    kernel.floats.set(row);
    kernel.level({ from: 0, to: 32, scales: 40, rows: 2, columns: 16 });
    const levels = kernel.bytes.slice(4 * 32, 4 * 32 + 32);
    const [scale] = kernel.floats.slice(40);
    expect(scale).toBeCloseTo(2.5 / 127, 8);
    for (const [j, value] of row.entries()) {
      expect(Math.abs(levels[j] * scale - value)).toBeLessThanOrEqual(scale * 0.501);
    }
    const sums = new Int32Array(kernel.floats.buffer);
    expect(sums[41]).toBe(64 * levels.slice(0, 16).reduce((sum, value) => sum + value, 0));
    // The second row is all zero.
    expect([...levels.slice(16), kernel.floats[42], sums[43]]).toEqual([
      ...Array(16).fill(0),
      expect.any(Number),
      0,
    ]);
  });

  test.each([4, 6, 8, 10, 14])(
    "multiplyLevels() of %i rows is three loops, whichever instructions it uses",
    (rows) => {
      const [inner, columns] = [16, 16];
      const random = seededRandom(rows);
      const x = Int8Array.from({ length: rows * inner }, () => Math.floor(random.next() * 255) - 127);
      const w = Int8Array.from({ length: inner * columns }, () => Math.floor(random.next() * 127) + 1);
      // The largest sums there are.
      x.fill(127, 0, inner).fill(-127, inner, 2 * inner);
      for (let k = 0; k < inner; k += 1) w[k * columns] = 127;
      const codes = kernelCodes();
      const results = codes.map((code) => {
        const kernel = makeKernel(2048, code);
        const [levels, scales, matrix, columnScales, y] = [0, 256, 512, 768, 1024];
        kernel.bytes.set(x, 4 * levels);
        const sums = new Int32Array(kernel.floats.buffer);
        for (let r = 0; r < rows; r += 1) {
          kernel.floats[scales + 2 * r] = 0.5 + r;
          sums[scales + 2 * r + 1] =
            64 * x.slice(r * inner, (r + 1) * inner).reduce((sum, value) => sum + value, 0);
        }
        kernel.bytes.set(laid(w, inner, columns), 4 * matrix);
        for (let c = 0; c < columns; c += 1) {
          kernel.floats[columnScales + c] = 1 + c / 8;
          kernel.floats[columnScales + columns + c] = c;
        }
        kernel.floats.fill(3, y, y + rows * columns);
        const product = { x: levels, scales, w: matrix, columnScales, y, rows, inner, columns };
        kernel.multiplyLevels({ ...product, adds: false });
        const once = kernel.floats.slice(y, y + rows * columns);
        kernel.multiplyLevels({ ...product, adds: true });
        return { once, twice: kernel.floats.slice(y, y + (rows + 1) * columns) };
      });
      const [{ once, twice }] = results;
      for (let r = 0; r < rows; r += 1) {
        for (let c = 0; c < columns; c += 1) {
          let sum = 0;
          for (let k = 0; k < inner; k += 1) sum += x[r * inner + k] * (w[k * columns + c] - 64);
          const expected = sum * (0.5 + r) * (1 + c / 8) + c;
          expect(once[r * columns + c]).toBe(expected);
          expect(twice[r * columns + c]).toBe(2 * expected);
        }
      }
      // Nothing behind the last row.
      expect(twice.slice(rows * columns)).toEqual(new Float32Array(columns));
      for (const other of results) expect(other).toEqual(results[0]);
      expect(codes.length).toBeGreaterThan(0);
    },
  );
});

/** A matrix as `multiplyLevels` reads it. */
function laid(w: Int8Array, inner: number, columns: number): Int8Array {
  const out: number[] = [];
  for (let block = 0; block < columns; block += 8) {
    for (let k = 0; k < inner; k += 4) {
      for (let c = block; c < block + 8; c += 1)
        for (let j = 0; j < 4; j += 1) out.push(w[(k + j) * columns + c]);
    }
  }
  return Int8Array.from(out);
}
