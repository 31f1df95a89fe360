import type { Graph, Value } from "./graph.ts";

/** Logarithm of the softmax over the last axis. */
export function logSoftmax(graph: Graph, x: Value): Value {
  const { shape } = x;
  const y = graph.node("LogSoftmax", [x], shape, { attributes: { axis: -1 } });
  // dx = dy − softmax(x)·Σ dy
  return graph.differentiable(
    y,
    [x],
    [
      (dy) => {
        const share = graph.node("Mul", [graph.node("Exp", [y], shape), sumLastKept(graph, dy)], shape);
        return graph.node("Sub", [dy, share], shape);
      },
    ],
  );
}

/** RMSNorm over the last axis (Zhang & Sennrich 2019): x / rms(x) · weight, with weight [d]. */
export function rmsNorm(graph: Graph, x: Value, weight: Value, epsilon: number): Value {
  const { shape } = x;
  const column = [...shape.slice(0, -1), 1];
  const [y, inverse] = graph.nodes("SimplifiedLayerNormalization", [x, weight], [shape, column], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  });
  // With u = x/rms: dx = (dy·w − u·mean(dy·w·u)) / rms, dw = Σ dy·u.
  return graph.differentiable(
    y,
    [x, weight],
    [
      (dy) => {
        const g = graph.node("Mul", [dy, weight], shape);
        const unit = graph.node("Mul", [x, inverse], shape);
        const attributes = { keepdims: 1 };
        const along = graph.node(
          "ReduceMean",
          [graph.node("Mul", [g, unit], shape), graph.integers([-1])],
          column,
          {
            attributes,
          },
        );
        const rest = graph.node("Sub", [g, graph.node("Mul", [unit, along], shape)], shape);
        return graph.node("Mul", [rest, inverse], shape);
      },
      (dy) => {
        const product = graph.node("Mul", [dy, graph.node("Mul", [x, inverse], shape)], shape);
        const axes = graph.integers(shape.slice(0, -1).map((_, axis) => axis));
        return graph.node("ReduceSum", [product, axes], weight.shape, { attributes: { keepdims: 0 } });
      },
    ],
  );
}

function sumLastKept(graph: Graph, x: Value): Value {
  const shape = [...x.shape.slice(0, -1), 1];
  return graph.node("ReduceSum", [x, graph.integers([-1])], shape, { attributes: { keepdims: 1 } });
}
