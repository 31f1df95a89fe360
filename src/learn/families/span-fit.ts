import { setImmediate } from "node:timers/promises";
import {
  canonicalAnswer,
  HouseError,
  seededRandom,
  type Answer,
  type FitOptions,
  type TrainingExample,
} from "../../core/index.ts";
import { CRF_DEFAULTS, type CrfOptions } from "../tagger/crf.ts";
import { align, assemble } from "./span-frame.ts";
import { inferForm, type Form } from "./span-form.ts";
import {
  fitModel,
  frameworkOf,
  meanModel,
  readerOf,
  type Aligned,
  type Reader,
  type SpanModel,
} from "./span-model.ts";
import { fitScore, memoryOf, scoreFeatures, type Memory, type ScoreModel } from "./span-score.ts";
import { sourceOf, type TextSource } from "./span-source.ts";

/** A whole specialist as plain data. */
export type SpanSpecialist = {
  readonly model: SpanModel;
  readonly score: ScoreModel;
  readonly memory: Memory;
  /** Share of the examples whose answer the form can express: no specialist of this family can agree more often. */
  readonly shareExpressible: number;
};

export type SpanOptions = { readonly folds: number; readonly crf: CrfOptions };

export const SPAN_DEFAULTS: SpanOptions = { folds: 5, crf: CRF_DEFAULTS };

export type Prepared = {
  readonly form: Form;
  readonly items: readonly {
    readonly source: TextSource;
    readonly aligned: Aligned | null;
    readonly answer: Answer;
  }[];
  readonly shareExpressible: number;
};

/** The form of the answers and every example's decisions. */
export function prepare(examples: readonly TrainingExample[]): Prepared {
  const form = inferForm(examples);
  const items = examples.map(({ input, answer }) => {
    const source = sourceOf(input, form.sources);
    const frame = align(form, source, answer);
    return { source, aligned: frame === null ? null : { source, frame }, answer };
  });
  const count = items.filter(({ aligned }) => aligned !== null).length;
  return { form, items, shareExpressible: examples.length === 0 ? 0 : count / examples.length };
}

type Item = Prepared["items"][number];

/**
 * Trains one model per fold on the other folds; each judges the examples it has not seen, and from these judgements the
 * confidence is learnt. The specialist is the mean of the models: a bagged ensemble at the price of one.
 */
export async function fitSpans(
  prepared: Prepared,
  options: SpanOptions,
  run: FitOptions,
): Promise<SpanSpecialist> {
  const { form, items } = prepared;
  const { seed, progress, signal } = run;
  const random = seededRandom(`span-copy ${seed}`);
  const shuffled = random.shuffle(items);
  const shared = frameworkOf(form, alignedOf(items));
  const folds = Array.from({ length: options.folds }, (_, fold) => fold);
  const features: number[][] = [];
  const right: boolean[] = [];
  const members: SpanModel[] = [];
  for (const fold of folds) {
    // A fold takes seconds: between folds others get their turn.
    await setImmediate();
    if (signal?.aborted)
      throw new HouseError(
        "cancelled",
        `Cannot finish span copying: cancelled in fold ${fold + 1} of ${options.folds}`,
      );
    const seen = shuffled.filter((_, index) => index % options.folds !== fold);
    const member = fitModel(shared, alignedOf(seen), options.crf, seededRandom(`span-copy ${seed} ${fold}`));
    const reader = readerOf(member);
    const memory = memoryOf(alignedOf(seen));
    for (const item of shuffled.filter((_, index) => index % options.folds === fold)) {
      const judged = judge(reader, memory, item);
      features.push(judged.features);
      right.push(judged.isRight);
    }
    members.push(member);
    progress?.({ stage: "span-copy", done: fold + 1, total: options.folds, unit: "folds" });
  }
  const aligned = alignedOf(items);
  return {
    model: meanModel(members, aligned),
    score: fitScore(features, right),
    memory: memoryOf(aligned),
    shareExpressible: prepared.shareExpressible,
  };
}

const alignedOf = (items: readonly Item[]): Aligned[] =>
  items.flatMap(({ aligned }) => (aligned === null ? [] : [aligned]));

function judge(reader: Reader, memory: Memory, item: Item): { features: number[]; isRight: boolean } {
  const reading = reader.read(item.source);
  const answer = assemble(reader.model.form, item.source, reading.frame);
  return {
    features: scoreFeatures(item.source, reading, reader.model, memory),
    isRight: canonicalAnswer(answer) === canonicalAnswer(item.answer),
  };
}
