import { setImmediate } from "node:timers/promises";
import {
  canonicalAnswer,
  HouseError,
  seededRandom,
  type Answer,
  type FitOptions,
  type TrainingExample,
} from "../../core/index.ts";
import {
  conditionalDefaults,
  choiceProbabilities,
  fitConditionalLogit,
  type DenseChoice,
} from "../linear/conditional-logit.ts";
import { fitLogistic, logisticDefaults, type LogisticModel } from "../linear/logistic.ts";
import { fitSvm, svmDefaults } from "../linear/svm.ts";
import { makeComparison } from "../text/neighbours.ts";
import { pickRows, rowAt, stackRows, type SparseRows } from "../text/sparse.ts";
import { fitVocabulary, makeVectorizer, type Vocabulary } from "../text/tfidf.ts";
import { MEANING_DIMENSIONS } from "../text/word-vectors.ts";
import { closeHoles, cutAnswer, namesIn, templateKey, type Cut } from "./template-fill-cut.ts";
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
import { sourceOf, type Source } from "./template-fill-source.ts";
import { looksOf, usesOf, type Seen, type Use } from "./template-fill-uses.ts";

export type FittedTemplates = {
  readonly vocabulary: Vocabulary;
  readonly model: TemplateModel;
  readonly background: Background;
  readonly uses: readonly Use[];
  readonly words: readonly (readonly number[])[];
  readonly rerank: readonly number[];
  readonly score: LogisticModel;
};

const FOLDS = 5;
const SVM_COST = 3;
/** Largest weight matrix: at one byte a weight it leaves room for the rest under the cap of the artifact. */
const MAX_WEIGHTS = 12_000_000;
/** Most templates that are told apart; the rest, the rarest, are not learnt. */
const MAX_TEMPLATES = 400;
/** Below this share of examples that share their template with another, templates are not the task. */
const MIN_SHARE_SHARED = 0.5;
/** Holes the ranking of candidates is learnt from: enough for its few weights. */
const MAX_CHOICES = 1200;
const FILL_STEPS = 60;

/** An example taken apart; template is −1 when its answer is not one of the learnt templates. */
type Item = {
  readonly source: Source;
  readonly seen: readonly Seen[];
  readonly cut: Cut | null;
  readonly isJson: boolean;
  readonly template: number;
  readonly canonical: string;
};

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
  const items = itemsOf(examples);
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
  const judged = await crossPropose(ground, fill, options);
  const rerank = fitRerank(items, judged);
  const score = fitScore(items, judged, rerank);
  const { model } = fitModel(ground, fill, { keep: () => true, seed: options.seed });
  return {
    vocabulary,
    model,
    background: ground.background,
    uses: ground.uses,
    words: ground.words,
    rerank,
    score,
  };
}

function itemsOf(examples: readonly TrainingExample[]): Item[] {
  const texts = examples.map(({ answer }) => textOf(answer));
  const sources = examples.map(({ input }) => sourceOf(input));
  const copied = copiedNames(texts, sources);
  const cuts = closeConstants(
    texts.map((text) => (text === null ? null : cutAnswer(text, (name) => copied.has(name)))),
  );
  const places = templatePlaces(cuts);
  return examples.map(({ answer }, place) => {
    const cut = cuts[place];
    return {
      source: sources[place],
      seen: looksOf(sources[place]),
      cut,
      isJson: answer.type === "json",
      template: cut === null ? -1 : (places.get(templateKey(cut)) ?? -1),
      canonical: canonicalAnswer(answer),
    };
  });
}

/** Tool calls are no texts: null. */
function textOf(answer: Answer): string | null {
  if (answer.type === "tool-calls") return null;
  return answer.type === "json" ? JSON.stringify(answer.value) : answer.text.trim();
}

const MIN_SHARE_COPIED = 0.8;

/** Bare names that stand in the input nearly whenever they stand in the answer. */
function copiedNames(texts: readonly (string | null)[], sources: readonly Source[]): Set<string> {
  const counts = new Map<string, { all: number; copied: number }>();
  for (const [place, text] of texts.entries()) {
    for (const name of new Set(namesIn(text ?? ""))) {
      const count = counts.get(name) ?? { all: 0, copied: 0 };
      counts.set(name, count);
      count.all += 1;
      if (sources[place].text.includes(name)) count.copied += 1;
    }
  }
  return new Set(
    [...counts].flatMap(([name, { all, copied }]) => (copied >= MIN_SHARE_COPIED * all ? [name] : [])),
  );
}

/** Holes whose key only ever held one value become fixed text. */
function closeConstants(cuts: readonly (Cut | null)[]): (Cut | null)[] {
  const values = new Map<string, Set<string>>();
  for (const cut of cuts) {
    for (const { key, value } of cut?.holes ?? []) values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  return cuts.map((cut) => (cut === null ? null : closeHoles(cut, ({ key }) => values.get(key)?.size === 1)));
}

/** Ids of the most frequent templates, in order of their text. */
function templatePlaces(cuts: readonly (Cut | null)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const cut of cuts) {
    if (cut !== null) counts.set(templateKey(cut), (counts.get(templateKey(cut)) ?? 0) + 1);
  }
  const kept = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, MAX_TEMPLATES);
  return new Map(
    kept
      .map(([key]) => key)
      .sort()
      .map((key, place) => [key, place]),
  );
}

function refuseUnshared(items: readonly Item[]): void {
  const counts = new Map<number, number>();
  for (const { template } of items) counts.set(template, (counts.get(template) ?? 0) + 1);
  const shared = items.filter(({ template }) => template >= 0 && (counts.get(template) ?? 0) > 1).length;
  if (shared > 0 && shared >= MIN_SHARE_SHARED * items.length) return;
  throw new HouseError(
    "nothing-to-do",
    `Cannot fit a template-fill specialist: ${shared} of ${items.length} answers share their template with another, expected at least half`,
  );
}

/** The templates of these examples by id, with the holes that always repeat an earlier one. */
function templatesOf({ items, keys }: Ground, keep: (example: number) => boolean): AnswerTemplate[] {
  const groups = Array.from({ length: keys }, (): Item[] => []);
  for (const [example, item] of items.entries())
    if (item.template >= 0 && keep(example)) groups[item.template].push(item);
  return groups.map((group) => {
    const cuts = group.flatMap(({ cut }) => (cut === null ? [] : [cut]));
    if (cuts.length === 0) return { fixed: [], holes: [], isJson: false, count: 0 };
    const [{ fixed, holes }] = cuts;
    return {
      fixed,
      holes: holes.map(({ key, kind }, place) => {
        const repeats = holes.findIndex(
          (_, other) =>
            other < place && cuts.every((cut) => cut.holes[other].value === cut.holes[place].value),
        );
        return {
          key,
          kind,
          repeats: repeats < 0 ? null : repeats,
          isDistinct: isDistinctAt(cuts, place),
          hasTwin: hasTwinAt(cuts, place),
        };
      }),
      isJson: group[0].isJson,
      count: cuts.length,
    };
  });
}

function isDistinctAt(cuts: readonly Cut[], place: number): boolean {
  return cuts.every(({ holes }) =>
    holes.every(
      ({ key, value }, other) => other >= place || key !== holes[place].key || value !== holes[place].value,
    ),
  );
}

const hasTwinAt = (cuts: readonly Cut[], place: number): boolean =>
  cuts.some(({ holes }) =>
    holes.some(
      ({ key, value }, other) => other > place && key === holes[place].key && value !== holes[place].value,
    ),
  );

type Part = { readonly keep: (example: number) => boolean; readonly seed: number };

/** A model of the examples kept. */
function fitModel(ground: Ground, fill: readonly number[], { keep, seed }: Part): { model: TemplateModel } {
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
  return { model: { templates, linear, classes, rows: ground.rows, labels, slots, fill } };
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
async function crossPropose(
  ground: Ground,
  fill: readonly number[],
  options: FitOptions,
): Promise<Proposal[][]> {
  const { items } = ground;
  const texts = [...new Set(items.map(({ source }) => source.text))];
  // Equal inputs are held out together.
  const foldOfText = new Map(
    seededRandom(`folds ${options.seed}`)
      .shuffle(texts)
      .map((text, place) => [text, place % FOLDS]),
  );
  const foldOf = items.map(({ source }) => foldOfText.get(source.text) as number);
  const proposals: Proposal[][] = items.map(() => []);
  for (let fold = 0; fold < FOLDS; fold += 1) {
    // A fold takes seconds: between folds others get their turn.
    await setImmediate();
    if (options.signal?.aborted) {
      throw new HouseError(
        "cancelled",
        `Cannot finish template filling: cancelled in fold ${fold + 1} of ${FOLDS}`,
      );
    }
    const { model } = fitModel(ground, fill, {
      keep: (example) => foldOf[example] !== fold,
      seed: options.seed,
    });
    const propose = makeProposer(model, ground.width);
    for (const [example, { source }] of items.entries()) {
      if (foldOf[example] === fold)
        proposals[example] = propose({ source, row: rowAt(ground.rows, example) });
    }
    options.progress?.({ stage: "template-fill", done: fold + 1, total: FOLDS + 1, unit: "fits" });
  }
  return proposals;
}

const isRight = (item: Item, proposal: Proposal): boolean =>
  canonicalAnswer(answerFrom(proposal.text, item.isJson)) === item.canonical;

function fitRerank(items: readonly Item[], judged: readonly (readonly Proposal[])[]): number[] {
  const choices = judged.flatMap((proposals, example): DenseChoice[] => {
    const chosen = proposals.findIndex((proposal) => isRight(items[example], proposal));
    return chosen < 0 ? [] : [{ features: proposals.map(({ features }) => features), chosen }];
  });
  const weights = fitConditionalLogit(choices, conditionalDefaults);
  // Without one right proposal nothing is learnt; any fixed order will do.
  return weights.length > 0 ? weights : (judged[0][0]?.features ?? []).map(() => 1);
}

function fitScore(
  items: readonly Item[],
  judged: readonly (readonly Proposal[])[],
  rerank: readonly number[],
): LogisticModel {
  const seen = judged.flatMap((proposals, example) => {
    if (proposals.length === 0) return [];
    const { best, features } = choose(proposals, rerank);
    return [{ features, outcome: isRight(items[example], best) ? 1 : 0 }];
  });
  return fitLogistic(
    { features: seen.map(({ features }) => features), outcomes: seen.map(({ outcome }) => outcome) },
    logisticDefaults,
  );
}

/** The best of some proposals, and what speaks for it; every feature rises with how sure one may be. */
export function choose(
  proposals: readonly Proposal[],
  rerank: readonly number[],
): { best: Proposal; features: number[] } {
  const probabilities = choiceProbabilities(
    proposals.map(({ features }) => features),
    rerank,
  );
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const best = proposals[order[0]];
  const second = proposals[order[1] ?? -1];
  const margin = second === undefined ? 1 : probabilities[order[0]] - probabilities[order[1]];
  const logOdds = Math.log((probabilities[order[0]] + 1e-4) / (1 - probabilities[order[0]] + 1e-4));
  const others = (feature: number): number =>
    Math.max(0, ...proposals.flatMap((one) => (one === best ? [] : [one.features[feature]])));
  return {
    best,
    features: [...best.features, margin, logOdds, -others(0), -others(1)],
  };
}
