import { expect, test } from "vitest";
import type { ModelConfig, Tensor } from "../model-config.ts";
import {
  add,
  divide,
  exp,
  multiply,
  scale,
  silu,
  softplus,
  sqrt,
  subtract,
  sumAll,
  sumLast,
} from "./elementwise.ts";
import type { Graph, Value } from "./graph.ts";
import { crossEntropy, distillation, preferenceLoss, targetLogProbs } from "./losses.ts";
import { linear, matmul } from "./matrix.ts";
import { logSoftmax, rmsNorm } from "./normalize.ts";
import { rotate, rotationTables } from "./rotary.ts";
import { gatherColumns, gatherRows, reshape, transpose } from "./shape.ts";
import { gradientError, randomTensor } from "./testing.ts";

/** float32 forward passes, differences of 2e-2: what is wrong is wrong by far more. */
const TOLERANCE = 2e-3;

/** A scalar that depends on every element differently. */
function mixed(graph: Graph, y: Value): Value {
  const { data } = randomTensor(y.shape, 99);
  return sumAll(graph, multiply(graph, y, graph.constant([...data], y.shape)));
}

const positive = (shape: readonly number[], seed: number): Tensor => {
  const { data } = randomTensor(shape, seed);
  return { shape, data: data.map((x) => 1.5 + x) };
};
const row = randomTensor([4], 3);
const table = randomTensor([3, 4], 1);
const other = randomTensor([3, 4], 2);
const cube = randomTensor([2, 3, 4], 4);

type Values = Readonly<Record<string, Value>>;
type Case = readonly [string, Record<string, Tensor>, (graph: Graph, values: Values) => Value];

const cases: readonly Case[] = [
  ["add", { a: table, b: other }, (g, { a, b }) => add(g, a, b)],
  ["add, broadcast", { a: table, b: row }, (g, { a, b }) => add(g, a, b)],
  ["subtract, broadcast", { a: row, b: table }, (g, { a, b }) => subtract(g, a, b)],
  ["multiply", { a: table, b: other }, (g, { a, b }) => multiply(g, a, b)],
  ["multiply, broadcast", { a: cube, b: table }, (g, { a, b }) => multiply(g, a, b)],
  ["multiply by itself", { a: table }, (g, { a }) => multiply(g, a, a)],
  ["divide, broadcast", { a: table, b: positive([4], 5) }, (g, { a, b }) => divide(g, a, b)],
  ["scale", { a: table }, (g, { a }) => scale(g, a, -2.5)],
  ["exp", { a: table }, (g, { a }) => exp(g, a)],
  ["sqrt", { a: positive([3, 4], 6) }, (g, { a }) => sqrt(g, a)],
  ["silu", { a: table }, (g, { a }) => silu(g, a)],
  ["softplus", { a: table }, (g, { a }) => softplus(g, a)],
  ["sumLast", { a: cube }, (g, { a }) => sumLast(g, a)],
  ["linear", { x: table, w: randomTensor([5, 4], 7) }, (g, { x, w }) => linear(g, x, w)],
  [
    "linear with a bias",
    { x: table, w: randomTensor([5, 4], 7), b: randomTensor([5], 8) },
    (g, { x, w, b }) => linear(g, x, w, b),
  ],
  [
    "linear, its input used twice",
    { x: table, w: randomTensor([4, 4], 7), v: randomTensor([4, 4], 8) },
    (g, { x, w, v }) => multiply(g, linear(g, x, w), linear(g, x, v)),
  ],
  [
    "linear, its weight used twice",
    { x: table, w: randomTensor([4, 4], 7) },
    (g, { x, w }) => linear(g, linear(g, x, w), w),
  ],
  ["matmul", { a: cube, b: randomTensor([2, 4, 5], 9) }, (g, { a, b }) => matmul(g, a, b, { alpha: 0.7 })],
  [
    "matmul, transposed",
    { a: cube, b: randomTensor([2, 5, 4], 9) },
    (g, { a, b }) => matmul(g, a, b, { transposeB: true, alpha: 0.5 }),
  ],
  ["logSoftmax", { a: cube }, (g, { a }) => logSoftmax(g, a)],
  ["rmsNorm", { x: cube, w: row }, (g, { x, w }) => rmsNorm(g, x, w, 1e-5)],
  ["reshape", { a: cube }, (g, { a }) => reshape(g, a, [4, 6])],
  ["transpose", { a: cube }, (g, { a }) => transpose(g, a, [1, 2, 0])],
];

test.each(cases)("the gradient of %s is that of differences", async (_, inputs, build) => {
  expect(await gradientError(inputs, (graph, values) => mixed(graph, build(graph, values)))).toBeLessThan(
    TOLERANCE,
  );
});

const picks = { shape: [4], data: [2, 0, 2, 1] };
const columns = { shape: [3, 2], data: [0, 3, 1, 1, 2, 0] };

test("the gradient of gatherRows adds up rows taken more than once", async () => {
  const build = (graph: Graph, { t, i }: Values): Value => mixed(graph, gatherRows(graph, t, i));
  expect(await gradientError({ t: table }, build, { i: picks })).toBeLessThan(TOLERANCE);
});

test("the gradient of a table gathered twice is the sum of both", async () => {
  const build = (graph: Graph, { t, i }: Values): Value =>
    mixed(graph, linear(graph, gatherRows(graph, t, i), t));
  expect(await gradientError({ t: table }, build, { i: picks })).toBeLessThan(TOLERANCE);
});

test("the gradient of gatherColumns is that of differences", async () => {
  const build = (graph: Graph, { t, i }: Values): Value => mixed(graph, gatherColumns(graph, t, i));
  expect(await gradientError({ t: table }, build, { i: columns })).toBeLessThan(TOLERANCE);
});

test("the gradient of rotate is that of differences", async () => {
  const config = { headSize: 4, ropeTheta: 10, ropeScaling: null } as ModelConfig;
  const { cosines, sines } = rotationTables(config, 8);
  const build = (graph: Graph, { x, p }: Values): Value => {
    const rotation = {
      cosines: graph.constant([...cosines], [8, 2]),
      sines: graph.constant([...sines], [8, 2]),
      backSines: graph.constant(
        [...sines].map((sine) => -sine),
        [8, 2],
      ),
    };
    return mixed(graph, rotate(graph, x, p, rotation));
  };
  const positions = { shape: [2, 3], data: [0, 1, 2, 5, 6, 7] };
  expect(await gradientError({ x: randomTensor([2, 3, 8], 11) }, build, { p: positions })).toBeLessThan(
    TOLERANCE,
  );
});

const logits = { x: randomTensor([3, 5], 12) };
const targets = { shape: [3], data: [4, 0, 2] };

test("the gradient of crossEntropy is that of differences", async () => {
  const build = (graph: Graph, { x, t }: Values): Value =>
    crossEntropy(graph, x, t, graph.constant([0.5, 0, 2], [3]));
  expect(await gradientError(logits, build, { t: targets })).toBeLessThan(TOLERANCE);
});

test("the gradient of distillation is that of differences", async () => {
  const build = (graph: Graph, { x, t }: Values): Value =>
    distillation(
      graph,
      x,
      { tokens: t, logProbs: graph.constant([-0.5, -1, -0.2, -2, -0.7, -0.8], [3, 2]) },
      { weights: graph.constant([0.3, 0.5, 0.2], [3]), temperature: 2 },
    );
  const tokens = { shape: [3, 2], data: [0, 3, 1, 4, 2, 0] };
  expect(await gradientError(logits, build, { t: tokens })).toBeLessThan(TOLERANCE);
});

test("the gradient of preferenceLoss is that of differences", async () => {
  const build = (graph: Graph, { x, t }: Values): Value => {
    const sequences = reshape(graph, targetLogProbs(graph, x, t), [4]);
    return preferenceLoss(graph, sequences, {
      reference: graph.constant([-1, -2, -1.5, -0.5], [4]),
      weights: graph.constant([0.5, 0.5], [2]),
      beta: 0.4,
    });
  };
  const inputs = { x: randomTensor([4, 5], 13) };
  expect(await gradientError(inputs, build, { t: { shape: [4], data: [4, 0, 2, 1] } })).toBeLessThan(
    TOLERANCE,
  );
});
