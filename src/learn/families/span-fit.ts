import { seededRandom, type Answer, type FitOptions, type TrainingExample } from "../../core/index.ts";
import { CRF_DEFAULTS, type CrfOptions } from "../tagger/crf.ts";
import { alignedOf } from "./span-fold.ts";
import { align } from "./span-frame.ts";
import { inferForm, type Form } from "./span-form.ts";
import { frameworkOf, meanModel, type Aligned, type SpanModel } from "./span-model.ts";
import { fitScore, memoryOf, scoreOf, type Memory, type ScoreModel } from "./span-score.ts";
import { sourceOf, type TextSource } from "./span-source.ts";
import { fitFolds } from "./span-threads.ts";

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

export type Item = Prepared["items"][number];

/** Beyond this many steps a member gains nothing that its time is worth: with many examples, fewer passes and folds. */
const MAX_STEPS = 80_000;
const MANY_EXAMPLES = 6000;
const FEWER_FOLDS = 4;

function optionsFor(examples: number, { folds, crf }: SpanOptions): SpanOptions {
  const fewer = examples > MANY_EXAMPLES ? Math.min(folds, FEWER_FOLDS) : folds;
  const rows = (examples * (fewer - 1)) / fewer;
  const epochs = Math.max(2, Math.min(crf.epochs, Math.round(MAX_STEPS / Math.max(1, rows))));
  return { folds: fewer, crf: { ...crf, epochs } };
}

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
  const { seed } = run;
  const { folds, crf } = optionsFor(items.length, options);
  const places = seededRandom(`span-copy ${seed}`).shuffle([...items.keys()]);
  const shuffled = places.map((place) => items[place]);
  const aligned = alignedOf(items);
  const job = { items: shuffled, shared: frameworkOf(form, aligned), folds, crf, seed };
  const results = await fitFolds(job, run);
  const score = fitScore(
    results.flatMap(({ features }) => features),
    results.flatMap(({ right }) => right),
  );
  for (const [fold, { answers, features }] of results.entries()) {
    const held = places.filter((_, index) => index % folds === fold);
    for (const [at, place] of held.entries()) {
      const prediction = { answer: answers[at], score: scoreOf(score, features[at]) };
      run.onHeldOut?.({ place, prediction, rank: null });
    }
  }
  return {
    model: meanModel(
      results.map(({ member }) => member),
      aligned,
    ),
    score,
    memory: memoryOf(aligned),
    shareExpressible: prepared.shareExpressible,
  };
}
