import type { ModelConfig } from "../model-config.ts";
import { add, multiply, scale } from "../graph/elementwise.ts";
import { forward, vocabularyLogits, type Forward, type Trainable } from "../graph/decoder.ts";
import { gradientsOf, type Value } from "../graph/graph.ts";
import { crossEntropy, distillation, preferenceLoss, targetLogProbs } from "../graph/losses.ts";
import { linear } from "../graph/matrix.ts";
import { reshape } from "../graph/shape.ts";
import { GROUPS_PER_ROW, type Bucket } from "./plan.ts";

/** What training makes small. */
export type Objective =
  /** The mean of −log p over learnt tokens. */
  | { readonly kind: "cross-entropy" }
  /** (1 − share)·cross-entropy + share·T²·KL(teacher ‖ student) over the teacher's tokens. */
  | { readonly kind: "distillation"; readonly share: number; readonly temperature: number }
  /** Direct preference optimisation over pairs (chosen, rejected). */
  | { readonly kind: "preference"; readonly beta: number };

export type GraphOptions = {
  readonly config: ModelConfig;
  readonly trainable: Trainable;
  readonly objective: Objective;
  readonly bucket: Bucket;
  /** The teacher's tokens per position; 0 without. */
  readonly teacherWidth: number;
  /** False: the loss alone, for the development set. */
  readonly withGradients: boolean;
};

export const GRADIENT_PREFIX = "gradient:";

/** The ONNX model of one training step: loss, and the gradient of every trainable parameter under `gradient:NAME`. */
export function trainingGraph(options: GraphOptions): {
  readonly model: Uint8Array;
  readonly trainable: readonly Value[];
} {
  const pass = forward(options.config, options.bucket, options.trainable);
  const loss = lossOf(pass, options);
  const outputs: Record<string, Value> = { loss };
  if (options.withGradients) {
    const gradients = gradientsOf(pass.graph, loss, pass.trainable);
    pass.trainable.forEach(({ name }, index) => (outputs[GRADIENT_PREFIX + name] = gradients[index]));
  }
  return { model: pass.graph.build(outputs), trainable: pass.trainable };
}

function lossOf(pass: Forward, { objective, bucket, teacherWidth }: GraphOptions): Value {
  const { graph } = pass;
  const { outputs } = bucket;
  const logits = vocabularyLogits(pass);
  const targets = graph.input("targets", [outputs], { type: "int64" });
  const weights = graph.input("weights", [outputs]);
  switch (objective.kind) {
    case "cross-entropy":
      return crossEntropy(graph, logits, targets, weights);
    case "distillation": {
      const teacher = {
        tokens: graph.input("teacherTokens", [outputs, teacherWidth], { type: "int64" }),
        logProbs: graph.input("teacherLogProbs", [outputs, teacherWidth]),
      };
      const { share, temperature } = objective;
      const learnt = scale(graph, crossEntropy(graph, logits, targets, weights), 1 - share);
      return add(
        graph,
        learnt,
        scale(graph, distillation(graph, logits, teacher, { weights, temperature }), share),
      );
    }
    case "preference": {
      // Rows of `members` pick the tokens of each sequence: a packed batch has its sequences anywhere.
      const sequences = 2 * pairsOf(bucket);
      const members = graph.input("members", [sequences, outputs]);
      const tokens = multiply(graph, targetLogProbs(graph, logits, targets), weights);
      const sums = linear(graph, reshape(graph, tokens, [1, outputs]), members);
      return preferenceLoss(graph, reshape(graph, sums, [sequences]), {
        reference: graph.input("reference", [sequences]),
        weights: graph.input("pairWeights", [sequences / 2]),
        beta: objective.beta,
      });
    }
  }
}

/** Pairs a preference batch has room for. */
export const pairsOf = ({ batch }: Bucket): number => batch * GROUPS_PER_ROW;
