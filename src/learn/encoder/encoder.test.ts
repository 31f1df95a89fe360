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
});
