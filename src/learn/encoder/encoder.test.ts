import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { kernelCodes, levelRows, makeKernel } from "./kernel.ts";
import {
  encoderId,
  OUTLINE_DIMENSIONS,
  readSentence,
  SENTENCE_DIMENSIONS,
  sentenceVector,
  shippedPieces,
} from "./shipped.ts";

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

  test("readSentence() outlines a text by the mean of its words, in any order", () => {
    const outlineOf = (text: string): Float32Array => readSentence(text).outline;
    const [my, card, both] = ["my", "card", "card my"].map(outlineOf);
    expect(
      furthest(
        my.map((value, j) => (value + card[j]) / 2),
        both,
      ),
    ).toBeLessThan(1e-6);
    expect(readSentence("my card").pieces).toBe(shippedPieces("my card").length);
    expect(outlineOf(" ")).toEqual(new Float32Array(OUTLINE_DIMENSIONS));
  });

  test("a sentence's vector is the same when other texts were read since", () => {
    const sentence = readSentence("where is my order");
    sentenceVector("please close my account");
    expect(sentence.vector()).toEqual(sentenceVector("where is my order"));
    expect(sentence.vector()).toBe(sentence.vector());
  });

  test("sentenceVector() puts near what is said in other words", () => {
    expect(cosine("how do i freeze my bank account", "please block my account")).toBeGreaterThan(
      cosine("how do i freeze my bank account", "what is the weather in oslo") + 0.3,
    );
  });
});

describe("makeKernel()", () => {
  test("multiplyRow() adds the product, as two loops do", () => {
    const [inner, columns] = [5, 64];
    const random = seededRandom(2);
    const [x, w, y] = [0, 8, 8 + inner * columns];
    const kernel = makeKernel(y + columns + 4);
    for (let at = 0; at < y + columns + 4; at += 1) kernel.floats[at] = random.next() - 0.5;
    const before = kernel.floats.slice();
    kernel.multiplyRow({ x, w, y, inner, columns });
    const expected = Float32Array.from({ length: columns }, (_, c) => {
      let sum = before[y + c];
      for (let k = 0; k < inner; k += 1) sum += before[x + k] * before[w + k * columns + c];
      return sum;
    });
    expect(furthest(expected, kernel.floats.slice(y))).toBeLessThan(1e-6);
    const isAround = (_: number, at: number): boolean => at < y || at >= y + columns;
    expect(kernel.floats.filter(isAround)).toEqual(before.filter(isAround));
  });

  test.each([1, 5, 8, 13])("attend() of %i tokens is softmax attention, head by head", (tokens) => {
    const [heads, headSize] = [3, 8];
    const size = heads * headSize;
    const random = seededRandom(tokens);
    const [qkv, seen, keys, shares] = [0, 2000, 3000, 4000];
    const kernel = makeKernel(5000);
    // What lies behind the tokens was left there by others.
    for (let at = 0; at < 5000; at += 1) kernel.floats[at] = 6 * random.next() - 3;
    const { floats } = kernel;
    const before = floats.slice();
    const at = (part: number, token: number, head: number, j: number): number =>
      before[qkv + token * 3 * size + part * size + head * headSize + j];
    const expected = Array.from({ length: tokens }, (_, t) =>
      Array.from({ length: heads }, (_, head) => {
        const powers = Array.from({ length: tokens }, (_, s) => {
          let dot = 0;
          for (let j = 0; j < headSize; j += 1) dot += at(0, t, head, j) * at(1, s, head, j);
          return Math.exp(dot / Math.sqrt(headSize));
        });
        const sum = powers.reduce((total, power) => total + power);
        return Array.from({ length: headSize }, (_, j) =>
          powers.reduce((total, power, s) => total + (power / sum) * at(2, s, head, j), 0),
        );
      }),
    ).flat(2);
    kernel.attend({ qkv, seen, keys, shares, tokens, heads, headSize });
    expect(furthest(expected, floats.slice(seen))).toBeLessThan(1e-5);
    expect(floats.slice(qkv, seen)).toEqual(before.slice(qkv, seen));
    // In fours of rows.
    const end = seen + Math.ceil(tokens / 4) * 4 * size;
    expect(floats.slice(end, keys)).toEqual(before.slice(end, keys));
  });

  test("normalize() brings rows to mean 0 and deviation 1, then scales and shifts them", () => {
    const kernel = makeKernel(64);
    kernel.floats.set([1, 3, 5, 7, 0, 0, 0, 8, -2, -6, -10, -14, 3, 3, 3, 3]);
    kernel.floats.set([1, 1, 2, 2, 0, 0, 0, 10], 16);
    kernel.normalize({ from: 0, to: 32, norm: 16, rows: 4, columns: 4 });
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
      3 / five,
      1 / five,
      -2 / five,
      -6 / five + 10,
      0,
      0,
      0,
      10,
    ];
    expect(furthest(expected, kernel.floats.slice(32))).toBeLessThan(1e-5);
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

  test("levelRows() is the same number where groups of four to six make it up, else up to three more", () => {
    const rows = Array.from({ length: 24 }, (_, i) => i + 1);
    const more = rows.filter((count) => levelRows(count) !== count);
    expect(more.map((count) => [count, levelRows(count)])).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [7, 8],
    ]);
  });

  test.each([4, 5, 6, 8, 9, 11, 13, 14, 17, 18, 22])(
    "multiplyLevels() of %i rows is three loops, whichever instructions it uses",
    (rows) => {
      const [inner, columns] = [32, 16];
      // Powers of two: every sum is exact.
      const rowScale = (r: number): number => 2 ** ((r % 5) - 2);
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
          kernel.floats[scales + 2 * r] = rowScale(r);
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
          const expected = sum * rowScale(r) * (1 + c / 8) + c;
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

/** The largest difference of the first of these numbers from those. */
function furthest(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  return Array.from(expected).reduce((most, value, at) => Math.max(most, Math.abs(value - found[at])), 0);
}

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
