import type { TaskInput } from "../../core/index.ts";
import { scoreRow, type LinearModel } from "../linear/weights.ts";
import { blockWeights, INPUT_BLOCKS, inputBlocks, type InputBlocks } from "../text/input-blocks.ts";
import { makeNeighbourSearch, type NeighbourIndex } from "../text/neighbours.ts";
import type { SparseRow } from "../text/sparse.ts";
import { makeVectorizer, type Vectorizer, type Vocabulary } from "../text/tfidf.ts";

/** What is learnt before the score: words, weights and the training texts themselves as vectors. */
export type ClosedSetModel = {
  readonly vocabulary: Vocabulary;
  readonly sideWeight: number;
  readonly linear: LinearModel;
  readonly neighbours: NeighbourIndex;
};

/** The best class of an input, and what speaks for it; every feature rises with how sure one may be. */
export type Evidence = { readonly label: number; readonly features: readonly number[] };

export type Judge = (input: InputBlocks) => Evidence;

/** Neighbours are compared by words alone: another view than the linear model's, whose errors are others. */
const NEIGHBOUR_WEIGHTS = Array.from({ length: INPUT_BLOCKS }, (_, block) => (block === 0 ? 1 : 0));

export function neighbourRow(vectorizer: Vectorizer, { blocks }: InputBlocks): SparseRow {
  return vectorizer.vector(blocks, NEIGHBOUR_WEIGHTS).row;
}

/** A judge of inputs by a model. Not reentrant: it reuses its arrays. */
export function makeJudge(model: ClosedSetModel): Judge {
  const vectorizer = makeVectorizer(model.vocabulary);
  const weights = blockWeights(model.sideWeight);
  const search = makeNeighbourSearch(model.neighbours, model.vocabulary.hashes.length);
  const scores = new Float32Array(model.linear.classes);
  return (input) => {
    const { row, known } = vectorizer.vector(input.blocks, weights);
    scoreRow(model.linear, row, scores);
    const { label, top, second, tail } = summarize(scores);
    const near = search(neighbourRow(vectorizer, input), label);
    const margin = top - second;
    return {
      label,
      features: [margin, Math.sqrt(margin), top, -tail, near.same, near.same - near.other, near.vote, known],
    };
  };
}

export const judgeInput = (judge: Judge, input: TaskInput): Evidence => judge(inputBlocks(input));

// Sharpness of the softmax over margins (unit: 1 / margin).
const SHARPNESS = 4;

/** The two best scores, and ln Σ e^(sharpness · (score − top)) over all other classes: how crowded it is below. */
function summarize(scores: Float32Array): { label: number; top: number; second: number; tail: number } {
  let [label, top, second] = [0, -Infinity, -Infinity];
  for (let c = 0; c < scores.length; c += 1) {
    if (scores[c] > top) {
      second = top;
      top = scores[c];
      label = c;
    } else if (scores[c] > second) second = scores[c];
  }
  // With one class there is no second; a margin of 1 stands for "nothing against it".
  if (scores.length === 1) return { label, top, second: top - 1, tail: 0 };
  let sum = 0;
  for (let c = 0; c < scores.length; c += 1) {
    if (c !== label) sum += Math.exp(SHARPNESS * (scores[c] - top));
  }
  return { label, top, second, tail: Math.log(sum) };
}
