import { hash32, type Random } from "../../core/index.ts";
import { linksOf } from "../tagger/chain.ts";
import {
  decode,
  fitCrf,
  meanCrf,
  scoresOf,
  type Crf,
  type CrfOptions,
  type Decoded,
  type Row,
  type TrainRow,
} from "../tagger/crf.ts";
import { dictionaryOf, entryKey, type Entries } from "../tagger/dictionary.ts";
import { buildLattice, pathOf, segmentsOf, type Lattice } from "../tagger/lattice.ts";
import { lexiconOf } from "../tagger/lexicon.ts";
import { observe, type ObserveOptions } from "../tagger/observe.ts";
import { tagsOf, type Frame } from "./span-frame.ts";
import type { Form } from "./span-form.ts";
import type { TextSource } from "./span-source.ts";

/** An example whose answer the form can express. */
export type Aligned = { readonly source: TextSource; readonly frame: Frame };

/** All that is learnt but the estimate of the confidence. Plain data. */
export type SpanModel = {
  readonly form: Form;
  /** Which closed field (by its order) is chosen together with the tags; −1 for none. */
  readonly headField: number;
  readonly components: readonly (readonly number[])[];
  readonly frequent: readonly number[];
  readonly dictionary: Entries;
  readonly tokenKeys: Uint32Array;
  readonly headKeys: Uint32Array;
  readonly weights: Crf;
  /** One classifier per closed field that is not the head, in order. */
  readonly closed: readonly Crf[];
};

// A chain over all head values is built up to this many states; beyond it the head is chosen apart from the tags.
const MAX_STATES = 1200;
// A word that marks a place stands in at least this share of the examples, and in at least five.
const FREQUENT_SHARE = 0.01;
const FREQUENT_LEAST = 5;
// Features seen once are noise and most of the memory; of many examples those seen twice are the same, and an artifact has to stay under 20 MB.
const MIN_FEATURE_COUNT = 2;
const MIN_FEATURE_COUNT_OF_MANY = 3;
const MANY_EXAMPLES = 6000;

/** What the members of an ensemble share: the graph and the feature index, made from all examples without their answers' paths. */
export type Frameworks = {
  readonly form: Form;
  readonly headField: number;
  readonly components: readonly (readonly number[])[];
  readonly lattice: Lattice;
  readonly frequent: readonly number[];
  readonly tokenKeys: Uint32Array;
  readonly headKeys: Uint32Array;
};

export function frameworkOf(form: Form, examples: readonly Aligned[]): Frameworks {
  const tags = tagsOf(form);
  const headField = headOf(form, examples, tags.length);
  const components = componentsOf(form, examples, headField, tags.length);
  const lattice = latticeFor(form, components);
  const frequent = frequentWords(examples);
  const looked = {
    frequent: new Set(frequent),
    dictionary: dictionaryOf(entriesOf(examples)),
    lexicon: lexiconOf(),
  };
  const seen = examples.map(({ source, frame }) =>
    observe(source, { ...looked, own: ownValues(source, frame) }),
  );
  const least = examples.length > MANY_EXAMPLES ? MIN_FEATURE_COUNT_OF_MANY : MIN_FEATURE_COUNT;
  const tokenKeys = frequentKeys(
    seen.flatMap((observed) => observed.tokens),
    least,
  );
  const headKeys = frequentKeys(
    seen.map((observed) => observed.head),
    least,
  );
  return { form, headField, components, lattice, frequent, tokenKeys, headKeys };
}

const latticeFor = (form: Form, components: readonly (readonly number[])[]): Lattice => {
  const tags = tagsOf(form);
  return buildLattice({ components, tags: tags.length, repeatable: tags.map((tag) => tag.isRepeatable) });
};

export function fitModel(
  shared: Frameworks,
  examples: readonly Aligned[],
  options: CrfOptions,
  random: Random,
): SpanModel {
  const { form, headField, components, lattice, frequent, tokenKeys, headKeys } = shared;
  const entries = entriesOf(examples);
  const looked = { frequent: new Set(frequent), dictionary: dictionaryOf(entries), lexicon: lexiconOf() };
  const index = { token: indexOf(tokenKeys), head: indexOf(headKeys) };
  const rows = examples.map(({ source, frame }) => ({
    ...rowOf(observe(source, { ...looked, own: ownValues(source, frame) }), maskOf(source), index),
    frame,
  }));
  const sizes = { lattice, tokenRows: tokenKeys.length, headRows: headKeys.length };
  const trainable = rows.flatMap((row): TrainRow[] => {
    const head = headField < 0 ? 0 : row.frame.closed[headField];
    const path = pathOf(lattice, head, row.frame.segments, row.tokens.length);
    return path === null ? [] : [{ ...row, path }];
  });
  const weights = fitCrf(trainable, sizes, options, random);
  const closed = closedFields(form)
    .filter(({ order }) => order !== headField)
    .map(({ order, size }) => fitClosed(rows, { order, size, headRows: headKeys.length }, options, random));
  return { form, headField, components, frequent, dictionary: entries, tokenKeys, headKeys, weights, closed };
}

/** One model with the mean weights of models that share a framework; its dictionary is made from `examples`. */
export function meanModel(models: readonly SpanModel[], examples: readonly Aligned[]): SpanModel {
  const closed = models[0].closed.map((_, order) => meanCrf(models.map((model) => model.closed[order])));
  return {
    ...models[0],
    weights: meanCrf(models.map((model) => model.weights)),
    closed,
    dictionary: entriesOf(examples),
  };
}

/** What a model needs at hand to answer. */
export type Reader = {
  readonly model: SpanModel;
  readonly lattice: Lattice;
  read(source: TextSource): Reading;
};

export type Reading = {
  readonly frame: Frame;
  readonly decoded: Decoded;
  /** ln P of the chosen values of the closed fields other than the head. */
  readonly closedLog: number;
  /** Rows of unknown features mark what is new: share of tokens never seen. */
  readonly row: Row;
};

export function readerOf(model: SpanModel): Reader {
  const lattice = latticeFor(model.form, model.components);
  const links = linksOf(lattice, model.weights.link);
  const options: ObserveOptions = {
    frequent: new Set(model.frequent),
    dictionary: dictionaryOf(model.dictionary),
    lexicon: lexiconOf(),
  };
  const index = { token: indexOf(model.tokenKeys), head: indexOf(model.headKeys) };
  const fields = closedFields(model.form);
  const small = fields
    .filter(({ order }) => order !== model.headField)
    .map(({ size }) => choiceLattice(size));
  const read = (source: TextSource): Reading => {
    const row = rowOf(observe(source, options), maskOf(source), index);
    const decoded = decode(lattice, scoresOf(lattice, model.weights, row), links);
    const choices = small.map((choice, at) => choose(choice, model.closed[at], row));
    let next = 0;
    const closed = fields.map(({ order }) =>
      order === model.headField ? lattice.headOf[decoded.path[0]] : choices[next++].value,
    );
    const closedLog = choices.reduce((sum, choice) => sum + choice.log, 0);
    return { frame: { closed, segments: segmentsOf(lattice, decoded.path) }, decoded, closedLog, row };
  };
  return { model, lattice, read };
}

/** The closed fields of a form, by their order among themselves. */
function closedFields(form: Form): { order: number; size: number }[] {
  const closed = form.fields.filter((field) => field.kind === "closed");
  return closed.map((field, order) => ({ order, size: field.values.length }));
}

const choiceLattice = (size: number): Lattice =>
  buildLattice({ components: Array.from({ length: size }, () => []), tags: 0, repeatable: [] });

const noTokens = (row: Row): Row => ({
  tokens: [new Int32Array(0)],
  split: new Int32Array(1),
  head: row.head,
  mask: Uint8Array.of(2),
});

function fitClosed(
  rows: readonly (Row & { frame: Frame })[],
  field: { order: number; size: number; headRows: number },
  options: CrfOptions,
  random: Random,
): Crf {
  const lattice = choiceLattice(field.size);
  const choices = rows.map((row) => ({
    ...noTokens(row),
    path: Int32Array.of(row.frame.closed[field.order]),
  }));
  return fitCrf(choices, { lattice, tokenRows: 0, headRows: field.headRows }, options, random);
}

function choose(lattice: Lattice, weights: Crf, row: Row): { value: number; log: number } {
  const decoded = decode(lattice, scoresOf(lattice, weights, noTokens(row)), linksOf(lattice, weights.link));
  return { value: decoded.path[0], log: decoded.logProbability };
}

/** The closed field that says most about which tags occur, in nats of mutual information summed over the tags. */
function headOf(form: Form, examples: readonly Aligned[], tags: number): number {
  let best = -1;
  let most = 0.05;
  for (const { order, size } of closedFields(form)) {
    const information = informationOf(examples, order, tags);
    const states = componentsOf(form, examples, order, tags).reduce(
      (sum, allowed) => sum + 1 + 3 * allowed.length,
      0,
    );
    if (information > most && size > 1 && states <= MAX_STATES) {
      most = information;
      best = order;
    }
  }
  return best;
}

function informationOf(examples: readonly Aligned[], order: number, tags: number): number {
  const groups = new Map<number, { count: number; has: Float64Array }>();
  const all = new Float64Array(tags);
  for (const { frame } of examples) {
    const value = frame.closed[order];
    const group = groups.get(value) ?? { count: 0, has: new Float64Array(tags) };
    groups.set(value, group);
    group.count += 1;
    for (const tag of new Set(frame.segments.map((segment) => segment.tag))) {
      group.has[tag] += 1;
      all[tag] += 1;
    }
  }
  const entropy = (p: number): number =>
    p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  let sum = 0;
  for (let tag = 0; tag < tags; tag += 1) {
    sum += entropy(all[tag] / examples.length);
    for (const group of groups.values())
      sum -= (group.count / examples.length) * entropy(group.has[tag] / group.count);
  }
  return sum;
}

function componentsOf(form: Form, examples: readonly Aligned[], headField: number, tags: number): number[][] {
  if (headField < 0) return [Array.from({ length: tags }, (_, tag) => tag)];
  const sets = Array.from({ length: closedFields(form)[headField].size }, () => new Set<number>());
  for (const { frame } of examples)
    for (const segment of frame.segments) sets[frame.closed[headField]].add(segment.tag);
  return sets.map((set) => [...set].sort((a, b) => a - b));
}

function frequentWords(examples: readonly Aligned[]): number[] {
  const counts = new Map<number, number>();
  for (const { source } of examples) {
    for (const word of new Set(source.tokens.map((token) => hash32(token.text.toLowerCase()))))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const least = Math.max(FREQUENT_LEAST, FREQUENT_SHARE * examples.length);
  return [...counts]
    .filter(([, count]) => count >= least)
    .map(([word]) => word)
    .sort((a, b) => a - b);
}

/** Values of one example with their tags. */
function ownValues(source: TextSource, frame: Frame): Map<number, Set<number>> {
  const own = new Map<number, Set<number>>();
  for (const { tag, start, end } of frame.segments) {
    const key = entryKey(source.tokens.slice(start, end).map((token) => token.text.toLowerCase()));
    own.set(key, (own.get(key) ?? new Set<number>()).add(tag));
  }
  return own;
}

function entriesOf(examples: readonly Aligned[]): Map<number, Map<number, number>> {
  const entries = new Map<number, Map<number, number>>();
  for (const { source, frame } of examples) {
    for (const [key, tags] of ownValues(source, frame)) {
      const counts = entries.get(key) ?? new Map<number, number>();
      entries.set(key, counts);
      for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
  }
  return entries;
}

/** No segment runs into a new part; the end sign stands outside. */
function maskOf(source: TextSource): Uint8Array {
  const mask = new Uint8Array(source.tokens.length + 1);
  for (const begin of source.begins) mask[begin] = 1;
  mask[source.tokens.length] = 2;
  return mask;
}

function frequentKeys(lists: readonly Uint32Array[], least: number): Uint32Array {
  const counts = new Map<number, number>();
  for (const list of lists) for (const key of list) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Uint32Array.from([...counts].filter(([, count]) => count >= least).map(([key]) => key)).sort();
}

type Index = ReadonlyMap<number, number>;

function indexOf(keys: Uint32Array): Index {
  const index = new Map<number, number>();
  keys.forEach((key, row) => index.set(key, row));
  return index;
}

function rowOf(
  seen: { tokens: readonly Uint32Array[]; split: Int32Array; head: Uint32Array },
  mask: Uint8Array,
  index: { token: Index; head: Index },
): Row {
  const split = new Int32Array(seen.tokens.length);
  const tokens = seen.tokens.map((keys, at) => {
    const rows: number[] = [];
    keys.forEach((key, order) => {
      if (order === seen.split[at]) split[at] = rows.length;
      const row = index.token.get(key);
      if (row !== undefined) rows.push(row);
    });
    if (seen.split[at] === keys.length) split[at] = rows.length;
    return Int32Array.from(rows);
  });
  const head = [...seen.head].flatMap((key) => index.head.get(key) ?? []);
  return { tokens, split, head: Int32Array.from(head), mask };
}
