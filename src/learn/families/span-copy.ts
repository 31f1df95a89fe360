import { HouseError, type FitOptions, type TrainingExample } from "../../core/index.ts";
import type { LexicalFamily, LexicalSpecialist } from "./lexical.ts";
import { fitSpans, prepare, SPAN_DEFAULTS, type SpanSpecialist } from "./span-fit.ts";
import { assemble, tagsOf } from "./span-frame.ts";
import { readerOf } from "./span-model.ts";
import { packSpans, unpackSpans } from "./span-pack.ts";
import { scoreFeatures, scoreOf } from "./span-score.ts";
import { sourceOf } from "./span-source.ts";

// Below this share most answers need words that are not in the input; another family serves better.
const MIN_SHARE_EXPRESSIBLE = 0.6;
// Fewer examples leave each fold too little to learn a confidence from.
const MIN_EXAMPLES = 20;
const MIN_SHARE_COPIED = 0.3;

/**
 * Answers built of decisions: constants, choices from closed lists, and values copied from spans of the input, as JSON, as one tool
 * call, or as the input with spans replaced. A conditional random field chooses all of them together; every answer is valid.
 */
export const spanCopy: LexicalFamily = {
  kind: "span-copy",
  rank: 3,
  suits(profile) {
    if (profile.examples < MIN_EXAMPLES) return false;
    // A rewritten text is no copy as a whole, so text is tried and refused by `fit` where it does not fit.
    if (profile.kind === "text") return profile.shareRepeatedAnswers < 0.9;
    return (
      (profile.kind === "json" || profile.kind === "tool-call") && profile.shareCopied >= MIN_SHARE_COPIED
    );
  },
  async fit(examples: readonly TrainingExample[], options: FitOptions): Promise<Uint8Array> {
    const prepared = prepare(examples);
    const share = prepared.shareExpressible;
    if (
      examples.length < MIN_EXAMPLES ||
      share < MIN_SHARE_EXPRESSIBLE ||
      tagsOf(prepared.form).length === 0
    ) {
      const percent = Math.round(100 * share);
      throw new HouseError(
        "nothing-to-do",
        `Cannot learn span copying from ${examples.length} examples of which ${percent} % copy their values: need ${MIN_EXAMPLES} and ${100 * MIN_SHARE_EXPRESSIBLE} %`,
      );
    }
    return packSpans(await fitSpans(prepared, SPAN_DEFAULTS, options));
  },
  load(artifact: Uint8Array): LexicalSpecialist {
    return specialistOf(unpackSpans(artifact));
  },
};

/** Share of the examples whose answers this family can express: the ceiling of its agreement. */
export function expressible(examples: readonly TrainingExample[]): number {
  return prepare(examples).shareExpressible;
}

function specialistOf({ model, score, memory }: SpanSpecialist): LexicalSpecialist {
  const reader = readerOf(model);
  const counts = [model.weights, ...model.closed].map(
    ({ token, head, link }) => token.length + head.length + link.length,
  );
  const parameters = counts.reduce((sum, count) => sum + count, score.weights.length);
  return {
    description: { kind: "span-copy", parameters },
    predict(input) {
      const source = sourceOf(input, model.form.sources);
      const reading = reader.read(source);
      const answer = assemble(model.form, source, reading.frame);
      // What was cut off may hold values that the answer lacks.
      if (source.isCut) return { answer, score: 0 };
      return { answer, score: scoreOf(score, scoreFeatures(source, reading, model, memory)) };
    },
  };
}
