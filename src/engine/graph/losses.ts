import { exp, multiply, scale, softplus, subtract, sumAll, sumLast } from "./elementwise.ts";
import type { Graph, Value } from "./graph.ts";
import { logSoftmax } from "./normalize.ts";
import { gatherColumns, reshape } from "./shape.ts";

/**
 * Weighted cross-entropy, summed: −Σ weights·log p(target). logits [n, classes], targets int64 [n], weights [n].
 * A mean is had by weights that sum to one; a masked position has weight 0.
 */
export function crossEntropy(graph: Graph, logits: Value, targets: Value, weights: Value): Value {
  const [n] = logits.shape;
  const shape = logits.shape;
  const logp = graph.node("LogSoftmax", [logits], shape, { attributes: { axis: -1 } });
  const column = graph.node("Reshape", [targets, graph.integers([n, 1])], [n, 1], { type: "int64" });
  const picked = graph.node("GatherElements", [logp, column], [n, 1], { attributes: { axis: 1 } });
  const weighted = graph.node("Mul", [picked, columnOf(graph, weights)], [n, 1]);
  const total = graph.node("ReduceSum", [weighted], [], { attributes: { keepdims: 0 } });
  const loss = graph.node("Neg", [total], []);
  // (p − onehot)·weight: one scatter instead of a one-hot matrix.
  return graph.differentiable(
    loss,
    [logits, targets, weights],
    [
      (dy) => {
        const p = graph.node("Exp", [logp], shape);
        const minusOnes = graph.node("Expand", [graph.constant([-1]), graph.integers([n, 1])], [n, 1]);
        const attributes = { axis: 1, reduction: "add" };
        const rest = graph.node("ScatterElements", [p, column, minusOnes], shape, { attributes });
        return graph.node("Mul", [rest, graph.node("Mul", [columnOf(graph, weights), dy], [n, 1])], shape);
      },
      null,
      null,
    ],
  );
}

/** log p(target) at each position: logits [n, classes], targets int64 [n]. Returns [n]. */
export function targetLogProbs(graph: Graph, logits: Value, targets: Value): Value {
  const [n] = logits.shape;
  const column = graph.node("Reshape", [targets, graph.integers([n, 1])], [n, 1], { type: "int64" });
  return reshape(graph, gatherColumns(graph, logSoftmax(graph, logits), column), [n]);
}

/** What a teacher said at each position: its k likeliest tokens (int64 [n, k]) with their log-probabilities [n, k] at the temperature. */
export type Teacher = { readonly tokens: Value; readonly logProbs: Value };

/**
 * Distillation (Hinton et al. 2015): T²·Σ weights·KL(teacher ‖ student), both at temperature T, over the teacher's k tokens.
 * logits [n, classes], weights [n].
 */
export function distillation(
  graph: Graph,
  logits: Value,
  teacher: Teacher,
  options: { weights: Value; temperature: number },
): Value {
  const { weights, temperature } = options;
  const student = gatherColumns(
    graph,
    logSoftmax(graph, scale(graph, logits, 1 / temperature)),
    teacher.tokens,
  );
  const gaps = subtract(graph, teacher.logProbs, student);
  const divergence = sumLast(graph, multiply(graph, exp(graph, teacher.logProbs), gaps));
  return scale(graph, sumAll(graph, multiply(graph, divergence, weights)), temperature * temperature);
}

/** Reference: Σ log p of each sequence under the model before training, [2 × pairs]; weights: of each pair, [pairs], summing to one. */
export type Preference = { readonly reference: Value; readonly weights: Value; readonly beta: number };

/**
 * Direct preference optimisation (Rafailov et al. 2023, eq. 7): −Σ weights·ln σ(β·(chosen − rejected)), each a sequence's
 * log-probability over the reference's. `sequences`: [2 × pairs], chosen and rejected in turn.
 */
export function preferenceLoss(
  graph: Graph,
  sequences: Value,
  { reference, weights, beta }: Preference,
): Value {
  const pairs = sequences.shape[0] / 2;
  const gains = reshape(graph, subtract(graph, sequences, reference), [pairs, 2]);
  const signs = graph.constant([-beta, beta], [2]);
  const minusMargins = sumLast(graph, multiply(graph, gains, signs));
  return sumAll(graph, multiply(graph, softplus(graph, minusMargins), weights));
}

function columnOf(graph: Graph, values: Value): Value {
  const [n] = values.shape;
  return graph.node("Reshape", [values, graph.integers([n, 1])], [n, 1]);
}
