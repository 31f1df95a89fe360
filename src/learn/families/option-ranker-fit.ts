import { HouseError, seededRandom, type FitOptions, type TrainingExample } from "../../core/index.ts";
import { choiceDefaults, fitChoices } from "../linear/choice.ts";
import { conditionalDefaults, fitConditionalLogit } from "../linear/conditional-logit.ts";
import { fitLogistic, logisticDefaults, predictLogistic, type LogisticModel } from "../linear/logistic.ts";
import type { InputBlocks } from "../text/input-blocks.ts";
import { stackRows } from "../text/sparse.ts";
import { fitVocabulary, makeVectorizer } from "../text/tfidf.ts";
import { SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";
import { formKey, formsOf, writeAnswer, type AnswerForm } from "./option-ranker-form.ts";
import {
  choose,
  makeWeigher,
  optionText,
  gramsOf,
  questionRow,
  textInput,
  type RankerModel,
  type Weighed,
} from "./option-ranker-model.ts";
import { rankAmong } from "./closed-set-model.ts";
import { readQuestion, READINGS, type Question, type Reading } from "./option-ranker-parse.ts";

export type FittedRanker = {
  readonly reading: Reading;
  readonly form: AnswerForm;
  readonly model: RankerModel;
  /** Weights of an option's features. */
  readonly stack: readonly number[];
  readonly score: LogisticModel;
};

/** Below this share of examples that choose among what the request offers, ranking offers is not the task. */
const MIN_SHARE_OFFERED = 0.5;
const MIN_EXAMPLES = 10;
/** Largest weight matrix, at one byte each; with the neighbours the artifact stays under 20 MB. */
const MAX_WEIGHTS = 10_000_000;
/** Training questions kept for comparison, the last ones: 2,000 of 500 grams take 5 MB and half a millisecond. */
const MAX_NEIGHBOURS = 2000;
/** Known options beyond this many, the least offered, are ranked by description alone. */
const MAX_KNOWN = 1000;
const FOLDS = 5;
const SHARE_HIDDEN = 0.25;
/** With more examples two parts held out are enough to learn the stack and the score from. */
const MAX_FULLY_HELD = 3000;

/** One question with its grams; chosen is −1 when the answer was none of the options. */
type Item = { readonly question: Question; readonly asked: InputBlocks; readonly chosen: number };

/** Learns to choose among the options of a request. Throws HouseError `nothing-to-do` when the answers are not among them. */
export function fitRanker(examples: readonly TrainingExample[], options: FitOptions): FittedRanker {
  const { reading, form, items } = understand(examples);
  const weighed = crossWeigh(items, options);
  const stack = fitConditionalLogit(
    items.flatMap(({ chosen }, place) => {
      const features = weighed[place]?.features;
      return chosen < 0 || features === undefined ? [] : [{ features, chosen }];
    }),
    conditionalDefaults,
  );
  const choices = weighed.map((one) => (one === null ? null : choose(one, stack)));
  const seen = choices.flatMap((choice, place) => (choice === null ? [] : [{ choice, item: items[place] }]));
  const score = fitLogistic(
    {
      features: seen.map(({ choice }) => choice.features),
      outcomes: seen.map(({ choice, item }) => (choice.place === item.chosen ? 1 : 0)),
    },
    logisticDefaults,
  );
  for (const [place, choice] of choices.entries()) {
    if (choice === null) continue;
    const { name } = items[place].question.options[choice.place];
    const { chosen } = items[place];
    const prediction = { answer: writeAnswer(form, name), score: predictLogistic(score, choice.features) };
    const rank = chosen < 0 || chosen === choice.place ? null : rankAmong(choice.probabilities, chosen);
    options.onHeldOut?.({ place, prediction, rank });
  }
  return { reading, form, model: fitModel(items, options.seed), stack, score };
}

type Understood = { readonly reading: Reading; readonly form: AnswerForm; readonly items: readonly Item[] };

type FoundReading = {
  readonly reading: Reading;
  readonly form: AnswerForm;
  readonly key: string;
  readonly found: number;
};

/** The reading and answer form under which most answers are among the options. */
function findReading(examples: readonly TrainingExample[]): FoundReading | null {
  let best: FoundReading | null = null;
  for (const reading of READINGS) {
    const counts = new Map<string, { form: AnswerForm; found: number }>();
    for (const { input, answer } of examples) {
      const names = new Set(readQuestion(input, reading).options.map(({ name }) => name));
      if (names.size < 2) continue;
      for (const { name, form } of formsOf(answer)) {
        if (!names.has(name)) continue;
        const key = formKey(form);
        counts.set(key, { form: counts.get(key)?.form ?? form, found: (counts.get(key)?.found ?? 0) + 1 });
      }
    }
    for (const [key, { form, found }] of counts) {
      if (best === null || found > best.found) best = { reading, form, key, found };
    }
  }
  return best;
}

function understand(examples: readonly TrainingExample[]): Understood {
  const best = findReading(examples);
  const least = Math.max(MIN_EXAMPLES, MIN_SHARE_OFFERED * examples.length);
  if (best === null || best.found < least) {
    throw new HouseError(
      "nothing-to-do",
      `Cannot fit an option ranker: ${best?.found ?? 0} of ${examples.length} answers are among the options of their request, need ${Math.ceil(least)}`,
    );
  }
  const { reading, form, key } = best;
  return { reading, form, items: examples.map((example) => itemOf(example, reading, key)) };
}

/** Whether the answers of other examples are among their options, read as these examples are. Nothing is chosen where these have no options. */
export function optionsChosen(
  seen: readonly TrainingExample[],
): (examples: readonly TrainingExample[]) => boolean[] {
  const found = findReading(seen);
  return (examples) =>
    examples.map((example) => found !== null && itemOf(example, found.reading, found.key).chosen >= 0);
}

function itemOf({ input, answer }: TrainingExample, reading: Reading, key: string): Item {
  const question = readQuestion(input, reading);
  const name = formsOf(answer).find(({ form }) => formKey(form) === key)?.name;
  const chosen = question.options.findIndex((option) => option.name === name);
  return { question, asked: textInput(question.query), chosen };
}

/** Options weighed by models that did not see the question, null where not held out; equal questions are held out together. */
function crossWeigh(items: readonly Item[], options: FitOptions): (Weighed | null)[] {
  const queries = items.map(({ question }) => question.query);
  const distinct = seededRandom(`folds ${options.seed}`).shuffle([...new Set(queries)]);
  const foldOf = new Map(distinct.map((query, place) => [query, place % FOLDS]));
  const weighed: (Weighed | null)[] = items.map(() => null);
  const held = items.length > MAX_FULLY_HELD ? 2 : FOLDS;
  for (let fold = 0; fold < held; fold += 1) {
    if (options.signal?.aborted) throw new HouseError("cancelled", "Cannot fit an option ranker: cancelled");
    const others = items.filter((_, place) => foldOf.get(queries[place]) !== fold);
    const hidden = fold === 0 ? hiddenOptions(others, options.seed) : new Set<string>();
    const weigh = makeWeigher(fitModel(others, options.seed, hidden));
    for (const [place, { question }] of items.entries()) {
      if (foldOf.get(queries[place]) === fold) weighed[place] = weigh(question);
    }
    options.progress?.({ stage: "train", done: fold + 1, total: held + 1, unit: "fits" });
  }
  return weighed;
}

/** Options that one part is weighed without knowing: from these the stack learns what a description alone is worth. */
function hiddenOptions(items: readonly Item[], seed: number): Set<string> {
  const known = seededRandom(`hidden ${seed}`).shuffle(knownOptions(items));
  return new Set(known.slice(0, Math.ceil(known.length * SHARE_HIDDEN)));
}

function fitModel(
  items: readonly Item[],
  seed: number,
  hidden: ReadonlySet<string> = new Set(),
): RankerModel {
  const known = knownOptions(items).filter((name) => !hidden.has(name));
  const placeOf = new Map(known.map((name, place) => [name, place]));
  const described = new Set(
    items.flatMap(({ question }) => question.options.map(({ name, text }) => optionText(name, text))),
  );
  const vocabulary = fitVocabulary(
    [...items.map(({ asked }) => asked.blocks), ...[...described].map((text) => textInput(text).blocks)],
    {
      minTexts: 2,
      maxGrams: Math.floor(MAX_WEIGHTS / Math.max(1, known.length)),
    },
  );
  const vectorizer = makeVectorizer(vocabulary);
  const choices = items.flatMap((item) => {
    const names = item.question.options.map(({ name }) => name).filter((name) => placeOf.has(name));
    const chosen = item.chosen < 0 ? -1 : names.indexOf(item.question.options[item.chosen].name);
    if (chosen < 0) return [];
    // Every name kept is known.
    const offers = Uint32Array.from(names, (name) => placeOf.get(name) as number);
    const row = questionRow(vectorizer, item.asked);
    return [{ row, near: gramsOf(row), offers, chosen }];
  });
  const rows = stackRows(choices.map(({ row }) => row));
  const data = {
    rows,
    offers: choices.map(({ offers }) => offers),
    chosen: Int32Array.from(choices, ({ chosen }) => chosen),
    options: known.length,
    width: vectorizer.width + SENTENCE_DIMENSIONS,
  };
  const linear = fitChoices(data, choiceDefaults, seededRandom(seed));
  const labels = Uint32Array.from(choices, ({ offers, chosen }) => offers[chosen]);
  return {
    vocabulary,
    known,
    linear,
    ...countOffers(data.offers, labels, known.length),
    neighbours: {
      rows: stackRows(choices.slice(-MAX_NEIGHBOURS).map(({ near }) => near)),
      labels: labels.slice(-MAX_NEIGHBOURS),
    },
  };
}

/** Names offered at least twice, the most offered first, then by name. */
function knownOptions(items: readonly Item[]): string[] {
  const counts = new Map<string, number>();
  for (const { question } of items) {
    for (const { name } of question.options) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const frequent = [...counts].filter(([, count]) => count >= 2);
  frequent.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return frequent.slice(0, MAX_KNOWN).map(([name]) => name);
}

function countOffers(
  offers: readonly Uint32Array[],
  labels: Uint32Array,
  options: number,
): { offered: Uint32Array; chosen: Uint32Array } {
  const offered = new Uint32Array(options);
  const chosen = new Uint32Array(options);
  for (const [r, places] of offers.entries()) {
    for (const place of places) offered[place] += 1;
    chosen[labels[r]] += 1;
  }
  return { offered, chosen };
}
