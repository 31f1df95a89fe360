import type { ModelConfig } from "../model-config.ts";
import { checkSequence } from "./check-sequence.ts";
import { isOfWhole, type Objective } from "./objective.ts";

/** What a model learns from: tokens, and how much each is worth predicting from those before it. */
export type TrainingSequence = {
  readonly ids: ArrayLike<number>;
  /**
   * One per token, ≥ 0. 0 masks a token: a prompt is read, not learnt. A decoder never predicts the first token;
   * with classes and spans the first weight is that of the whole sequence, the others do not count.
   */
  readonly weights: ArrayLike<number>;
  /** What is to be said at each token: tags, or other tokens than those read (a decoder's are predicted from the token before). `ids` unless given. */
  readonly targets?: ArrayLike<number>;
  /** For classes: the class. For spans: start and end of each field, positions in the sequence; 0 and 0 for an absent one. */
  readonly labels?: ArrayLike<number>;
  /**
   * For distillation: per token, the teacher's likeliest tokens with their log-probabilities, finite, at temperature 1; as many for
   * every token, unlikely ones (−1e4) where the teacher named fewer. At tokens of weight 0 any.
   */
  readonly teacher?: { readonly tokens: ArrayLike<number>; readonly logProbs: ArrayLike<number> };
  /** For preference learning: Σ weights·log p of this sequence under the reference model. */
  readonly reference?: number;
};

/** Sequences flattened into shared memory: threads read them without copies. */
export type SequenceStore = {
  readonly ids: Int32Array;
  readonly weights: Float32Array;
  /** What is learnt at each token, like `ids`. */
  readonly targets: Int32Array;
  /** Positions of spans, `labelWidth` per sequence. */
  readonly labels: Int32Array;
  readonly labelWidth: number;
  /** Where each sequence starts in `ids`; one more entry than sequences. */
  readonly starts: Int32Array;
  /** Teacher tokens per position, 0 without a teacher. */
  readonly teacherWidth: number;
  readonly teacherTokens: Int32Array;
  readonly teacherLogProbs: Float32Array;
  readonly references: Float32Array;
};

/** What the sequences are for. */
export type StoreOptions = {
  readonly config: ModelConfig;
  readonly objective: Objective;
  readonly isCausal: boolean;
};

/** Flattens sequences. Throws HouseError `bad-input` where one has unlike lengths, or a token, a target or a label out of range. */
export function storeSequences(sequences: readonly TrainingSequence[], options: StoreOptions): SequenceStore {
  const { objective, isCausal } = options;
  const teacherWidth = objective.kind === "distillation" ? widthOf(sequences[0]) : 0;
  const labelWidth = objective.kind === "spans" ? 2 * objective.fields : 0;
  const store = emptyStore(sequences, { teacherWidth, labelWidth });
  let at = 0;
  sequences.forEach((sequence, index) => {
    checkSequence(sequence, { ...options, index, teacherWidth });
    const { ids, weights, targets = ids, labels = [] } = sequence;
    store.starts[index] = at;
    store.ids.set(ids, at);
    store.targets.set(targets, at);
    if (isOfWhole(objective)) store.weights[at] = weights[0];
    else store.weights.set(weights, at);
    if (isCausal) store.weights[at] = 0;
    if (objective.kind === "classes") store.targets[at] = labels[0];
    if (objective.kind === "spans") store.labels.set(labels, index * labelWidth);
    if (teacherWidth > 0) {
      store.teacherTokens.set(sequence.teacher?.tokens ?? [], at * teacherWidth);
      store.teacherLogProbs.set(sequence.teacher?.logProbs ?? [], at * teacherWidth);
    }
    store.references[index] = sequence.reference ?? 0;
    at += ids.length;
  });
  store.starts[sequences.length] = at;
  return store;
}

function emptyStore(
  sequences: readonly TrainingSequence[],
  { teacherWidth, labelWidth }: { readonly teacherWidth: number; readonly labelWidth: number },
): SequenceStore {
  const total = sequences.reduce((sum, { ids }) => sum + ids.length, 0);
  const integers = (size: number): Int32Array => new Int32Array(new SharedArrayBuffer(size * 4));
  const floats = (size: number): Float32Array => new Float32Array(new SharedArrayBuffer(size * 4));
  return {
    ids: integers(total),
    targets: integers(total),
    weights: floats(total),
    labels: integers(sequences.length * labelWidth),
    labelWidth,
    starts: integers(sequences.length + 1),
    teacherWidth,
    teacherTokens: integers(total * teacherWidth),
    teacherLogProbs: floats(total * teacherWidth),
    references: floats(sequences.length),
  };
}

/** Sequences of a store. */
export const sequenceCount = (store: SequenceStore): number => store.starts.length - 1;

/** Tokens of a sequence. */
export const sequenceLength = (store: SequenceStore, index: number): number =>
  store.starts[index + 1] - store.starts[index];

/** Tokens of a sequence that are learnt. */
export function learntTokens({ weights, starts }: SequenceStore, index: number): number {
  let count = 0;
  for (let at = starts[index]; at < starts[index + 1]; at += 1) if (weights[at] > 0) count += 1;
  return count;
}

function widthOf(first: TrainingSequence | undefined): number {
  return first?.teacher === undefined ? 0 : first.teacher.tokens.length / Math.max(1, first.ids.length);
}
