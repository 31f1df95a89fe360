import type { TaskKind } from "../../core/index.ts";
import { checkEncoder, encoderId } from "../encoder/shipped.ts";
import { predictLogistic, type LogisticModel } from "../linear/logistic.ts";
import { quantize } from "../linear/quantize.ts";
import { packArtifact, unpackArtifact } from "./artifact.ts";
import type { LexicalFamily, LexicalSpecialist } from "./lexical.ts";
import { writeAnswer, type AnswerForm } from "./option-ranker-form.ts";
import { fitRanker, type FittedRanker } from "./option-ranker-fit.ts";
import { choose, makeWeigher } from "./option-ranker-model.ts";
import { readQuestion, type Reading } from "./option-ranker-parse.ts";

const IDENTITY = { kind: "option-ranker", version: 2 };
const KINDS: readonly TaskKind[] = ["label", "json", "tool-call"];
const MIN_SHARE_OFFERED = 0.8;

/** Tasks whose answer is one of the options that stand in the request itself; new options work by their description. */
export const optionRanker: LexicalFamily = {
  kind: IDENTITY.kind,
  rank: 2,
  suits: (profile) => KINDS.includes(profile.kind) && profile.shareAnswerOffered >= MIN_SHARE_OFFERED,
  // Async by contract; the work itself is one long computation.
  fit: async (examples, options) => pack(fitRanker(examples, options)),
  load,
};

type Meta = {
  readonly reading: Reading;
  readonly form: AnswerForm;
  readonly known: readonly string[];
  readonly stack: readonly number[];
  readonly score: LogisticModel;
  /** The encoder that meanings are told by. */
  readonly encoder: string;
};

function pack({ reading, form, model, stack, score }: FittedRanker): Uint8Array {
  const { vocabulary, linear, neighbours } = model;
  const { weights, scales } = quantize(linear);
  const meta: Meta = { reading, form, known: model.known, stack, score, encoder: encoderId() };
  return packArtifact(IDENTITY, meta, {
    hashes: vocabulary.hashes,
    idf: vocabulary.idf,
    levels: weights,
    scales,
    bias: linear.bias,
    offered: model.offered,
    chosen: model.chosen,
    neighbourStarts: neighbours.rows.starts,
    neighbourColumns: neighbours.rows.columns,
    neighbourValues: Uint8Array.from(neighbours.rows.values, (value) => Math.round(value * 255)),
    neighbourLabels: neighbours.labels,
  });
}

function load(artifact: Uint8Array): LexicalSpecialist {
  const { meta, array } = unpackArtifact(artifact, IDENTITY);
  // Written by `pack` of this version.
  const { reading, form, known, stack, score, encoder } = meta as unknown as Meta;
  checkEncoder(IDENTITY.kind, encoder);
  const levels = array("levels", "Int8Array");
  const weigh = makeWeigher({
    vocabulary: { hashes: array("hashes", "Uint32Array"), idf: array("idf", "Float32Array") },
    known,
    linear: {
      classes: known.length,
      weights: levels,
      scales: array("scales", "Float32Array"),
      bias: array("bias", "Float32Array"),
    },
    offered: array("offered", "Uint32Array"),
    chosen: array("chosen", "Uint32Array"),
    neighbours: {
      rows: {
        starts: array("neighbourStarts", "Uint32Array"),
        columns: array("neighbourColumns", "Uint32Array"),
        values: Float32Array.from(array("neighbourValues", "Uint8Array"), (value) => value / 255),
      },
      labels: array("neighbourLabels", "Uint32Array"),
    },
  });
  return {
    description: {
      kind: IDENTITY.kind,
      parameters: levels.length + known.length + stack.length + score.weights.length + 1,
    },
    predict: (input) => {
      const question = readQuestion(input, reading);
      const choice = choose(weigh(question), stack);
      // A request without options is answered by the sample, with no confidence at all.
      if (choice === null) return { answer: form.sample, score: 0 };
      const { name } = question.options[choice.place];
      return { answer: writeAnswer(form, name), score: predictLogistic(score, choice.features) };
    },
  };
}
