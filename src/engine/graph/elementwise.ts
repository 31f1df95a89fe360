import { sizeOf } from "../model-config.ts";
import type { Graph, Value } from "./graph.ts";

// Operators that work element by element. Where one operand is smaller it is broadcast by NumPy's rule, and its gradient summed back.

/** a + b. */
export function add(graph: Graph, a: Value, b: Value): Value {
  const sum = graph.node("Add", [a, b], broadcast(a, b));
  return graph.differentiable(
    sum,
    [a, b],
    [(dy) => summedTo(graph, dy, a.shape), (dy) => summedTo(graph, dy, b.shape)],
  );
}

/** a − b. */
export function subtract(graph: Graph, a: Value, b: Value): Value {
  const difference = graph.node("Sub", [a, b], broadcast(a, b));
  return graph.differentiable(
    difference,
    [a, b],
    [
      (dy) => summedTo(graph, dy, a.shape),
      (dy) => summedTo(graph, graph.node("Neg", [dy], dy.shape), b.shape),
    ],
  );
}

/** a · b, element by element. */
export function multiply(graph: Graph, a: Value, b: Value): Value {
  const shape = broadcast(a, b);
  const product = graph.node("Mul", [a, b], shape);
  return graph.differentiable(
    product,
    [a, b],
    [
      (dy) => summedTo(graph, graph.node("Mul", [dy, b], shape), a.shape),
      (dy) => summedTo(graph, graph.node("Mul", [dy, a], shape), b.shape),
    ],
  );
}

/** a / b, element by element. */
export function divide(graph: Graph, a: Value, b: Value): Value {
  const shape = broadcast(a, b);
  const quotient = graph.node("Div", [a, b], shape);
  return graph.differentiable(
    quotient,
    [a, b],
    [
      (dy) => summedTo(graph, graph.node("Div", [dy, b], shape), a.shape),
      // d(a/b)/db = −(a/b)/b
      (dy) => {
        const slope = graph.node("Div", [graph.node("Neg", [quotient], shape), b], shape);
        return summedTo(graph, graph.node("Mul", [dy, slope], shape), b.shape);
      },
    ],
  );
}

/** x times a number. */
export function scale(graph: Graph, x: Value, factor: number): Value {
  const scaled = (value: Value): Value => graph.node("Mul", [value, graph.constant([factor])], value.shape);
  return graph.differentiable(scaled(x), [x], [scaled]);
}

/** eˣ. */
export function exp(graph: Graph, x: Value): Value {
  const y = graph.node("Exp", [x], x.shape);
  return graph.differentiable(y, [x], [(dy) => graph.node("Mul", [dy, y], x.shape)]);
}

/** √x; its gradient is infinite at 0. */
export function sqrt(graph: Graph, x: Value): Value {
  const y = graph.node("Sqrt", [x], x.shape);
  return graph.differentiable(
    y,
    [x],
    [(dy) => graph.node("Div", [graph.node("Mul", [dy, graph.constant([0.5])], x.shape), y], x.shape)],
  );
}

/** x·σ(x), the gate of SwiGLU (Shazeer 2020). */
export function silu(graph: Graph, x: Value): Value {
  const { shape } = x;
  const sigmoid = graph.node("Sigmoid", [x], shape);
  const y = graph.node("Mul", [x, sigmoid], shape);
  // σ(x)·(1 + x·(1 − σ(x))) = σ(x) + y·(1 − σ(x)) = y + σ(x)·(1 − y)
  return graph.differentiable(
    y,
    [x],
    [
      (dy) => {
        const rest = graph.node("Sub", [graph.constant([1]), y], shape);
        const slope = graph.node("Add", [y, graph.node("Mul", [sigmoid, rest], shape)], shape);
        return graph.node("Mul", [dy, slope], shape);
      },
    ],
  );
}

/** ln(1 + eˣ): −softplus(−x) is ln σ(x). */
export function softplus(graph: Graph, x: Value): Value {
  const y = graph.node("Softplus", [x], x.shape);
  return graph.differentiable(
    y,
    [x],
    [(dy) => graph.node("Mul", [dy, graph.node("Sigmoid", [x], x.shape)], x.shape)],
  );
}

/** The sum over the last axis, which is dropped. */
export function sumLast(graph: Graph, x: Value): Value {
  const axis = x.shape.length - 1;
  const shape = x.shape.slice(0, axis);
  const total = graph.node("ReduceSum", [x, graph.integers([axis])], shape, { attributes: { keepdims: 0 } });
  return graph.differentiable(
    total,
    [x],
    [
      (dy) => {
        const column = graph.node("Unsqueeze", [dy, graph.integers([axis])], [...shape, 1]);
        return graph.node("Expand", [column, graph.integers(x.shape)], x.shape);
      },
    ],
  );
}

/** The sum of all elements, a scalar. */
export function sumAll(graph: Graph, x: Value): Value {
  const total = graph.node("ReduceSum", [x], [], { attributes: { keepdims: 0 } });
  return graph.differentiable(
    total,
    [x],
    [(dy) => graph.node("Expand", [dy, graph.integers(x.shape)], x.shape)],
  );
}

function broadcast(a: Value, b: Value): readonly number[] {
  const length = Math.max(a.shape.length, b.shape.length);
  const side = ({ shape }: Value, index: number): number => shape[index - length + shape.length] ?? 1;
  return Array.from({ length }, (_, index) => {
    const [one, other] = [side(a, index), side(b, index)];
    if (one !== other && one !== 1 && other !== 1) {
      throw new RangeError(`Cannot broadcast [${a.shape.join()}] with [${b.shape.join()}]`);
    }
    return Math.max(one, other);
  });
}

/** A gradient of a broadcast shape, summed over what was broadcast. */
function summedTo(graph: Graph, dy: Value, shape: readonly number[]): Value {
  if (dy.shape.join() === shape.join()) return dy;
  const offset = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((side, axis) =>
    axis < offset || shape[axis - offset] !== side ? [axis] : [],
  );
  const kept = dy.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  const summed = graph.node("ReduceSum", [dy, graph.integers(axes)], kept, { attributes: { keepdims: 1 } });
  if (sizeOf(kept) !== sizeOf(shape))
    throw new RangeError(`Cannot sum [${dy.shape.join()}] to [${shape.join()}]`);
  return graph.node("Reshape", [summed, graph.integers(shape)], shape);
}
