import { expect, test } from "vitest";
import { llama3Divisors, toHalves, toNeighbours } from "./rotary-rows.ts";

const rows = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });

test("toNeighbours() pairs row i of each head with row i + half", () => {
  expect([...toNeighbours(rows(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 6).data]).toEqual([
    0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11,
  ]);
});

test("toHalves() inverts toNeighbours() on a matrix", () => {
  const matrix = { shape: [12, 2], data: Float32Array.from({ length: 24 }, (_, i) => i) };
  expect([...toHalves(toNeighbours(matrix, 6), 6).data]).toEqual([...matrix.data]);
});

test("llama3Divisors() are those of Llama 3.2 1B", () => {
  const scaling = { factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextSize: 8192 };
  const divisors = llama3Divisors({
    headSize: 64,
    ropeTheta: 500_000,
    ropeScaling: { kind: "llama3", ...scaling },
  });
  // By the formula of transformers' `_compute_llama3_parameters`, evaluated in float64 elsewhere.
  expect([divisors[0], divisors[14], divisors[15], divisors[16], divisors[17], divisors[31]]).toEqual(
    [1.0, 1.0, 1.6513292457638982, 3.2922621029408843, 9.666728978753293, 32.0].map(Math.fround),
  );
});
