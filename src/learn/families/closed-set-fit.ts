import {
  canonicalAnswer,
  HouseError,
  seededRandom,
  type Answer,
  type FitOptions,
  type TrainingExample,
} from "../../core/index.ts";
import { meanRisk } from "../calibrate/selection.ts";
import { fitLogistic, logisticDefaults, predictLogistic, type LogisticModel } from "../linear/logistic.ts";
import { fitRidge, type RidgeModel } from "../linear/ridge.ts";
import { fitSvmOnThreads } from "../linear/svm-threads.ts";
import { svmDefaults } from "../linear/svm.ts";
import {
  blockWeights,
  hasSideText,
  inputBlocks,
  readingOf,
  scaledMeaning,
  withoutMeaning,
  type InputBlocks,
  type Reading,
} from "../text/input-blocks.ts";
import { stackRows } from "../text/sparse.ts";
import { fitVocabulary, makeVectorizer } from "../text/tfidf.ts";
import { SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";
import { answerText } from "./answer-text.ts";
import { chooseGlance, type Glance } from "./closed-set-glance.ts";
import {
  directionOf,
  makeJudge,
  ownFeatures,
  type ClosedSetModel,
  type Evidence,
} from "./closed-set-model.ts";

export type FittedClosedSet = {
  readonly answers: readonly Answer[];
  readonly model: ClosedSetModel;
  readonly score: LogisticModel;
  /** When a glance is enough; null where it never is. */
  readonly glance: Glance | null;
};

/** Largest weight matrix of a model, at one byte a weight: with hashes, idf and scales the artifact stays under 20 MB. */
export const MAX_WEIGHTS = 14_000_000;
const SVM_COST = 3;
/** What the texts beside the main one weigh, against a block of it, where they help at all. */
const SIDE_WEIGHT = 0.5;
/** A label's own words count as one more example of it. */
const LABEL_WEIGHT = 1;

/** A training item: its grams and class; `place` among the examples, negative for what is no example. */
type Item = {
  readonly place: number;
  readonly input: InputBlocks;
  readonly label: number;
  readonly weight: number;
};

/** Learns classes, weights and the score from examples. Throws HouseError `nothing-to-do` without examples. */
export async function fitClosedSet(
  examples: readonly TrainingExample[],
  options: FitOptions,
): Promise<FittedClosedSet> {
  if (examples.length === 0) {
    throw new HouseError("nothing-to-do", "Cannot fit a closed-set specialist: there are no examples");
  }
  const { answers, labels } = classesOf(examples);
  const reading = readingOf(examples.map(({ input }) => input));
  const read = examples.map(({ input }, place) => ({
    place,
    input: inputBlocks(input, reading),
    label: labels[place],
    weight: 1,
  }));
  const first: Trial = {
    answers,
    folds: drawFolds(read, options.seed),
    options,
    reading,
    named: labelItems(answers, reading),
    counts: countsOf(labels, answers.length),
    dual: new Map(),
  };
  const sideWeight = await chooseSideWeight(read, first);
  const { items, trial, evidence } = await chooseReading(read, first, sideWeight);
  const score = fitScore(items, evidence);
  const scores = new Map(
    [...evidence].map(([place, { features }]) => [place, predictLogistic(score, features)]),
  );
  for (const [place, { label, rank }] of evidence) {
    const prediction = { answer: answers[label], score: scores.get(place) ?? 0 };
    options.onHeldOut?.({ place, prediction, rank });
  }
  const doubted = doubtedIn(items, evidence);
  const cleaned = items.map((item, place) =>
    doubted.has(place) ? { ...item, weight: DOUBTED_WEIGHT } : item,
  );
  const held = [...evidence].flatMap(([place, { glance, ...whole }]) =>
    glance === null
      ? []
      : [{ recorded: items[place].label, glance, whole, wholeScore: scores.get(place) ?? 0 }],
  );
  const model = await fitModel(cleaned, trial, sideWeight);
  return { answers, model, score, glance: chooseGlance(held) };
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

function countsOf(labels: readonly number[], classes: number): Uint32Array {
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label] += 1;
  return counts;
}

/** What the fits of one task share. */
type Trial = {
  readonly answers: readonly Answer[];
  /** Part of each item. */
  readonly folds: readonly number[];
  readonly options: FitOptions;
  readonly reading: Reading;
  /** Labels' own words as examples of them. */
  readonly named: readonly Item[];
  /** Examples of each class: of all parts, so that a part held out does not tell by what is missing. */
  readonly counts: Uint32Array;
  /** By item, the dual variables of its classes where the last fit ended: the next starts there, and so is done in a fraction of the passes. */
  readonly dual: Map<number, Float32Array>;
};

/** Everything but the score, from items. */
async function fitModel(
  items: readonly Item[],
  { answers, options, reading, named, dual, counts }: Trial,
  sideWeight: number,
): Promise<ClosedSetModel> {
  const { seed, signal, threads = 1 } = options;
  const all = [...items, ...named];
  const classes = answers.length;
  const vocabulary = fitVocabulary(
    all.map(({ input }) => input.blocks),
    { minTexts: 1, maxGrams: Math.floor(MAX_WEIGHTS / classes) },
  );
  const vectorizer = makeVectorizer(vocabulary);
  const weights = blockWeights(sideWeight);
  const dense = new Float32Array(all.length * SENTENCE_DIMENSIONS);
  for (const [r, { input }] of all.entries()) dense.set(scaledMeaning(input), r * SENTENCE_DIMENSIONS);
  const data = {
    rows: stackRows(all.map(({ input }) => vectorizer.vector(input.blocks, weights).row)),
    dense,
    labels: Uint32Array.from(all, ({ label }) => label),
    classes,
    width: vectorizer.width + SENTENCE_DIMENSIONS,
    weights: Float32Array.from(all, ({ weight }) => weight),
  };
  const fitted = await fitSvmOnThreads(data, {
    options: { ...svmDefaults, cost: SVM_COST },
    random: seededRandom(seed),
    threads,
    signal,
    dual: startOf(all, dual, classes),
  });
  for (const [r, { place }] of all.entries()) {
    dual.set(
      place,
      Float32Array.from({ length: classes }, (_, c) => fitted.dual[c * all.length + r]),
    );
  }
  const guess = reading === "none" ? null : fitGuess(items);
  return { vocabulary, reading, guess, sideWeight, linear: fitted.model, examples: counts };
}

/** So many sentences are enough to learn what their outlines tell of their vectors. */
const MOST_GUESSED = 4000;
const GUESS_L2 = 0.5;

function fitGuess(items: readonly Item[]): RidgeModel {
  const step = Math.ceil(items.length / MOST_GUESSED);
  const sentences = items.filter((_, at) => at % step === 0).map(({ input }) => input.sentence);
  return fitRidge(
    {
      x: sentences.map(({ outline }) => directionOf(outline)),
      y: sentences.map((sentence) => sentence.vector()),
    },
    GUESS_L2,
  );
}

/** The dual variables known of these items, row per class. */
function startOf(
  items: readonly Item[],
  dual: ReadonlyMap<number, Float32Array>,
  classes: number,
): Float32Array {
  const start = new Float32Array(classes * items.length);
  for (const [r, { place }] of items.entries()) {
    const own = dual.get(place);
    if (own === undefined) continue;
    for (let c = 0; c < classes; c += 1) start[c * items.length + r] = own[c];
  }
  return start;
}

/** A label's own words as an example of it; their places are negative. */
function labelItems(answers: readonly Answer[], reading: Reading): Item[] {
  return answers.flatMap((answer, label) => {
    const text = answerText(answer);
    if (text === "") return [];
    const input = inputBlocks({ parts: [{ role: "user", text }], tools: [] }, reading);
    return [{ place: -1 - label, input, label, weight: LABEL_WEIGHT }];
  });
}

/** The examples are cut into this many parts; each is predicted by a model of the others. */
const FOLDS = 5;
/** With more examples one part held out is enough to learn the score from, and the others would cost minutes. */
const MAX_FULLY_HELD = 6000;

/** Parts for items; equal main texts are held out together. */
function drawFolds(items: readonly Item[], seed: number): number[] {
  const keys = items.map(({ input }) => input.blocks[0].join(","));
  const distinct = seededRandom(`folds ${seed}`).shuffle([...new Set(keys)]);
  const foldOf = new Map(distinct.map((key, place) => [key, place % FOLDS]));
  return keys.map((key) => foldOf.get(key) as number);
}

/** By the whole model, and by a glance. */
type HeldEvidence = Evidence & { readonly glance: Evidence | null };

/** Evidence on items by models that did not see them, by place. */
async function crossPredict(
  items: readonly Item[],
  trial: Trial,
  sideWeight: number,
): Promise<Map<number, HeldEvidence>> {
  const held = items.length > MAX_FULLY_HELD ? 1 : FOLDS;
  const evidence = new Map<number, HeldEvidence>();
  for (let fold = 0; fold < held; fold += 1) {
    for (const [place, found] of await predictFold(items, trial, { fold, sideWeight })) {
      evidence.set(place, found);
    }
    trial.options.progress?.({ stage: "train", done: fold + 1, total: held + 1, unit: "fits" });
  }
  return evidence;
}

async function predictFold(
  items: readonly Item[],
  trial: Trial,
  { fold, sideWeight }: { readonly fold: number; readonly sideWeight: number },
): Promise<Map<number, HeldEvidence>> {
  const { folds, options } = trial;
  if (options.signal?.aborted) {
    throw new HouseError("cancelled", "Cannot fit a closed-set specialist: cancelled");
  }
  const others = items.filter((_, place) => folds[place] !== fold);
  const judge = makeJudge(await fitModel(others, trial, sideWeight));
  const places = items.flatMap((_, place) => (folds[place] === fold ? [place] : []));
  return new Map(
    places.map((place) => {
      const judgement = judge(items[place].input);
      return [place, { glance: judgement.glance, ...judgement.whole(items[place].label) }];
    }),
  );
}

/** Texts beside the main one (a ticket number, the turns before) count only where a held-out part shows that they help. */
async function chooseSideWeight(items: readonly Item[], trial: Trial): Promise<number> {
  if (!items.some(({ input }) => hasSideText(input))) return 0;
  const right: number[][] = [];
  for (const sideWeight of [0, SIDE_WEIGHT]) {
    const found = await predictFold(items, trial, { fold: 0, sideWeight });
    right.push([...found].map(([place, { label }]) => (label === items[place].label ? 1 : 0)));
  }
  const gain = right[1].reduce((sum: number, hit, at) => sum + hit - right[0][at], 0);
  const changed = right[1].filter((hit, at) => hit !== right[0][at]).length;
  // One standard error of a paired comparison (McNemar).
  return gain > Math.sqrt(changed) ? SIDE_WEIGHT : 0;
}

type Read = {
  readonly items: readonly Item[];
  readonly trial: Trial;
  readonly evidence: ReadonlyMap<number, HeldEvidence>;
};

/** Of long texts, what they mean takes longer to tell than all else, and counts only where held-out parts show that it helps. */
async function chooseReading(items: readonly Item[], trial: Trial, sideWeight: number): Promise<Read> {
  const read = { items, trial, evidence: await crossPredict(items, trial, sideWeight) };
  if (trial.reading === "whole") return read;
  const unread = (item: Item): Item => ({ ...item, input: withoutMeaning(item.input) });
  const others = items.map(unread);
  const plain: Trial = {
    ...trial,
    // The folds are counted once.
    options: { ...trial.options, progress: () => {} },
    reading: "none",
    named: trial.named.map(unread),
    dual: new Map(),
  };
  const evidence = await crossPredict(others, plain, sideWeight);
  const isWorthIt = areaOf(items, read.evidence) < WORTH_READING * areaOf(items, evidence);
  return isWorthIt ? read : { items: others, trial: plain, evidence };
}

// A twentieth less: of note sections it is a twelfth, elsewhere nothing (docs/log.md, the lead of a long text).
const WORTH_READING = 0.95;

/** Mean share of wrong answers over all coverages, of held-out items by their score. */
function areaOf(items: readonly Item[], evidence: ReadonlyMap<number, Evidence>): number {
  const score = fitScore(items, evidence);
  const seen = [...evidence];
  return meanRisk(
    seen.map(([, { features }]) => predictLogistic(score, features)),
    seen.map(([place, { label }]) => (label === items[place].label ? 0 : 1)),
  );
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

/** Places of examples that the whole model contradicts surely. */
function doubtedIn(items: readonly Item[], evidence: ReadonlyMap<number, HeldEvidence>): ReadonlySet<number> {
  // The guess is left out: that it agrees with the whole says little of who is right, the record or both.
  const own = new Map([...evidence].map(([place, one]) => [place, { ...one, features: ownFeatures(one) }]));
  const score = fitScore(items, own);
  const scores = new Map([...own].map(([place, { features }]) => [place, predictLogistic(score, features)]));
  const above = DOUBT_SHARE * [...scores.values()].reduce((most, one) => Math.max(most, one), 0);
  const contradicted = [...own].filter(([place, { label }]) => label !== items[place].label);
  return new Set(contradicted.map(([place]) => place).filter((place) => (scores.get(place) ?? 0) > above));
}

// A recorded answer that models which never saw it contradict nearly as surely as they ever are is more likely wrong than hard.
const DOUBT_SHARE = 0.85;

const DOUBTED_WEIGHT = 0.1;
