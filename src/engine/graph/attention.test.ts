import { expect, test } from "vitest";
import type { Tensor } from "../model-config.ts";
import { attend } from "./attention.ts";
import { multiply, sumAll } from "./elementwise.ts";
import { createGraph, gradientsOf, type Graph, type Value } from "./graph.ts";
import { gradientError, randomTensor, runGraph } from "./testing.ts";

const [BATCH, KV_HEADS, GROUPS, SIZE] = [2, 2, 3, 2];

/** Queries, keys and values of rows of a length. */
const headsOf = (length: number): Record<string, Tensor> => ({
  queries: randomTensor([BATCH, KV_HEADS, GROUPS, length, SIZE], 1),
  keys: randomTensor([BATCH * KV_HEADS, length, SIZE], 2),
  values: randomTensor([BATCH * KV_HEADS, length, SIZE], 3),
});

/** Two sequences in each row, of which no token looks ahead. */
function packedMask(length: number): Tensor {
  const half = Math.floor(length / 2);
  const data = Float32Array.from({ length: BATCH * length * length }, (_, at) => {
    const [query, key] = [Math.floor(at / length) % length, at % length];
    return key <= query && query < half === key < half ? 0 : -1e9;
  });
  return { shape: [BATCH, 1, length, length], data };
}

/** A scalar that depends on every element differently. */
function mixed(graph: Graph, y: Value): Value {
  return sumAll(graph, multiply(graph, y, graph.constant([...randomTensor(y.shape, 99).data], y.shape)));
}

test("the gradient of attend() is that of differences", async () => {
  const length = 3;
  const error = await gradientError(headsOf(length), (graph, { queries, keys, values }) => {
    const mask = graph.constant([...packedMask(length).data], [BATCH, 1, length, length]);
    return mixed(graph, attend(graph, { queries, keys, values }, { mask, isCausal: false }));
  });
  expect(error).toBeLessThan(2e-3);
});

test("attend() in causal blocks has the result and the gradients of attend() in one", async () => {
  // Three blocks, the last of two queries.
  const length = 130;
  const heads = headsOf(length);
  const run = (isCausal: boolean): Promise<Record<string, Float32Array>> => {
    const graph = createGraph();
    const inputs = Object.entries(heads).map(([name, { shape }]) =>
      graph.input(name, shape, { isTracked: true }),
    );
    const [queries, keys, values] = inputs;
    const mask = graph.input("mask", [BATCH, 1, length, length]);
    const y = attend(graph, { queries, keys, values }, { mask, isCausal });
    const [dq, dk, dv] = gradientsOf(graph, mixed(graph, y), inputs);
    return runGraph(graph.build({ y, dq, dk, dv }), { ...heads, mask: packedMask(length) });
  };
  const [blocks, whole] = [await run(true), await run(false)];
  for (const name of ["y", "dq", "dk", "dv"]) {
    const apart = blocks[name].map((value, at) => Math.abs(value - whole[name][at]));
    expect(Math.max(...apart)).toBeLessThan(1e-5);
  }
});
