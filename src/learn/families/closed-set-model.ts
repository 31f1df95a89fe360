import { scoreRow, type LinearModel } from "../linear/weights.ts";
import { blockWeights, inputRow, type InputBlocks, type Reading } from "../text/input-blocks.ts";
import { makeVectorizer, type Vocabulary } from "../text/tfidf.ts";

/** What is learnt before the score: which grams count, and a weight per gram and class. */
export type ClosedSetModel = {
  readonly vocabulary: Vocabulary;
  /** How the meaning of a text is read beside its grams. */
  readonly reading: Reading;
  /** Weight of the texts beside the main one. */
  readonly sideWeight: number;
  readonly linear: LinearModel;
  /** Examples of each class. */
  readonly examples: Uint32Array;
};

/** The best class of an input, and what speaks for it; every feature rises with how sure one may be. */
export type Evidence = {
  readonly label: number;
  readonly features: readonly number[];
  /** Where the recorded class stands among the others, as HeldOut has it. */
  readonly rank: number | null;
};

/** recorded: a class to rank, where one is known. */
export type Judge = (input: InputBlocks, recorded?: number) => Evidence;

/** A judge of inputs by a model. Not reentrant: it reuses its arrays. */
export function makeJudge(model: ClosedSetModel): Judge {
  const vectorizer = makeVectorizer(model.vocabulary);
  const weights = blockWeights(model.sideWeight);
  const scores = new Float32Array(model.linear.classes);
  return (input, recorded = -1) => {
    const { row, known } = inputRow(vectorizer, input, weights);
    scoreRow(model.linear, row, scores);
    const { label, top, second } = bestTwo(scores);
    const size = Math.log(1 + model.examples[label]);
    // A class of many examples takes what is of none, one of few is guessed: which, and how much, is for the score to learn. Nearest training texts, nearness to the class centres, class reliability and softmax tails were tried beside these: the margin already knows.
    return {
      label,
      features: [top - second, Math.sqrt(top - second), top, known, size, -size],
      rank: recorded < 0 || recorded === label ? null : rankAmong(scores, recorded),
    };
  };
}

/** The place of one that is not the best among so many others, as HeldOut has it. */
export function rankAmong(scores: ArrayLike<number>, place: number): number | null {
  const others = scores.length - 1;
  if (others < LEAST_RANKED) return null;
  let better = 0;
  for (let other = 0; other < scores.length; other += 1) if (scores[other] > scores[place]) better += 1;
  // The best is not among the others.
  return (better - 1) / (others - 1);
}

// Among fewer, a wrong answer stands near the top too often by chance.
const LEAST_RANKED = 5;

/** With one class there is no second; a margin of 1 stands for "nothing against it". */
function bestTwo(scores: Float32Array): { label: number; top: number; second: number } {
  let [label, top, second] = [0, -Infinity, -Infinity];
  for (let c = 0; c < scores.length; c += 1) {
    if (scores[c] > top) {
      second = top;
      top = scores[c];
      label = c;
    } else if (scores[c] > second) second = scores[c];
  }
  return scores.length === 1 ? { label, top, second: top - 1 } : { label, top, second };
}
