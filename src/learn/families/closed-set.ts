import type { Answer, Json, TaskKind } from "../../core/index.ts";
import { predictLogistic, type LogisticModel } from "../linear/logistic.ts";
import { checkEncoder, encoderId, OUTLINE_DIMENSIONS, SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";
import { quantize } from "../linear/quantize.ts";
import { inputBlocks } from "../text/input-blocks.ts";
import { packArtifact, unpackArtifact } from "./artifact.ts";
import type { Glance } from "./closed-set-glance.ts";
import { fitClosedSet, type FittedClosedSet } from "./closed-set-fit.ts";
import { makeJudge } from "./closed-set-model.ts";
import type { LexicalFamily, LexicalSpecialist } from "./lexical.ts";

const IDENTITY = { kind: "closed-set", version: 7 };
const KINDS: readonly TaskKind[] = ["label", "json", "tool-call"];
const MIN_SHARE_REPEATED = 0.8;
/** More answers than this are no closed set, and their weights would not fit the artifact's cap. */
export const MAX_ANSWERS = 400;

/** Tasks whose answers come from a closed set: labels, small JSON, tool calls with closed arguments. */
export const closedSet: LexicalFamily = {
  kind: IDENTITY.kind,
  rank: 1,
  suits: (profile) =>
    KINDS.includes(profile.kind) &&
    profile.shareRepeatedAnswers >= MIN_SHARE_REPEATED &&
    profile.answers <= MAX_ANSWERS,
  fit: async (examples, options) => pack(await fitClosedSet(examples, options)),
  load,
};

type Meta = {
  readonly answers: readonly Answer[];
  readonly score: LogisticModel;
  readonly glance: Glance | null;
  readonly sideWeight: number;
  readonly reading: "whole" | readonly number[] | "none";
  /** The encoder that meanings are told by; null where they are not read. Otherwise there is an array "guess". */
  readonly encoder: string | null;
};

function pack({ answers, score, glance, model }: FittedClosedSet): Uint8Array {
  const { vocabulary, linear } = model;
  const { weights, scales } = quantize(linear);
  // Answers are JSON by type; the score is numbers.
  const { sideWeight, reading, guess } = model;
  const encoder = reading === "none" ? null : encoderId();
  const written = typeof reading === "string" ? reading : [...reading];
  const meta = { answers, score, glance, sideWeight, reading: written, encoder } as unknown as Json;
  return packArtifact(IDENTITY, meta, {
    hashes: vocabulary.hashes,
    idf: vocabulary.idf,
    levels: weights,
    scales,
    bias: linear.bias,
    examples: model.examples,
    ...(guess === null ? {} : { guess: guess.weights }),
  });
}

function load(artifact: Uint8Array): LexicalSpecialist {
  const { meta, array } = unpackArtifact(artifact, IDENTITY);
  // Written by `pack` of this version.
  const { answers, score, glance, sideWeight, encoder, reading: written } = meta as unknown as Meta;
  if (encoder !== null) checkEncoder(IDENTITY.kind, encoder);
  const reading = typeof written === "string" ? written : new Set(written);
  const bias = array("bias", "Float32Array");
  const levels = array("levels", "Int8Array");
  const guess =
    encoder === null
      ? null
      : {
          inputs: OUTLINE_DIMENSIONS,
          outputs: SENTENCE_DIMENSIONS,
          weights: array("guess", "Float32Array"),
        };
  const judge = makeJudge({
    reading,
    guess,
    vocabulary: { hashes: array("hashes", "Uint32Array"), idf: array("idf", "Float32Array") },
    sideWeight,
    linear: {
      classes: answers.length,
      weights: levels,
      scales: array("scales", "Float32Array"),
      bias,
    },
    examples: array("examples", "Uint32Array"),
  });
  const ofGlance = (guess?.weights.length ?? 0) + (glance === null ? 0 : glance.score.weights.length + 1);
  const parameters = levels.length + bias.length + score.weights.length + 1 + ofGlance;
  return {
    description: { kind: IDENTITY.kind, parameters },
    predict: (input) => {
      const judgement = judge(inputBlocks(input, reading));
      const first = judgement.glance;
      if (first !== null && glance !== null) {
        const sure = predictLogistic(glance.score, first.features);
        if (sure >= glance.above) return { answer: answers[first.label], score: sure };
      }
      const { label, features } = judgement.whole();
      return { answer: answers[label], score: predictLogistic(score, features) };
    },
  };
}
