import { expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { quantize } from "./quantize.ts";
import { makeRowAdder } from "./row-adder.ts";
import { addRow } from "./weights.ts";

// Numbers of classes below, at and above the sixteen that are taken at a time; the longest row takes three rounds.
test.each([1, 16, 21])("makeRowAdder() adds what addRow() does, of %i classes", (classes) => {
  const width = 10_000;
  const random = seededRandom(classes);
  const weights = Float32Array.from({ length: width * classes }, () => random.next() - 0.5);
  const model = quantize({ classes, weights, bias: new Float32Array(classes) });
  const { add, weightAt } = makeRowAdder(model);
  const at = (column: number, label: number): number =>
    Math.fround(model.weights[column * classes + label] * model.scales[column]);
  for (const column of [0, 77, width - 1]) {
    expect(weightAt(column, classes - 1)).toBeCloseTo(at(column, classes - 1), 7);
  }
  for (const length of [9_000, 0, 3]) {
    const columns = Uint32Array.from(
      random.shuffle(Array.from({ length: width }, (_, at) => at)).slice(0, length),
    );
    // The last row is among them: behind it nothing is read.
    if (length > 0) columns[0] = width - 1;
    const row = { columns, values: Float32Array.from(columns, () => random.next() - 0.5) };
    const start = Float32Array.from({ length: classes }, () => random.next());
    const [expected, found] = [start.slice(), start.slice()];
    addRow(model, row, expected);
    add(row, found);
    expect(Math.max(...expected.map((value, c) => Math.abs(value - found[c])))).toBeLessThan(
      2e-3 * (length / 9000) + 1e-7,
    );
    expect(length === 0 ? found : [...found].some((value, c) => value !== start[c])).toEqual(
      length === 0 ? start : true,
    );
  }
});

test("makeRowAdder() of real weights adds the same as addRow()", () => {
  const model = { classes: 2, weights: Float32Array.of(1, 2, 3, 4), bias: new Float32Array(2) };
  const into = Float32Array.of(10, 20);
  makeRowAdder(model).add({ columns: Uint32Array.of(1), values: Float32Array.of(2) }, into);
  expect([...into]).toEqual([16, 28]);
  expect(makeRowAdder(model).weightAt(1, 0)).toBe(3);
});
