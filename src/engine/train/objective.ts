import type { ModelConfig } from "../model-config.ts";
import { add, multiply, scale } from "../graph/elementwise.ts";
import { forward, vocabularyLogits, type Forward, type Trainable } from "../graph/decoder.ts";
import { gradientsOf, type Graph, type Value } from "../graph/graph.ts";
import { declareHead, headWidth, rowScores, spanScores, type Head } from "../graph/heads.ts";
import { crossEntropy, distillation, preferenceLoss, targetLogProbs } from "../graph/losses.ts";
import { linear } from "../graph/matrix.ts";
import { logSoftmax } from "../graph/normalize.ts";
import { reshape } from "../graph/shape.ts";
import { GROUPS_PER_ROW, type Bucket } from "./plan.ts";

/** What training makes small. */
export type Objective =
  /** The mean of −log p over learnt tokens. */
  | { readonly kind: "cross-entropy" }
  /** (1 − share)·cross-entropy + share·T²·KL(teacher ‖ student) over the teacher's tokens. */
  | { readonly kind: "distillation"; readonly share: number; readonly temperature: number }
  /** Direct preference optimisation over pairs (chosen, rejected). */
  | { readonly kind: "preference"; readonly beta: number }
  /** An encoder's head: the mean of −log p over the classes, the tags, or the starts and ends. */
  | Head;

/** The head an objective trains; null for those over the vocabulary. */
export function headOf(objective: Objective): Head | null {
  switch (objective.kind) {
    case "classes":
    case "tags":
    case "spans":
      return objective;
    case "cross-entropy":
    case "distillation":
    case "preference":
      return null;
  }
}

/** Whether a sequence is learnt from as one, with one weight, and not token by token. */
export const isOfWhole = ({ kind }: Objective): boolean => kind === "classes" || kind === "spans";

/** What a training graph is made for. */
export type GraphOptions = {
  readonly config: ModelConfig;
  readonly trainable: Trainable;
  readonly objective: Objective;
  readonly bucket: Bucket;
  readonly isCausal: boolean;
  /** The teacher's tokens per position; 0 without. */
  readonly teacherWidth: number;
  /** False: the loss alone, for the development set. */
  readonly withGradients: boolean;
};

/** Before a parameter's name: the output that holds its gradient. */
export const GRADIENT_PREFIX = "gradient:";

/** The ONNX model of one training step: loss, and the gradient of every trainable parameter under `gradient:NAME`. */
export function trainingGraph(options: GraphOptions): {
  readonly model: Uint8Array;
  readonly trainable: readonly Value[];
} {
  const { config, objective, bucket, isCausal, withGradients } = options;
  const pass = forward(config, { ...bucket, isCausal }, options.trainable);
  const head = headOf(objective);
  const own = head === null ? new Map<string, Value>() : declareHead(pass, head, config);
  const loss = head === null ? vocabularyLoss(pass, options) : headLoss(pass, { head, own, bucket });
  const trainable = [...pass.trainable, ...own.values()];
  const outputs: Record<string, Value> = { loss };
  if (withGradients) {
    const gradients = gradientsOf(pass.graph, loss, trainable);
    trainable.forEach(({ name }, index) => (outputs[GRADIENT_PREFIX + name] = gradients[index]));
  }
  return { model: pass.graph.build(outputs), trainable };
}

/** The ONNX model of log p(target) at each output, under the name `logProbs`. */
export function logProbGraph({ config, trainable, bucket, isCausal }: GraphOptions): Uint8Array {
  const pass = forward(config, { ...bucket, isCausal }, trainable);
  const targets = pass.graph.input("targets", [bucket.outputs], { type: "int64" });
  return pass.graph.build({ logProbs: targetLogProbs(pass.graph, vocabularyLogits(pass), targets) });
}

function vocabularyLoss(pass: Forward, options: GraphOptions): Value {
  const { graph } = pass;
  const { objective, bucket } = options;
  const logits = vocabularyLogits(pass);
  const targets = graph.input("targets", [bucket.outputs], { type: "int64" });
  const weights = graph.input("weights", [bucket.outputs]);
  switch (objective.kind) {
    case "distillation":
      return distillationLoss(graph, { logits, targets, weights }, options);
    case "preference": {
      // Rows of `members` pick the tokens of each sequence: a packed batch has its sequences anywhere.
      const sequences = 2 * pairsOf(bucket);
      const members = graph.input("members", [sequences, bucket.outputs]);
      const tokens = multiply(graph, targetLogProbs(graph, logits, targets), weights);
      const sums = linear(graph, reshape(graph, tokens, [1, bucket.outputs]), members);
      return preferenceLoss(graph, reshape(graph, sums, [sequences]), {
        reference: graph.input("reference", [sequences]),
        weights: graph.input("pairWeights", [sequences / 2]),
        beta: objective.beta,
      });
    }
    case "cross-entropy":
    case "classes":
    case "tags":
    case "spans":
      return crossEntropy(graph, logits, targets, weights);
  }
}

type Scored = { readonly logits: Value; readonly targets: Value; readonly weights: Value };

function distillationLoss(
  graph: Graph,
  { logits, targets, weights }: Scored,
  { objective, bucket, teacherWidth }: GraphOptions,
): Value {
  if (objective.kind !== "distillation") throw new RangeError("Cannot distil: another objective is set");
  const { share, temperature } = objective;
  // The teacher is known by its likeliest tokens only: its probabilities at the temperature are those over these tokens.
  const named = graph.input("teacherLogProbs", [bucket.outputs, teacherWidth]);
  const teacher = {
    tokens: graph.input("teacherTokens", [bucket.outputs, teacherWidth], { type: "int64" }),
    logProbs: logSoftmax(graph, scale(graph, named, 1 / temperature)),
  };
  const learnt = scale(graph, crossEntropy(graph, logits, targets, weights), 1 - share);
  const taught = distillation(graph, logits, teacher, { weights, temperature });
  return add(graph, learnt, scale(graph, taught, share));
}

type HeadParts = {
  readonly head: Head;
  readonly own: ReadonlyMap<string, Value>;
  readonly bucket: Bucket;
};

function headLoss(pass: Forward, { head, own, bucket }: HeadParts): Value {
  const { graph } = pass;
  const { batch, length, outputs } = bucket;
  const isSpans = head.kind === "spans";
  const rows = isSpans ? batch * headWidth(head) : outputs;
  const targets = graph.input("targets", [rows], { type: "int64" });
  const weights = graph.input("weights", [rows]);
  const scores = isSpans
    ? spanScores(pass, own, graph.input("padding", [batch, 1, length]))
    : rowScores(graph, pass.picked, own);
  return crossEntropy(graph, scores, targets, weights);
}

/** Pairs a preference batch has room for. */
export const pairsOf = ({ batch }: Bucket): number => batch * GROUPS_PER_ROW;
