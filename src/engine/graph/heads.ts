import type { ModelConfig } from "../model-config.ts";
import type { Forward } from "./decoder.ts";
import type { Graph, Value } from "./graph.ts";
import { linear, matmul } from "./matrix.ts";
import { reshape, transpose } from "./shape.ts";

/** What an encoder says of a sequence. */
export type Head =
  /** One of n classes, read at the first token. */
  | { readonly kind: "classes"; readonly classes: number }
  /** One of n tags at each token. */
  | { readonly kind: "tags"; readonly tags: number }
  /** For each field the token it starts at and the token it ends at (its last); the first token of the sequence for both: absent. */
  | { readonly kind: "spans"; readonly fields: number };

/** Scores per read place: classes, tags, or two (start and end) per field. */
export function headWidth(head: Head): number {
  switch (head.kind) {
    case "classes":
      return head.classes;
    case "tags":
      return head.tags;
    case "spans":
      return 2 * head.fields;
  }
}

/** The head's parameters with their shapes. A span's bias would add the same to every token, so spans have none. */
export function headShapes(head: Head, { hiddenSize }: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const width = headWidth(head);
  const weight = ["head.weight", [width, hiddenSize]] as const;
  return new Map<string, readonly number[]>(
    head.kind === "spans" ? [weight] : [weight, ["head.bias", [width]]],
  );
}

/** The head's parameters as inputs of a graph, learnt in every mode. */
export function declareHead({ graph }: Forward, head: Head, config: ModelConfig): ReadonlyMap<string, Value> {
  return new Map(
    [...headShapes(head, config)].map(([name, shape]) => [
      name,
      graph.input(name, shape, { isTracked: true }),
    ]),
  );
}

/** Scores of classes or tags at the given rows [n, hidden]: [n, width]. */
export function rowScores(graph: Graph, rows: Value, parameters: ReadonlyMap<string, Value>): Value {
  return linear(graph, rows, parameterOf(parameters, "head.weight"), parameterOf(parameters, "head.bias"));
}

/**
 * Scores of every token as a start or an end: [batch × 2·fields, length], of a field its start, then its end.
 * `padding`: added to the scores, [batch, 1, length]: 0 at a token, very negative behind the sequence.
 */
export function spanScores(
  { graph, hidden }: Forward,
  parameters: ReadonlyMap<string, Value>,
  padding: Value,
): Value {
  const weight = parameterOf(parameters, "head.weight");
  const [width] = weight.shape;
  const [batch, , length] = padding.shape;
  const byToken = reshape(graph, linear(graph, hidden, weight), [batch, length, width]);
  const byField = transpose(graph, byToken, [0, 2, 1]);
  const sum = graph.node("Add", [byField, padding], byField.shape);
  const masked = graph.differentiable(sum, [byField], [(dy) => dy]);
  return reshape(graph, masked, [batch * width, length]);
}

/** The weighted sum of the hidden states of each row: `shares` [batch, 1, length], 1/n at the n tokens for a mean. Returns [batch, hidden]. */
export function pooled({ graph, hidden }: Forward, shares: Value): Value {
  const [batch, , length] = shares.shape;
  const [, width] = hidden.shape;
  const rows = reshape(graph, hidden, [batch, length, width]);
  return reshape(graph, matmul(graph, shares, rows), [batch, width]);
}

function parameterOf(parameters: ReadonlyMap<string, Value>, name: string): Value {
  const value = parameters.get(name);
  if (value === undefined) throw new RangeError(`Cannot build the head: parameter ${name} is missing`);
  return value;
}
