import type { Graph, Value } from "./graph.ts";

/**
 * x [n, in] times a weight [out, in] transposed, plus a bias [out]: a linear layer in Hugging Face's layout. Returns [n, out].
 * All its products, forward and backward, are Gemm; gradients accumulate in Gemm's C.
 */
export function linear(graph: Graph, x: Value, weight: Value, bias: Value | null = null): Value {
  const [n, inner] = x.shape;
  const [outer, width] = weight.shape;
  if (x.shape.length !== 2 || width !== inner) {
    throw new RangeError(`Cannot apply a linear layer [${weight.shape.join()}] to [${x.shape.join()}]`);
  }
  const y = gemm(graph, [x, weight, bias], [n, outer], { transB: 1 });
  return graph.differentiable(y, bias === null ? [x, weight] : [x, weight, bias], [
    (dy, into) => gemm(graph, [dy, weight, into], [n, inner], {}),
    (dy, into) => gemm(graph, [dy, x, into], [outer, inner], { transA: 1 }),
    (dy) => graph.node("ReduceSum", [dy, graph.integers([0])], [outer], { attributes: { keepdims: 0 } }),
  ]);
}

type GemmOperands = readonly [Value, Value, Value | null];

function gemm(
  graph: Graph,
  operands: GemmOperands,
  shape: readonly number[],
  attributes: Record<string, number>,
): Value {
  const [a, b, c] = operands;
  return graph.node("Gemm", c === null ? [a, b] : [a, b, c], shape, { attributes });
}

/** Batched a [b, n, k] times b [b, k, m]; `transposeB` takes b as [b, m, k]. The product is scaled by `alpha`. Returns [b, n, m]. */
export function matmul(
  graph: Graph,
  a: Value,
  b: Value,
  { transposeB = false, alpha = 1 }: { transposeB?: boolean; alpha?: number } = {},
): Value {
  const [batch, n, k] = a.shape;
  const [m, inner] = transposeB ? [b.shape[1], b.shape[2]] : [b.shape[2], b.shape[1]];
  if (a.shape.length !== 3 || b.shape[0] !== batch || inner !== k) {
    throw new RangeError(`Cannot multiply [${a.shape.join()}] and [${b.shape.join()}]`);
  }
  const product = fused(graph, [a, b], [batch, n, m], { transB: transposeB ? 1 : 0, alpha });
  return graph.differentiable(
    product,
    [a, b],
    [
      (dy) => fused(graph, [dy, b], a.shape, { transB: transposeB ? 0 : 1, alpha }),
      (dy) =>
        transposeB
          ? fused(graph, [dy, a], b.shape, { transA: 1, alpha })
          : fused(graph, [a, dy], b.shape, { transA: 1, alpha }),
    ],
  );
}

type Fusion = { readonly transA?: number; readonly transB?: number; readonly alpha: number };

function fused(graph: Graph, operands: readonly Value[], shape: readonly number[], fusion: Fusion): Value {
  const { transA = 0, transB = 0, alpha } = fusion;
  return graph.node("FusedMatMul", operands, shape, {
    domain: "com.microsoft",
    attributes: { transA, transB, alpha: { float: alpha } },
  });
}
