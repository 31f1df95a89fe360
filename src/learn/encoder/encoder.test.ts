import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { makeKernel } from "./kernel.ts";
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

// Recorded by scripts/text-encoder/export.py: ids by the tokenizers library, vectors by jax.
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
    expect(furthest).toBeLessThan(1e-4);
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

  test("rectify() takes negative numbers to 0, between two places alone", () => {
    const kernel = makeKernel(16);
    kernel.floats.fill(-1, 0, 12);
    kernel.floats[5] = 2;
    kernel.rectify(4, 8);
    expect(kernel.floats.slice(0, 12)).toEqual(Float32Array.of(-1, -1, -1, -1, 0, 2, 0, 0, -1, -1, -1, -1));
  });
});
