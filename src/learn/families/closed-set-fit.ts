import {
  canonicalAnswer,
  HouseError,
  seededRandom,
  type Answer,
  type FitOptions,
  type TrainingExample,
} from "../../core/index.ts";
import { fitLogistic, logisticDefaults, predictLogistic, type LogisticModel } from "../linear/logistic.ts";
import { fitSvm, svmDefaults } from "../linear/svm.ts";
import { blockWeights, inputBlocks, inputRow, type InputBlocks } from "../text/input-blocks.ts";
import { stackRows } from "../text/sparse.ts";
import { fitVocabulary, makeVectorizer } from "../text/tfidf.ts";
import { MEANING_DIMENSIONS } from "../text/word-vectors.ts";
import { answerText } from "./answer-text.ts";
import { makeJudge, type ClosedSetModel, type Evidence } from "./closed-set-model.ts";

export type FittedClosedSet = {
  readonly answers: readonly Answer[];
  readonly model: ClosedSetModel;
  readonly score: LogisticModel;
};

/** Largest weight matrix of a model: at one byte a weight it leaves room for the neighbours under the cap of the artifact. */
export const MAX_WEIGHTS = 14_000_000;
const SVM_COST = 3;
const SIDE_WEIGHT = 0.4;
/** A label's own words count as one more example of it. */
const LABEL_WEIGHT = 1;

/** A training item: its grams and class. */
type Item = { readonly input: InputBlocks; readonly label: number; readonly weight: number };

/** Learns classes, weights and the score from examples. Throws HouseError `nothing-to-do` without examples. */
export function fitClosedSet(examples: readonly TrainingExample[], options: FitOptions): FittedClosedSet {
  if (examples.length === 0) {
    throw new HouseError("nothing-to-do", "Cannot fit a closed-set specialist: there are no examples");
  }
  const { answers, labels } = classesOf(examples);
  const items = examples.map(({ input }, place) => ({
    input: inputBlocks(input),
    label: labels[place],
    weight: 1,
  }));
  const evidence = crossPredict(items, answers, options);
  const score = fitScore(items, evidence);
  const cleaned = items.map((item, place) => ({
    ...item,
    weight: trustIn(item, evidence.get(place), score),
  }));
  const model = fitModel(cleaned, answers, options.seed);
  return { answers, model, score };
}

/** Distinct answers in canonical order, and the place of each example's answer among them. */
function classesOf(examples: readonly TrainingExample[]): { answers: Answer[]; labels: number[] } {
  const keys = examples.map(({ answer }) => canonicalAnswer(answer));
  const first = new Map<string, Answer>();
  for (const [place, key] of keys.entries()) {
    if (!first.has(key)) first.set(key, examples[place].answer);
  }
  const sorted = [...first.keys()].sort();
  const labelOf = new Map(sorted.map((key, label) => [key, label]));
  // Every key was put in two lines above.
  return {
    answers: sorted.map((key) => first.get(key) as Answer),
    labels: keys.map((key) => labelOf.get(key) as number),
  };
}

/** Everything but the score, from items. */
function fitModel(items: readonly Item[], answers: readonly Answer[], seed: number): ClosedSetModel {
  const named = labelItems(answers);
  const all = [...items, ...named];
  const vocabulary = fitVocabulary(
    all.map(({ input }) => input.blocks),
    { minTexts: 1, maxGrams: Math.floor(MAX_WEIGHTS / answers.length) },
  );
  const vectorizer = makeVectorizer(vocabulary);
  const weights = blockWeights(SIDE_WEIGHT);
  const data = {
    rows: stackRows(all.map(({ input }) => inputRow(vectorizer, input, weights).row)),
    labels: Uint32Array.from(all, ({ label }) => label),
    classes: answers.length,
    width: vectorizer.width + MEANING_DIMENSIONS,
    weights: Float32Array.from(all, ({ weight }) => weight),
  };
  const linear = fitSvm(data, { ...svmDefaults, cost: SVM_COST }, seededRandom(seed));
  return { vocabulary, sideWeight: SIDE_WEIGHT, linear };
}

function labelItems(answers: readonly Answer[]): Item[] {
  return answers.flatMap((answer, label) => {
    const text = answerText(answer);
    if (text === "") return [];
    return [
      { input: inputBlocks({ parts: [{ role: "user", text }], tools: [] }), label, weight: LABEL_WEIGHT },
    ];
  });
}

/** How many parts the examples are cut into, and how many of these are held out in turn: all when few, one when plenty. */
function foldPlan(n: number): { folds: number; held: number } {
  if (n <= 4000) return { folds: 5, held: 5 };
  return { folds: 5, held: 1 };
}

/** Evidence on items by models that did not see them, by place; equal main texts are held out together. */
function crossPredict(
  items: readonly Item[],
  answers: readonly Answer[],
  options: FitOptions,
): Map<number, Evidence> {
  const { folds, held } = foldPlan(items.length);
  const foldOf = drawFolds(items, folds, options.seed);
  const evidence = new Map<number, Evidence>();
  for (let fold = 0; fold < held; fold += 1) {
    if (options.signal?.aborted)
      throw new HouseError("cancelled", "Cannot fit a closed-set specialist: cancelled");
    const model = fitModel(
      items.filter((_, place) => foldOf[place] !== fold),
      answers,
      options.seed,
    );
    const judge = makeJudge(model);
    for (const [place, item] of items.entries()) {
      if (foldOf[place] === fold) evidence.set(place, judge(item.input));
    }
    options.progress?.({ stage: "train", done: fold + 1, total: held + 1, unit: "fits" });
  }
  return evidence;
}

function drawFolds(items: readonly Item[], folds: number, seed: number): number[] {
  const keys = items.map(({ input }) => input.blocks[0].join(","));
  const distinct = seededRandom(`folds ${seed}`).shuffle([...new Set(keys)]);
  const foldOf = new Map(distinct.map((key, place) => [key, place % folds]));
  return keys.map((key) => foldOf.get(key) as number);
}

function fitScore(items: readonly Item[], evidence: ReadonlyMap<number, Evidence>): LogisticModel {
  const seen = [...evidence];
  return fitLogistic(
    {
      features: seen.map(([, { features }]) => features),
      outcomes: seen.map(([place, { label }]) => (label === items[place].label ? 1 : 0)),
    },
    logisticDefaults,
  );
}

// A recorded answer that models which never saw it contradict this surely is more likely wrong than hard.
const DOUBT_ABOVE = 0.9;

/** 1, or 0.1 when the recorded answer is confidently contradicted. */
function trustIn(item: Item, evidence: Evidence | undefined, score: LogisticModel): number {
  if (evidence === undefined || evidence.label === item.label) return 1;
  return predictLogistic(score, evidence.features) > DOUBT_ABOVE ? 0.1 : 1;
}
