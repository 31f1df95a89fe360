import { LINEAR_MODULES, parameterShapes, type ModelConfig } from "../model-config.ts";
import { createGraph, type Graph, type Value } from "./graph.ts";
import { block, parameter, type Stack } from "./layers.ts";
import { linear } from "./matrix.ts";
import { rmsNorm } from "./normalize.ts";
import { gatherRows, reshape } from "./shape.ts";

/** Which numbers are learnt: all of them, or an adapter's, the rest being fixed. */
export type Trainable =
  | { readonly mode: "full" }
  | {
      readonly mode: "adapter";
      readonly kind: "lora" | "dora";
      readonly rank: number;
      readonly alpha: number;
      /** Changed modules by their last names: `q_proj`, … */
      readonly targets: readonly string[];
    };

/** The sizes one graph is made for. */
export type BatchShape = {
  readonly batch: number;
  /** Tokens per row. */
  readonly length: number;
  /** Positions whose logits are needed, over all rows. */
  readonly outputs: number;
  /** Whether the mask will let no token look ahead: attention then computes less. False unless said. */
  readonly isCausal?: boolean;
};

/** A model's forward pass within a graph, ready for a loss. */
export type Forward = {
  readonly graph: Graph;
  /** [batch × length, hidden], after the last norm. */
  readonly hidden: Value;
  /** [outputs, hidden]: the rows named by the input `places`. */
  readonly picked: Value;
  /** All parameters by name, an adapter's too. */
  readonly parameters: ReadonlyMap<string, Value>;
  readonly trainable: readonly Value[];
};

/**
 * The forward pass of a decoder, or of an encoder: the mask decides. Inputs: `ids`, `positions` int64 [batch, length];
 * `mask` [batch, 1, length, length]; `places` int64 [outputs] into the flattened rows; `cosines`, `sines`, `backSines`
 * [length, headSize / 2]; and every parameter under its name.
 */
export function forward(config: ModelConfig, shape: BatchShape, trainable: Trainable): Forward {
  const graph = createGraph();
  const { batch, length } = shape;
  const half = config.headSize / 2;
  const table = (name: string): Value => graph.input(name, [length, half]);
  const ids = graph.input("ids", [batch, length], { type: "int64" });
  const places = graph.input("places", [shape.outputs], { type: "int64" });
  const parameters = declare(graph, config, trainable);
  const stack: Stack = {
    graph,
    config,
    batch,
    length,
    parameters,
    adapter:
      trainable.mode === "full" ? null : { kind: trainable.kind, scale: trainable.alpha / trainable.rank },
    positions: graph.input("positions", [batch, length], { type: "int64" }),
    mask: graph.input("mask", [batch, 1, length, length]),
    isCausal: shape.isCausal ?? false,
    rotation: { cosines: table("cosines"), sines: table("sines"), backSines: table("backSines") },
  };
  const rows = gatherRows(graph, parameter(stack, "model.embed_tokens.weight"), ids);
  let x = reshape(graph, rows, [batch * length, config.hiddenSize]);
  for (let layer = 0; layer < config.layers; layer += 1) x = block(stack, layer, x);
  const hidden = rmsNorm(graph, x, parameter(stack, "model.norm.weight"), config.normEpsilon);
  return {
    graph,
    hidden,
    picked: gatherRows(graph, hidden, places),
    parameters,
    trainable: [...parameters.values()].filter(({ isTracked }) => isTracked),
  };
}

/** Scores over the vocabulary at the picked positions: [outputs, vocabulary]. */
export function vocabularyLogits({ graph, picked, parameters }: Forward): Value {
  const head = parameters.get("lm_head.weight") ?? parameters.get("model.embed_tokens.weight");
  if (head === undefined) throw new RangeError("Cannot build the model: it has no head and no embedding");
  return linear(graph, picked, head);
}

function declare(graph: Graph, config: ModelConfig, trainable: Trainable): ReadonlyMap<string, Value> {
  const parameters = new Map<string, Value>();
  for (const [name, shape] of parameterShapes(config)) {
    parameters.set(name, graph.input(name, shape, { isTracked: trainable.mode === "full" }));
  }
  if (trainable.mode === "full") return parameters;
  for (const [name, shape] of adapterShapes(config, trainable)) {
    parameters.set(name, graph.input(name, shape, { isTracked: true }));
  }
  return parameters;
}

/** The shapes of an adapter's tensors, in the order of the layers. */
export function adapterShapes(
  config: ModelConfig,
  {
    kind,
    rank,
    targets,
  }: { readonly kind: "lora" | "dora"; readonly rank: number; readonly targets: readonly string[] },
): ReadonlyMap<string, readonly number[]> {
  const weights = parameterShapes(config);
  const shapes = new Map<string, readonly number[]>();
  for (let layer = 0; layer < config.layers; layer += 1) {
    for (const module of LINEAR_MODULES) {
      if (!targets.includes(module.slice(module.indexOf(".") + 1))) continue;
      const name = `model.layers.${layer}.${module}`;
      const [outer, inner] = weights.get(`${name}.weight`) ?? [];
      shapes.set(`${name}.lora_A`, [rank, inner]);
      shapes.set(`${name}.lora_B`, [outer, rank]);
      if (kind === "dora") shapes.set(`${name}.lora_magnitude_vector`, [outer]);
    }
  }
  return shapes;
}
