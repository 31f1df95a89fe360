import { scoreOffers } from "../linear/choice.ts";
import { choiceProbabilities } from "../linear/conditional-logit.ts";
import type { LinearModel } from "../linear/weights.ts";
import { blockWeights, INPUT_BLOCKS, inputBlocks, inputRow, type InputBlocks } from "../text/input-blocks.ts";
import { makeComparison, type NeighbourIndex } from "../text/neighbours.ts";
import { SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";
import type { SparseRow } from "../text/sparse.ts";
import { makeVectorizer, type Vectorizer, type Vocabulary } from "../text/tfidf.ts";
import { splitName } from "./answer-text.ts";
import type { Question } from "./option-ranker-parse.ts";

/** What is learnt of the texts: words, weights per known option, and how often each was chosen when offered. */
export type RankerModel = {
  readonly vocabulary: Vocabulary;
  /** Options met in training, in the order of the columns of `linear`. */
  readonly known: readonly string[];
  readonly linear: LinearModel;
  readonly offered: Uint32Array;
  readonly chosen: Uint32Array;
  /** Training questions with the place of the option chosen. */
  readonly neighbours: NeighbourIndex;
};

/** Options with what speaks for each, in the order of the request. */
export type Weighed = { readonly features: readonly (readonly number[])[]; readonly known: number };

const ONLY = (wanted: number): number[] =>
  Array.from({ length: INPUT_BLOCKS }, (_, block) => (block === wanted ? 1 : 0));
const WORDS = ONLY(0);
const CHARACTERS = ONLY(1);
const ALL = blockWeights(0);

/** Grams and meaning of a plain text. */
export const textInput = (text: string): InputBlocks =>
  inputBlocks({ parts: [{ role: "user", text }], tools: [] });

export const questionRow = (vectorizer: Vectorizer, input: InputBlocks): SparseRow =>
  inputRow(vectorizer, input, ALL).row;

/** Names of options as words, so that "word_counter" is found in "count the words". */
export const optionText = (name: string, text: string): string =>
  text === name ? splitName(name) : `${splitName(name)} ${text}`;

/** The grams of a question's row alone: near questions are told by their words, meaning makes all of a topic near. */
export const gramsOf = ({ columns, values }: SparseRow): SparseRow => ({
  columns: columns.subarray(0, columns.length - SENTENCE_DIMENSIONS),
  values: values.subarray(0, values.length - SENTENCE_DIMENSIONS),
});

// Option texts recur; the cache holds a few catalogues and is dropped whole when full.
const MAX_CACHED_OPTIONS = 4096;

/** An option's text, ready to be compared. */
type Described = {
  readonly words: SparseRow;
  readonly characters: SparseRow;
  readonly meaning: Float32Array;
};

/** Weighs the options of questions by a model. Not reentrant: it reuses its arrays. */
export function makeWeigher(model: RankerModel): (question: Question) => Weighed {
  const vectorizer = makeVectorizer(model.vocabulary);
  const placeOf = new Map(model.known.map((name, place) => [name, place]));
  const compare = makeComparison(model.neighbours.rows, vectorizer.width);
  const cache = new Map<string, Described>();
  // What the question says, by column; zeros between questions.
  const words = new Float32Array(vectorizer.width);
  const characters = new Float32Array(vectorizer.width);
  const describe = (name: string, text: string): Described => {
    const key = `${name}\n${text}`;
    let found = cache.get(key);
    if (found === undefined) {
      const { blocks, sentence } = textInput(optionText(name, text));
      found = {
        words: vectorizer.vector(blocks, WORDS).row,
        characters: vectorizer.vector(blocks, CHARACTERS).row,
        meaning: sentence.vector(),
      };
      if (cache.size >= MAX_CACHED_OPTIONS) cache.clear();
      cache.set(key, found);
    }
    return found;
  };
  return ({ query, options }) => {
    const input = textInput(query);
    const { blocks, sentence } = input;
    const meaning = sentence.vector();
    const { row, known } = inputRow(vectorizer, input, ALL);
    const ownWords = vectorizer.vector(blocks, WORDS).row;
    const ownCharacters = vectorizer.vector(blocks, CHARACTERS).row;
    scatter(ownWords, words);
    scatter(ownCharacters, characters);
    const places = options.map(({ name }) => placeOf.get(name) ?? -1);
    const learnt = learntScores(model, row, places);
    const nearest = nearestByOption(compare(gramsOf(row)), model.neighbours.labels, model.known.length);
    const features = options.map(({ name, text }, o) => {
      const place = places[o];
      const described = describe(name, text);
      const alike = [
        dot(described.words, words),
        dot(described.characters, characters),
        product(described.meaning, meaning),
      ];
      const isKnown = place >= 0;
      return [
        learnt[o],
        isKnown ? Math.log((model.chosen[place] + 1) / (model.offered[place] + 2)) : 0,
        isKnown ? nearest[place] : 0,
        isKnown ? 1 : 0,
        ...alike,
        // A new option is told by its description alone, which therefore weighs more.
        ...alike.map((value) => (isKnown ? 0 : value)),
      ];
    });
    for (const column of ownWords.columns) words[column] = 0;
    for (const column of ownCharacters.columns) characters[column] = 0;
    return { features, known };
  };
}

/** Learnt scores, centred over the known options of the request so that an unknown one stands at their mean, 0. */
function learntScores(model: RankerModel, row: SparseRow, places: readonly number[]): number[] {
  const offers = Uint32Array.from(places.filter((place) => place >= 0));
  const scores = scoreOffers(model.linear, row, offers);
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  let next = 0;
  return places.map((place) => {
    if (place < 0) return 0;
    next += 1;
    return scores[next - 1] - mean;
  });
}

function nearestByOption(sums: Float32Array, labels: Uint32Array, options: number): Float32Array {
  const nearest = new Float32Array(options);
  for (let r = 0; r < sums.length; r += 1) nearest[labels[r]] = Math.max(nearest[labels[r]], sums[r]);
  return nearest;
}

function scatter({ columns, values }: SparseRow, into: Float32Array): void {
  for (let at = 0; at < columns.length; at += 1) into[columns[at]] = values[at];
}

function dot({ columns, values }: SparseRow, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < columns.length; at += 1) sum += values[at] * other[columns[at]];
  return sum;
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j += 1) sum += a[j] * b[j];
  return sum;
}

// Places among the features of an option.
const LEARNT = 0;
const NEAREST = 2;
const KNOWN = 3;
const ALIKE = [4, 5, 6];

/** The best option and what speaks for it; every feature rises with how sure one may be. */
export type Choice = {
  readonly place: number;
  readonly features: readonly number[];
  /** P(chosen) of each option. */
  readonly probabilities: readonly number[];
};

/** The choice among weighed options; null without options. */
export function choose({ features, known }: Weighed, stack: readonly number[]): Choice | null {
  if (features.length === 0) return null;
  const probabilities = choiceProbabilities(features, stack);
  const order = probabilities.map((_, o) => o).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  const [best, next] = order;
  // Alone on offer: nothing speaks against it.
  const odds = next === undefined ? 0 : Math.min(probabilities[next] / probabilities[best], 1);
  const lead = (j: number): number => {
    const rest = features.filter((_, o) => o !== best).map((row) => row[j]);
    return rest.length === 0 ? 0 : features[best][j] - Math.max(...rest);
  };
  return {
    place: best,
    probabilities,
    features: [
      -Math.log(odds + 1e-4),
      probabilities[best],
      lead(LEARNT),
      lead(NEAREST),
      ...ALIKE.map(lead),
      features[best][NEAREST],
      features[best][KNOWN],
      known,
    ],
  };
}
