import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { stackRows } from "../text/sparse.ts";
import { fitSvmOnThreads } from "./svm-threads.ts";
import { fitSvm, svmDefaults } from "./svm.ts";

const CLASSES = 12;
const COLUMNS = 60;
const DENSE = 8;

/** Points around one centre per class: some columns sparse, the last ones dense. */
function points(n: number) {
  const random = seededRandom(4);
  const labels = Uint32Array.from({ length: n }, (_, r) => r % CLASSES);
  const dense = Float32Array.from(
    { length: n * DENSE },
    (_, at) => Math.sin(labels[Math.floor(at / DENSE)] * 7 + (at % DENSE)) + 0.4 * random.next(),
  );
  const rows = Array.from({ length: n }, (_, r) => {
    const columns = Uint32Array.from(
      new Set([labels[r] * 4, labels[r] * 4 + 1 + random.below(6), 20 + random.below(40)]),
    );
    return { columns, values: Float32Array.from(columns, () => 0.5 + random.next()) };
  });
  return { rows, dense, labels };
}

function dataOf(n: number) {
  const { rows, dense, labels } = points(n);
  return { rows: stackRows(rows), dense, labels, classes: CLASSES, width: COLUMNS + DENSE };
}

const OPTIONS = { ...svmDefaults, cost: 2 };

describe("fitSvmOnThreads()", () => {
  test("gives the same numbers on one thread and on two", async () => {
    // Large enough that threads are used.
    const data = dataOf(16_000);
    const fits = await Promise.all(
      [1, 2].map((threads) =>
        fitSvmOnThreads(data, { options: { ...OPTIONS, maxPasses: 2 }, random: seededRandom(1), threads }),
      ),
    );
    const bytes = fits.map(({ model }) =>
      Buffer.from(Float32Array.from(model.weights).buffer).toString("hex"),
    );
    expect(new Set(bytes).size).toBe(1);
  });

  test("sees dense columns as it sees sparse ones", async () => {
    const { rows, dense, labels } = points(60);
    const spread = rows.map(({ columns, values }, r) => ({
      columns: Uint32Array.from([...columns, ...Array.from({ length: DENSE }, (_, j) => COLUMNS + j)]),
      values: Float32Array.from([...values, ...dense.subarray(r * DENSE, (r + 1) * DENSE)]),
    }));
    const sparse = { rows: stackRows(spread), labels, classes: CLASSES, width: COLUMNS + DENSE };
    const { model } = await fitSvmOnThreads(dataOf(60), {
      options: OPTIONS,
      random: seededRandom(1),
      threads: 1,
    });
    const other = fitSvm(sparse, OPTIONS, seededRandom(1));
    const furthest = model.weights.reduce(
      (most, weight, at) => Math.max(most, Math.abs(weight - other.weights[at])),
      0,
    );
    expect(furthest).toBeLessThan(1e-4);
  });

  test("ends at the same optimum wherever it starts", async () => {
    const data = dataOf(60);
    const exact = { cost: 2, maxPasses: 5000, tolerance: 1e-9 };
    const plan = { options: exact, random: seededRandom(1), threads: 1 };
    const cold = await fitSvmOnThreads(data, plan);
    const dual = cold.dual.map((value, at) => (at % 3 === 0 ? 0 : value * 0.5));
    const warm = await fitSvmOnThreads(data, { ...plan, dual });
    const furthest = warm.model.weights.reduce(
      (most, weight, at) => Math.max(most, Math.abs(weight - cold.model.weights[at])),
      0,
    );
    expect(furthest).toBeLessThan(1e-5);
  });

  test("rejects with cancelled when its signal is raised", async () => {
    const stop = new AbortController();
    const fit = fitSvmOnThreads(dataOf(16_000), {
      options: { ...OPTIONS, maxPasses: 1e6, tolerance: 0 },
      random: seededRandom(1),
      threads: 2,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 100);
    await expect(fit).rejects.toMatchObject({ code: "cancelled" });
  });
});
