import { canonicalAnswer, seededRandom, type Answer } from "../../core/index.ts";
import type { CrfOptions } from "../tagger/crf.ts";
import type { Item } from "./span-fit.ts";
import { assemble } from "./span-frame.ts";
import {
  fitModel,
  readerOf,
  type Aligned,
  type Frameworks,
  type Reader,
  type SpanModel,
} from "./span-model.ts";
import { memoryOf, scoreFeatures, type Memory } from "./span-score.ts";

/** What all folds of a fit have in common. Plain data: a thread gets a copy. */
export type FoldsJob = {
  /** In the order that decides the folds. */
  readonly items: readonly Item[];
  readonly shared: Frameworks;
  readonly folds: number;
  readonly crf: CrfOptions;
  readonly seed: number;
};

/** A model of the other folds, and what it says of the examples of its own. */
export type FoldResult = {
  readonly member: SpanModel;
  /** An answer, its features and whether it is right, for each example of the fold, in order. */
  readonly answers: readonly Answer[];
  readonly features: readonly (readonly number[])[];
  readonly right: readonly boolean[];
};

/** Pure: the same in any thread. */
export function fitFold({ items, shared, folds, crf, seed }: FoldsJob, fold: number): FoldResult {
  const seen = alignedOf(items.filter((_, index) => index % folds !== fold));
  const member = fitModel(shared, seen, crf, seededRandom(`span-copy ${seed} ${fold}`));
  const reader = readerOf(member);
  const memory = memoryOf(seen);
  const judged = items
    .filter((_, index) => index % folds === fold)
    .map((item) => judge(reader, memory, item));
  return {
    member,
    answers: judged.map(({ answer }) => answer),
    features: judged.map(({ features }) => features),
    right: judged.map(({ isRight }) => isRight),
  };
}

export const alignedOf = (items: readonly Item[]): Aligned[] =>
  items.flatMap(({ aligned }) => (aligned === null ? [] : [aligned]));

type Judged = { readonly answer: Answer; readonly features: number[]; readonly isRight: boolean };

function judge(reader: Reader, memory: Memory, item: Item): Judged {
  const reading = reader.read(item.source);
  const answer = assemble(reader.model.form, item.source, reading.frame);
  return {
    answer,
    features: scoreFeatures(item.source, reading, reader.model, memory),
    isRight: canonicalAnswer(answer) === canonicalAnswer(item.answer),
  };
}
