import { makeRidge, type RidgeModel } from "../linear/ridge.ts";
import { makeRowAdder, type RowAdder } from "../linear/row-adder.ts";
import type { LinearModel } from "../linear/weights.ts";
import { SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";
import { blockWeights, type InputBlocks, type Reading } from "../text/input-blocks.ts";
import { makeVectorizer, type Vocabulary } from "../text/tfidf.ts";

/** What is learnt before the score: which grams count, and a weight per gram and class. */
export type ClosedSetModel = {
  readonly vocabulary: Vocabulary;
  /** How the meaning of a text is read beside its grams. */
  readonly reading: Reading;
  /** From the direction of a sentence's outline a guess at its vector; null where that is not read. */
  readonly guess: RidgeModel | null;
  /** Weight of the texts beside the main one. */
  readonly sideWeight: number;
  readonly linear: LinearModel;
  /** Examples of each class. */
  readonly examples: Uint32Array;
};

/** The best class of an input, and what speaks for it. */
export type Evidence = {
  readonly label: number;
  readonly features: readonly number[];
  /** Where the recorded class stands among the others, as HeldOut has it. */
  readonly rank: number | null;
};

/** An input as it is judged, until the next is. */
export type Judgement = {
  /** By its grams and a guess at what it means, which takes a fraction of the time; null without such a guess. */
  readonly glance: Evidence | null;
  /** By all there is; every feature rises with how sure one may be. recorded: a class to rank, where one is known. */
  whole(recorded?: number): Evidence;
};

export type Judge = (input: InputBlocks) => Judgement;

/** A judge of inputs by a model. Not reentrant: it reuses its arrays. */
export function makeJudge(model: ClosedSetModel): Judge {
  const { guess, examples } = model;
  // Not the weights: what adds them up has its own.
  const { bias, classes } = model.linear;
  const vectorizer = makeVectorizer(model.vocabulary);
  const weights = blockWeights(model.sideWeight);
  const { add, weightAt } = makeRowAdder(model.linear);
  const guessed = guess === null ? null : makeRidge(guess);
  const [ofGrams, glanced, scores] = [0, 1, 2].map(() => new Float32Array(classes));
  const meaning = {
    columns: Uint32Array.from({ length: SENTENCE_DIMENSIONS }, (_, j) => vectorizer.width + j),
    values: new Float32Array(SENTENCE_DIMENSIONS),
  };
  /** The scores of the grams and of what the text means. */
  const weigh = (vector: Float32Array, weight: number, into: Float32Array): void => {
    into.set(ofGrams);
    for (let j = 0; j < vector.length; j += 1) meaning.values[j] = weight * vector[j];
    if (weight > 0) add(meaning, into);
  };
  const common = ({ label, top, second }: Best, known: number): number[] => {
    const size = Math.log(1 + examples[label]);
    // A class of many examples takes what is of none, one of few is guessed: which, and how much, is for the score to learn. Nearest training texts, nearness to the class centres, class reliability and softmax tails were tried beside these: the margin already knows.
    return [top - second, Math.sqrt(top - second), top, known, size, -size];
  };
  /** What a guess says of a class: by how much it is the best, or is behind the best. */
  const opinionOn = (label: number, best: Best, vagueness: readonly number[]): number[] => {
    const rival = label === best.label ? best.other : best.label;
    const margin = glanced[label] - (label === rival ? glanced[label] - 1 : glanced[rival]);
    // How far the guess can be wrong before the answer is: in units of what the two classes differ in by meaning.
    const spread = distanceOf(weightAt, { from: vectorizer.width, label, other: rival });
    return [
      margin,
      Math.sign(margin) * Math.sqrt(Math.abs(margin)),
      margin / (LEAST_SPREAD + spread),
      ...vagueness,
    ];
  };
  return ({ blocks, sentence, meaningWeight }) => {
    const { row, known } = vectorizer.vector(blocks, weights);
    ofGrams.set(bias);
    add(row, ofGrams);
    let glance: Evidence | null = null;
    let opinion: (label: number) => number[] = () => [];
    if (guessed !== null) {
      const vector = guessed(directionOf(sentence.outline));
      weigh(vector, meaningWeight, glanced);
      const best = bestTwo(glanced);
      const [length, outline] = [Math.log(1 + sentence.pieces), normOf(sentence.outline)];
      // A guess that is short is a vague one; the length of the text and of its outline may speak for it or against.
      const vagueness = [normOf(vector), length, -length, outline, -outline];
      opinion = (label) => opinionOn(label, best, vagueness);
      glance = { label: best.label, features: [...common(best, known), ...opinion(best.label)], rank: null };
    }
    return {
      glance,
      whole: (recorded = -1) => {
        weigh(sentence.vector(), meaningWeight, scores);
        const best = bestTwo(scores);
        const { label } = best;
        const rank = recorded < 0 || recorded === label ? null : rankAmong(scores, recorded);
        // The guess is a second opinion.
        return { label, features: [...common(best, known), ...opinion(label)], rank };
      },
    };
  };
}

const OWN_FEATURES = 6;

/** Without the opinion of a guess. */
export const ownFeatures = ({ features }: Evidence): readonly number[] => features.slice(0, OWN_FEATURES);

// Two classes that no meaning tells apart.
const LEAST_SPREAD = 1e-3;

/** Brought to norm 1, as the vectors of sentences are; zeros stay. */
export function directionOf(outline: Float32Array): Float32Array {
  const norm = normOf(outline);
  return norm === 0 ? outline : outline.map((value) => value / norm);
}

const normOf = (vector: Float32Array): number => {
  let squares = 0;
  for (let j = 0; j < vector.length; j += 1) squares += vector[j] * vector[j];
  return Math.sqrt(squares);
};

/** How far the weights of two classes lie apart in the columns of meaning. */
function distanceOf(
  weightAt: RowAdder["weightAt"],
  { from, label, other }: { readonly from: number; readonly label: number; readonly other: number },
): number {
  let squares = 0;
  for (let column = from; column < from + SENTENCE_DIMENSIONS; column += 1) {
    squares += (weightAt(column, label) - weightAt(column, other)) ** 2;
  }
  return Math.sqrt(squares);
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

type Best = { readonly label: number; readonly other: number; readonly top: number; readonly second: number };

/** With one class there is no second; a margin of 1 stands for "nothing against it". */
function bestTwo(scores: Float32Array): Best {
  let [label, other, top, second] = [0, 0, -Infinity, -Infinity];
  for (let c = 0; c < scores.length; c += 1) {
    if (scores[c] > top) {
      [other, second] = [label, top];
      [label, top] = [c, scores[c]];
    } else if (scores[c] > second) [other, second] = [c, scores[c]];
  }
  return scores.length === 1 ? { label, other, top, second: top - 1 } : { label, other, top, second };
}
