import { HouseError } from "../../core/index.ts";

/** What a model learns from: tokens, and how much each is worth predicting from those before it. */
export type TrainingSequence = {
  readonly ids: ArrayLike<number>;
  /** One per token, ≥ 0; the first token is never predicted. 0 masks a token: a prompt is read, not learnt. */
  readonly weights: ArrayLike<number>;
  /** For distillation: per token, the teacher's likeliest tokens with their log-probabilities. */
  readonly teacher?: { readonly tokens: ArrayLike<number>; readonly logProbs: ArrayLike<number> };
  /** For preference learning: Σ weights·log p of this sequence under the reference model. */
  readonly reference?: number;
};

/** Sequences flattened into shared memory: threads read them without copies. */
export type SequenceStore = {
  readonly ids: Int32Array;
  readonly weights: Float32Array;
  /** Where each sequence starts in `ids`; one more entry than sequences. */
  readonly starts: Int32Array;
  /** Teacher tokens per position, 0 without a teacher. */
  readonly teacherWidth: number;
  readonly teacherTokens: Int32Array;
  readonly teacherLogProbs: Float32Array;
  readonly references: Float32Array;
};

/** Flattens sequences. Throws HouseError `bad-input` where one has unlike lengths or a token outside the vocabulary. */
export function storeSequences(
  sequences: readonly TrainingSequence[],
  vocabularySize: number,
): SequenceStore {
  const total = sequences.reduce((sum, { ids }) => sum + ids.length, 0);
  const teacherWidth = widthOf(sequences[0]);
  const store: SequenceStore = {
    ids: new Int32Array(new SharedArrayBuffer(total * 4)),
    weights: new Float32Array(new SharedArrayBuffer(total * 4)),
    starts: new Int32Array(new SharedArrayBuffer((sequences.length + 1) * 4)),
    teacherWidth,
    teacherTokens: new Int32Array(new SharedArrayBuffer(total * teacherWidth * 4)),
    teacherLogProbs: new Float32Array(new SharedArrayBuffer(total * teacherWidth * 4)),
    references: new Float32Array(new SharedArrayBuffer(sequences.length * 4)),
  };
  let at = 0;
  sequences.forEach((sequence, index) => {
    check(sequence, { index, vocabularySize, teacherWidth });
    store.starts[index] = at;
    store.ids.set(sequence.ids, at);
    store.weights.set(sequence.weights, at);
    store.weights[at] = 0;
    store.teacherTokens.set(sequence.teacher?.tokens ?? [], at * teacherWidth);
    store.teacherLogProbs.set(sequence.teacher?.logProbs ?? [], at * teacherWidth);
    store.references[index] = sequence.reference ?? 0;
    at += sequence.ids.length;
  });
  store.starts[sequences.length] = at;
  return store;
}

export const sequenceCount = (store: SequenceStore): number => store.starts.length - 1;

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

type Expectation = { readonly index: number; readonly vocabularySize: number; readonly teacherWidth: number };

function check({ ids, weights, teacher }: TrainingSequence, expected: Expectation): void {
  const { index, vocabularySize, teacherWidth } = expected;
  const refuse = (what: string): never => {
    throw new HouseError("bad-input", `Cannot train on sequence ${index}: ${what}`);
  };
  if (ids.length !== weights.length) refuse(`${ids.length} tokens but ${weights.length} weights`);
  if ((teacher?.tokens.length ?? 0) !== ids.length * teacherWidth)
    refuse("its teacher's tokens do not fit the others'");
  for (let at = 0; at < ids.length; at += 1) {
    if (!(ids[at] >= 0 && ids[at] < vocabularySize))
      refuse(`token ${ids[at]} is outside the vocabulary of ${vocabularySize}`);
    if (!(weights[at] >= 0 && weights[at] < Infinity))
      refuse(`weight ${weights[at]} is not a finite number of at least 0`);
  }
}
