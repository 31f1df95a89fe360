import type { TaskKind } from "../../core/index.ts";
import { quantize } from "../linear/quantize.ts";
import { makeVectorizer } from "../text/tfidf.ts";
import { MEANING_DIMENSIONS } from "../text/word-vectors.ts";
import { packArtifact, unpackArtifact } from "./artifact.ts";
import type { LexicalFamily, LexicalSpecialist } from "./lexical.ts";
import { fitTemplates, type FittedTemplates } from "./template-fill-fit.ts";
import { judgeProposals, type Judge } from "./template-fill-judge.ts";
import { answerFrom, makeProposer, rowOf, type AnswerTemplate } from "./template-fill-model.ts";
import { slotsOf, type Background } from "./template-fill-slots.ts";
import { sourceOf } from "./template-fill-source.ts";
import type { Use } from "./template-fill-uses.ts";

const IDENTITY = { kind: "template-fill", version: 1 };
// Not texts at large: redaction is better copied, and on a few calibration examples this looked better than it was.
const KINDS: readonly TaskKind[] = ["sql", "code"];
/** With fewer, folds hold too few of each template to learn a score from. */
const MIN_EXAMPLES = 60;

/** Tasks whose answers are a recurring text with values copied from the input: SQL over one schema, snippets of code. */
export const templateFill: LexicalFamily = {
  kind: IDENTITY.kind,
  rank: 4,
  suits: (profile) => KINDS.includes(profile.kind) && profile.examples >= MIN_EXAMPLES,
  fit: async (examples, options) => pack(await fitTemplates(examples, options)),
  load,
};

type Meta = {
  readonly templates: readonly AnswerTemplate[];
  readonly uses: readonly Use[];
  readonly words: readonly (readonly number[])[];
  readonly spans: number;
  readonly looks: { readonly [part: string]: readonly (readonly [string | number, number])[] };
  readonly fill: readonly number[];
  readonly judge: Judge;
};

function pack({ vocabulary, model, background, uses, words, judge }: FittedTemplates): Uint8Array {
  const { weights, scales } = quantize(model.linear);
  const meta: Meta = {
    templates: model.templates,
    uses,
    words,
    spans: background.spans,
    looks: Object.fromEntries(Object.entries(background.counts).map(([part, counts]) => [part, [...counts]])),
    fill: model.fill,
    judge,
  };
  return packArtifact(IDENTITY, meta, {
    hashes: vocabulary.hashes,
    idf: vocabulary.idf,
    levels: weights,
    scales,
    bias: model.linear.bias,
    classes: model.classes,
    labels: Uint32Array.from(model.labels),
    rowStarts: model.rows.starts,
    rowColumns: model.rows.columns,
    rowValues: model.rows.values,
  });
}

function load(artifact: Uint8Array): LexicalSpecialist {
  const { meta, array } = unpackArtifact(artifact, IDENTITY);
  // Written by `pack` of this version.
  const { templates, uses, words, spans, looks, fill, judge } = meta as unknown as Meta;
  const vectorizer = makeVectorizer({
    hashes: array("hashes", "Uint32Array"),
    idf: array("idf", "Float32Array"),
  });
  const counts = Object.fromEntries(
    Object.entries(looks).map(([part, entries]) => [part, new Map(entries)]),
  ) as unknown as Background["counts"];
  const levels = array("levels", "Int8Array");
  const classes = array("classes", "Uint32Array");
  const model = {
    templates,
    linear: {
      classes: classes.length,
      weights: levels,
      scales: array("scales", "Float32Array"),
      bias: array("bias", "Float32Array"),
    },
    classes,
    rows: {
      starts: array("rowStarts", "Uint32Array"),
      columns: array("rowColumns", "Uint32Array"),
      values: array("rowValues", "Float32Array"),
    },
    labels: Int32Array.from(array("labels", "Uint32Array")),
    slots: slotsOf(uses, words, { spans, counts }),
    fill,
  };
  const propose = makeProposer(model, vectorizer.width + MEANING_DIMENSIONS);
  return {
    description: {
      kind: IDENTITY.kind,
      parameters:
        levels.length + classes.length + fill.length + judge.rerank.length + judge.score.weights.length + 1,
    },
    predict: (input) => {
      const source = sourceOf(input);
      const proposals = propose({ source, row: rowOf(vectorizer, source) });
      const { place, score } = judgeProposals(judge, proposals);
      const { template, text } = proposals[place];
      return { answer: answerFrom(text, templates[template].isJson), score };
    },
  };
}
