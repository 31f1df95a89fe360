import { hash32, parseJson, type Answer, type Json } from "../../core/index.ts";
import { choiceProbabilities } from "../linear/conditional-logit.ts";
import { scoreRow, type LinearModel } from "../linear/weights.ts";
import { charGrams, pairGrams, wordGrams } from "../text/grams.ts";
import { makeComparison } from "../text/neighbours.ts";
import type { SparseRow, SparseRows } from "../text/sparse.ts";
import type { Block, Vectorizer } from "../text/tfidf.ts";
import { MEANING_DIMENSIONS, meaningOf, wordVectors } from "../text/word-vectors.ts";
import { joinCut, type HoleKind } from "./template-fill-cut.ts";
import { makeCandidates, type Query, type Slots } from "./template-fill-slots.ts";
import { isValueLike, shapeWords, type Source } from "./template-fill-source.ts";
import { looksOf } from "./template-fill-uses.ts";

/** A place of a template that a value goes to. */
export type TemplateHole = {
  readonly key: string;
  readonly kind: HoleKind;
  /** The earlier hole that always held the same value; null when this one has its own. */
  readonly repeats: number | null;
  /** Whether it never held the value of an earlier hole of its key. */
  readonly isDistinct: boolean;
  /** Whether a later hole of its key takes another value: of two like values the first usually comes first. */
  readonly hasTwin: boolean;
};

/** A recurring answer with its values taken out. */
export type AnswerTemplate = {
  readonly fixed: readonly string[];
  readonly holes: readonly TemplateHole[];
  /** Whether the text is JSON to be read. */
  readonly isJson: boolean;
  /** Training examples. */
  readonly count: number;
};

export type TemplateModel = {
  /** By template id; those without examples are never proposed. */
  readonly templates: readonly AnswerTemplate[];
  /** Scores classes; class c stands for template `classes[c]`. */
  readonly linear: LinearModel;
  readonly classes: Uint32Array;
  /** Inputs of all examples, and the template of each; −1 for those not learnt from. */
  readonly rows: SparseRows;
  readonly labels: Int32Array;
  readonly slots: Slots;
  /** Weights of the features of a candidate. */
  readonly fill: readonly number[];
};

/** A whole answer and what speaks for it. */
export type Proposal = {
  readonly template: number;
  readonly text: string;
  readonly features: readonly number[];
};

const CHARACTERS = { from: 2, to: 4 };
const MAX_PAIR_WORDS = 32;
// Shown words, their characters, their pairs, and the words as they stand; in the ratio that serves closed sets.
const WEIGHTS = [1, 1, 0.7, 0.6];
const MEANING_WEIGHT = 1.1;
const NORM = Math.hypot(...WEIGHTS);
const BLOCK_WEIGHTS = WEIGHTS.map((weight) => weight / NORM);

/** The grams of an input: with its values shown by shape, and as it stands. */
export function blocksOf(source: Source): Block[] {
  const shown = shapeWords(source);
  return [
    wordGrams(shown, { from: 1, to: 3 }, 1),
    charGrams(shown, CHARACTERS, 2),
    pairGrams(shown, MAX_PAIR_WORDS, 3),
    wordGrams(
      source.tokens.map(({ lower }) => lower),
      { from: 1, to: 2 },
      4,
    ),
  ].map((grams) => Uint32Array.from(grams));
}

/** The row of an input: grams, then meaning. */
export function rowOf(vectorizer: Vectorizer, source: Source): SparseRow {
  const { row } = vectorizer.vector(blocksOf(source), BLOCK_WEIGHTS);
  const meaning = meaningOf(
    source.tokens.map(({ lower }) => lower),
    wordVectors(),
  );
  const grams = row.columns.length;
  const columns = new Uint32Array(grams + MEANING_DIMENSIONS);
  const values = new Float32Array(grams + MEANING_DIMENSIONS);
  columns.set(row.columns);
  values.set(row.values);
  for (let j = 0; j < MEANING_DIMENSIONS; j += 1) {
    columns[grams + j] = vectorizer.width + j;
    values[grams + j] = MEANING_WEIGHT * meaning[j];
  }
  return { columns, values };
}

export const wordHashes = (source: Source): number[] => [
  ...new Set(source.tokens.map(({ lower }) => hash32(lower))),
];

export type Asked = { readonly source: Source; readonly row: SparseRow };

/** Proposes answers to inputs. Not reentrant: it reuses its arrays. */
export function makeProposer(model: TemplateModel, width: number): (asked: Asked) => Proposal[] {
  const compare = makeComparison(model.rows, width);
  const scores = new Float32Array(model.classes.length);
  return ({ source, row }) => {
    scoreRow(model.linear, row, scores);
    const likeness = compare(row);
    const standings = standingsOf(model, scores, likeness);
    const query = { seen: looksOf(source), words: wordHashes(source), likeness, without: -1 };
    const fill = makeFiller(model, query);
    return shortlist(standings).map((standing) => {
      const filled = fill(standing.template);
      const text = joinCut(model.templates[standing.template].fixed, filled.values);
      return {
        template: standing.template,
        text,
        features: [
          standing.score,
          standing.nearest,
          standing.vote,
          Math.log(model.templates[standing.template].count),
          filled.logSum,
          filled.logLeast,
          -unexplained(source, text),
        ],
      };
    });
  };
}

/** How well a template fits an input, values aside. */
type Standing = {
  readonly template: number;
  readonly score: number;
  /** Likeness to the nearest example of the template. */
  readonly nearest: number;
  /** Share among the nearest examples of all, weighted by likeness. */
  readonly vote: number;
};

const VOTERS = 7;
/** Templates filled: the best by each of two orders. */
const SHORTLIST = 6;

function standingsOf(model: TemplateModel, scores: Float32Array, likeness: Float32Array): Standing[] {
  const nearest = new Float32Array(model.templates.length);
  for (let example = 0; example < model.labels.length; example += 1) {
    const template = model.labels[example];
    if (template >= 0 && likeness[example] > nearest[template]) nearest[template] = likeness[example];
  }
  const voters = mostAlike(model.labels, likeness);
  const all = voters.reduce((sum, example) => sum + likeness[example], 0);
  return Array.from(model.classes, (template, label) => ({
    template,
    score: scores[label],
    nearest: nearest[template],
    vote:
      voters.reduce((sum, example) => sum + (model.labels[example] === template ? likeness[example] : 0), 0) /
      Math.max(all, 1e-9),
  }));
}

/** The examples with a template that are most alike, the likest first, the earlier first among equals. */
function mostAlike(labels: ArrayLike<number>, likeness: Float32Array): number[] {
  const best: number[] = [];
  for (let example = 0; example < labels.length; example += 1) {
    if (labels[example] < 0) continue;
    if (best.length === VOTERS && likeness[example] <= likeness[best[VOTERS - 1]]) continue;
    let place = best.length;
    while (place > 0 && likeness[best[place - 1]] < likeness[example]) place -= 1;
    best.splice(place, 0, example);
    if (best.length > VOTERS) best.pop();
  }
  return best;
}

function shortlist(standings: readonly Standing[]): Standing[] {
  const byScore = [...standings].sort((a, b) => b.score - a.score).slice(0, SHORTLIST);
  const byNearest = [...standings].sort((a, b) => b.nearest - a.nearest).slice(0, SHORTLIST);
  return [...new Set([...byScore, ...byNearest])];
}

type Filled = { readonly values: readonly string[]; readonly logSum: number; readonly logLeast: number };

/** What a hole without candidates counts: as if one of a thousand was guessed. */
const LOG_NOTHING = Math.log(0.001);

/** Fills the holes of a template from left to right, each with its best candidate. */
function makeFiller(model: TemplateModel, query: Query): (template: number) => Filled {
  const candidatesOf = makeCandidates(model.slots, query);
  return (template) => {
    const values: string[] = [];
    const earlier: { key: string; value: string }[] = [];
    let [logSum, logLeast] = [0, 0];
    for (const [place, hole] of model.templates[template].holes.entries()) {
      const { key, repeats } = hole;
      if (repeats !== null) {
        values.push(values[repeats]);
        continue;
      }
      const candidates = candidatesOf({ template, place, hole, earlier });
      const { value, log } = bestOf(candidates, model.fill);
      values.push(value);
      earlier.push({ key, value });
      logSum += log;
      logLeast = Math.min(logLeast, log);
    }
    return { values, logSum, logLeast };
  };
}

function bestOf(
  candidates: readonly { readonly value: string; readonly features: readonly number[] }[],
  weights: readonly number[],
): { value: string; log: number } {
  if (candidates.length === 0) return { value: "", log: LOG_NOTHING };
  const probabilities = choiceProbabilities(
    candidates.map(({ features }) => features),
    weights,
  );
  const best = probabilities.indexOf(Math.max(...probabilities));
  return { value: candidates[best].value, log: Math.log(probabilities[best]) };
}

/** Tokens of the input that look like values and do not stand in the answer. */
function unexplained(source: Source, text: string): number {
  const said = new Set(text.toLowerCase().match(/\p{N}+|[\p{L}\p{M}]+/gu) ?? []);
  return source.tokens.filter(({ lower }, place) => isValueLike(source.tokens, place) && !said.has(lower))
    .length;
}

/** The answer a text stands for; text that should be JSON and is not stays text. */
export function answerFrom(text: string, isJson: boolean): Answer {
  // parseJson only returns what JSON can carry.
  const value = isJson ? (parseJson(text) as Json | undefined) : undefined;
  return value === undefined ? { type: "text", text } : { type: "json", value };
}
