import { sizeOf } from "../model-config.ts";
import type { Graph, Value } from "./graph.ts";

/** The same numbers in another shape of the same size; costs nothing. */
export function reshape(graph: Graph, x: Value, shape: readonly number[]): Value {
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    throw new RangeError(`Cannot reshape [${x.shape.join()}] to [${shape.join()}]`);
  }
  const reshaped = (value: Value, to: readonly number[]): Value =>
    graph.node("Reshape", [value, graph.integers(to)], to);
  return graph.differentiable(reshaped(x, shape), [x], [(dy) => reshaped(dy, x.shape)]);
}

/** The axes in another order: axis i of the result is axis `order[i]` of x. */
export function transpose(graph: Graph, x: Value, order: readonly number[]): Value {
  const transposed = (value: Value, perm: readonly number[]): Value =>
    graph.node(
      "Transpose",
      [value],
      perm.map((axis) => value.shape[axis]),
      { attributes: { perm } },
    );
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return graph.differentiable(transposed(x, order), [x], [(dy) => transposed(dy, inverse)]);
}

/** Rows of a table [n, d] by indices (int64, any shape): [...indices, d]. Its gradient adds up rows taken more than once. */
export function gatherRows(graph: Graph, table: Value, indices: Value): Value {
  const [, width] = table.shape;
  const rows = graph.node("Gather", [table, indices], [...indices.shape, width], { attributes: { axis: 0 } });
  return graph.differentiable(
    rows,
    [table, indices],
    [
      (dy, into) => {
        const count = sizeOf(indices.shape);
        const places = graph.node("Reshape", [indices, graph.integers([count, 1])], [count, 1], {
          type: "int64",
        });
        const updates = graph.node("Reshape", [dy, graph.integers([count, width])], [count, width]);
        const attributes = { reduction: "add" };
        return graph.node("ScatterND", [into ?? zeros(graph, table.shape), places, updates], table.shape, {
          attributes,
        });
      },
      null,
    ],
  );
}

/** From each row of x [n, m] the columns in indices [n, k]: [n, k]. */
export function gatherColumns(graph: Graph, x: Value, indices: Value): Value {
  const picked = graph.node("GatherElements", [x, indices], indices.shape, { attributes: { axis: 1 } });
  return graph.differentiable(
    picked,
    [x, indices],
    [
      (dy) => {
        const attributes = { axis: 1, reduction: "add" };
        return graph.node("ScatterElements", [zeros(graph, x.shape), indices, dy], x.shape, { attributes });
      },
      null,
    ],
  );
}

/** Zeros of a shape, made anew at each run. */
export function zeros(graph: Graph, shape: readonly number[]): Value {
  return graph.node("ConstantOfShape", [graph.integers(shape)], shape);
}
