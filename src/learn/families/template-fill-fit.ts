import { setImmediate } from "node:timers/promises";
import {
  canonicalAnswer,
  HouseError,
  seededRandom,
  type FitOptions,
  type Prediction,
  type TrainingExample,
} from "../../core/index.ts";
import { conditionalDefaults, fitConditionalLogit, type DenseChoice } from "../linear/conditional-logit.ts";
import { fitSvm, svmDefaults } from "../linear/svm.ts";
import { makeComparison } from "../text/neighbours.ts";
import { pickRows, rowAt, stackRows, type SparseRows } from "../text/sparse.ts";
import { fitVocabulary, makeVectorizer, type Vocabulary } from "../text/tfidf.ts";
import { MEANING_DIMENSIONS } from "../text/word-vectors.ts";
import type { Cut } from "./template-fill-cut.ts";
import { itemsOf, refuseUnshared, templatesOf, type Item } from "./template-fill-items.ts";
import { fitJudge, judgeProposals, type Judge, type Trial } from "./template-fill-judge.ts";
import {
  answerFrom,
  blocksOf,
  makeProposer,
  rowOf,
  wordHashes,
  type AnswerTemplate,
  type Proposal,
  type TemplateModel,
} from "./template-fill-model.ts";
import { backgroundOf, makeCandidates, slotsOf, type Background } from "./template-fill-slots.ts";
import { usesOf, type Use } from "./template-fill-uses.ts";

export type FittedTemplates = {
  readonly vocabulary: Vocabulary;
  readonly model: TemplateModel;
  readonly background: Background;
  readonly uses: readonly Use[];
  readonly words: readonly (readonly number[])[];
  readonly judge: Judge;
};

const FOLDS = 5;
/** Most examples learnt from: each leaves its row, some 3 kB, in the artifact. */
const MAX_EXAMPLES = 2000;
// One example in so many also stands for a request unlike any learnt from: without, a task learnt perfectly is sure of all.
const STRANGE_EVERY = 10;
const SVM_COST = 3;
/** Largest weight matrix: at one byte a weight it leaves room for the rest under the cap of the artifact. */
const MAX_WEIGHTS = 12_000_000;
/** Holes the ranking of candidates is learnt from: enough for its few weights. */
const MAX_CHOICES = 1200;
const FILL_STEPS = 60;

/** All that folds share. */
type Ground = {
  readonly items: readonly Item[];
  readonly rows: SparseRows;
  readonly width: number;
  readonly words: readonly (readonly number[])[];
  readonly background: Background;
  readonly uses: readonly Use[];
  readonly keys: number;
};

/** Learns templates, how to choose and fill them, and the score. Throws HouseError `nothing-to-do` when answers share no templates. */
export async function fitTemplates(
  examples: readonly TrainingExample[],
  options: FitOptions,
): Promise<FittedTemplates> {
  const places = somePlaces(examples.length, options.seed);
  const items = itemsOf(places.map((place) => examples[place]));
  refuseUnshared(items);
  const templates = Math.max(...items.map(({ template }) => template)) + 1;
  const vocabulary = fitVocabulary(
    items.map(({ source }) => blocksOf(source)),
    { minTexts: 1, maxGrams: Math.floor(MAX_WEIGHTS / templates) },
  );
  const vectorizer = makeVectorizer(vocabulary);
  const ground: Ground = {
    items,
    rows: stackRows(items.map(({ source }) => rowOf(vectorizer, source))),
    width: vectorizer.width + MEANING_DIMENSIONS,
    words: items.map(({ source }) => wordHashes(source)),
    background: backgroundOf(items.map(({ seen }) => seen)),
    uses: items.flatMap(({ cut, seen, template }, example) =>
      cut === null || template < 0 ? [] : usesOf(cut, seen, { example, template }),
    ),
    keys: templates,
  };
  const fill = fitFill(ground, options.seed);
  const trials = await crossPropose(ground, fill, options);
  const judge = fitJudge(trials, templates);
  const model = fitModel(ground, fill, { keep: () => true, seed: options.seed });
  for (const [item, prediction] of heldOut(model, trials, judge))
    options.onHeldOut?.({ place: places[item], prediction, rank: null });
  return {
    vocabulary,
    model,
    background: ground.background,
    uses: ground.uses,
    words: ground.words,
    judge,
  };
}

/** Of all examples, or of a random choice of as many as an artifact can hold. */
function somePlaces(examples: number, seed: number): number[] {
  const all = [...Array(examples).keys()];
  return examples <= MAX_EXAMPLES
    ? all
    : seededRandom(`examples ${seed}`).shuffle(all).slice(0, MAX_EXAMPLES);
}

/** What the models of the folds say of the examples they had not seen, by place among the items. */
function* heldOut(
  { templates }: TemplateModel,
  trials: readonly Trial[],
  judge: Judge,
): Generator<[number, Prediction]> {
  for (const { item, proposals } of trials) {
    if (item === null || proposals.length === 0) continue;
    const { place, score } = judgeProposals(judge, proposals);
    const { template, text } = proposals[place];
    yield [item, { answer: answerFrom(text, templates[template].isJson), score }];
  }
}

type Part = { readonly keep: (example: number) => boolean; readonly seed: number };

/** A model of the examples kept. */
function fitModel(ground: Ground, fill: readonly number[], { keep, seed }: Part): TemplateModel {
  const templates = templatesOf(ground, keep);
  const labels = Int32Array.from(ground.items, ({ template }, example) => (keep(example) ? template : -1));
  const classes = Uint32Array.from(templates.keys()).filter((id) => templates[id].count > 0);
  const classOf = new Map([...classes].map((id, label) => [id, label]));
  const places = [...labels.keys()].filter((example) => labels[example] >= 0);
  const linear = fitSvm(
    {
      rows: pickRows(ground.rows, places),
      labels: Uint32Array.from(places, (example) => classOf.get(labels[example]) as number),
      classes: classes.length,
      width: ground.width,
    },
    { ...svmDefaults, cost: SVM_COST },
    seededRandom(seed),
  );
  const slots = slotsOf(
    ground.uses.filter(({ example }) => keep(example)),
    ground.words,
    ground.background,
  );
  return { templates, linear, classes, rows: ground.rows, labels, slots, fill };
}

/** Weights of the features of candidates, each example seen as if it had not been learnt from. */
function fitFill(ground: Ground, seed: number): number[] {
  const slots = slotsOf(ground.uses, ground.words, ground.background);
  const templates = templatesOf(ground, () => true);
  const compare = makeComparison(ground.rows, ground.width);
  const choices: DenseChoice[] = [];
  for (const example of seededRandom(`fill ${seed}`).shuffle([...ground.items.keys()])) {
    if (choices.length >= MAX_CHOICES) break;
    const item = ground.items[example];
    if (item.cut === null || item.template < 0) continue;
    const likeness = compare(rowAt(ground.rows, example));
    const query = { seen: item.seen, words: ground.words[example], likeness, without: example };
    choices.push(
      ...choicesOf(item.cut, item.template, templates[item.template], makeCandidates(slots, query)),
    );
  }
  return fitConditionalLogit(choices, { ...conditionalDefaults, steps: FILL_STEPS });
}

function choicesOf(
  cut: Cut,
  template: number,
  { holes }: AnswerTemplate,
  candidatesOf: ReturnType<typeof makeCandidates>,
): DenseChoice[] {
  const earlier: { key: string; value: string }[] = [];
  return cut.holes.flatMap(({ key, value }, place) => {
    if (holes[place].repeats !== null) return [];
    const candidates = candidatesOf({ template, place, hole: holes[place], earlier: [...earlier] });
    earlier.push({ key, value });
    const chosen = candidates.findIndex((candidate) => candidate.value === value);
    return chosen < 0 ? [] : [{ features: candidates.map(({ features }) => features), chosen }];
  });
}

/** The proposals for each example by a model that did not see it. */
async function crossPropose(ground: Ground, fill: readonly number[], options: FitOptions): Promise<Trial[]> {
  const { items } = ground;
  const texts = [...new Set(items.map(({ source }) => source.text))];
  // Equal inputs are held out together.
  const foldOfText = new Map(
    seededRandom(`folds ${options.seed}`)
      .shuffle(texts)
      .map((text, place) => [text, place % FOLDS]),
  );
  const foldOf = items.map(({ source }) => foldOfText.get(source.text) as number);
  const trials: Trial[] = [];
  for (let fold = 0; fold < FOLDS; fold += 1) {
    // A fold takes seconds: between folds others get their turn.
    await setImmediate();
    if (options.signal?.aborted) {
      throw new HouseError(
        "cancelled",
        `Cannot finish template filling: cancelled in fold ${fold + 1} of ${FOLDS}`,
      );
    }
    const model = fitModel(ground, fill, {
      keep: (example) => foldOf[example] !== fold,
      seed: options.seed,
    });
    const propose = makeProposer(model, ground.width);
    for (const [example, item] of items.entries()) {
      if (foldOf[example] !== fold) continue;
      const proposals = propose({ source: item.source, row: rowAt(ground.rows, example) });
      trials.push({
        item: example,
        proposals,
        isRight: proposals.map((proposal) => isRight(item, proposal)),
      });
      if (example % STRANGE_EVERY === 0) trials.push(strangeTrial(proposals, item));
    }
    options.progress?.({ stage: "template-fill", done: fold + 1, total: FOLDS + 1, unit: "fits" });
  }
  return trials;
}

/** The trial as if the template of the item had never been learnt: whatever is proposed then is wrong. */
function strangeTrial(proposals: readonly Proposal[], { template }: Item): Trial {
  const others = proposals.filter((proposal) => proposal.template !== template);
  return { item: null, proposals: others, isRight: others.map(() => false) };
}

const isRight = (item: Item, proposal: Proposal): boolean =>
  canonicalAnswer(answerFrom(proposal.text, item.isJson)) === item.canonical;
