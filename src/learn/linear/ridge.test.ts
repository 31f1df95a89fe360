import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { fitRidge, makeRidge } from "./ridge.ts";

const random = seededRandom(4);
const vectorsOf = (n: number, length: number): Float32Array[] =>
  Array.from({ length: n }, () => Float32Array.from({ length }, () => random.next() - 0.5));

describe("ridge regression", () => {
  test("fitRidge() of one number is the closed form", () => {
    // Points (1, 2) and (3, 8), penalty 1: (XᵀX + I) w = Xᵀy with X = [1 1; 3 1] is [11 4; 4 3] w = [26, 10].
    const { weights } = fitRidge(
      { x: [Float32Array.of(1), Float32Array.of(3)], y: [Float32Array.of(2), Float32Array.of(8)] },
      1,
    );
    expect(weights[0]).toBeCloseTo((26 * 3 - 10 * 4) / 17, 6);
    expect(weights[1]).toBeCloseTo((11 * 10 - 4 * 26) / 17, 6);
  });

  test("fitRidge() leaves no gradient of the penalised loss", () => {
    const [x, y] = [vectorsOf(40, 6), vectorsOf(40, 3)];
    const l2 = 0.3;
    const { weights } = fitRidge({ x, y }, l2);
    for (let i = 0; i <= 6; i += 1) {
      for (let o = 0; o < 3; o += 1) {
        let gradient = l2 * weights[i * 3 + o];
        for (const [r, input] of x.entries()) {
          let said = weights[6 * 3 + o];
          for (let j = 0; j < 6; j += 1) said += input[j] * weights[j * 3 + o];
          gradient += (said - y[r][o]) * (i < 6 ? input[i] : 1);
        }
        expect(Math.abs(gradient)).toBeLessThan(1e-5);
      }
    }
  });

  test("makeRidge() is the product with the weights and the constant, whatever was asked before", () => {
    const [x, y] = [vectorsOf(20, 7), vectorsOf(20, 40)];
    const model = fitRidge({ x, y }, 0.1);
    const say = makeRidge(model);
    for (const input of x) {
      const found = say(input);
      expect(found.length).toBe(40);
      const expected = found.map((_, o) => {
        let sum = model.weights[7 * 40 + o];
        for (let j = 0; j < 7; j += 1) sum += input[j] * model.weights[j * 40 + o];
        return sum;
      });
      expect(Math.max(...expected.map((value, o) => Math.abs(value - found[o])))).toBeLessThan(1e-5);
    }
  });
});
