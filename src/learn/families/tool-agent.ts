import { HouseError } from "../../core/index.ts";
import { HASHED_WEIGHTS } from "../linear/hashed-choice.ts";
import { decide, readView, type AgentForm } from "./agent-model.ts";
import { fitAgent, type FittedAgent } from "./agent-fit.ts";
import { agentFeatures } from "./agent-score.ts";
import { packArtifact, unpackArtifact } from "./artifact.ts";
import type { LexicalFamily, LexicalSpecialist } from "./lexical.ts";
import { scoreOf, type ScoreModel } from "./span-score.ts";

const IDENTITY = { kind: "tool-agent", version: 1 };
const MIN_EXAMPLES = 30;

/**
 * The next step of an agent with tools: answer or call, which tool, which arguments, another call or not; each a decision over
 * the whole request, results and earlier calls among it. A text that has to be written is recognised and left to the large model.
 */
export const toolAgent: LexicalFamily = {
  kind: IDENTITY.kind,
  rank: 4,
  suits: (profile) => profile.kind === "tool-call" && profile.examples >= MIN_EXAMPLES,
  fit: async (examples, options) => {
    if (examples.length === 0)
      throw new HouseError("nothing-to-do", "Cannot fit a tool agent: there are no examples");
    return pack(await fitAgent(examples, options));
  },
  load,
};

type Meta = {
  readonly form: AgentForm;
  readonly score: ScoreModel;
  readonly scored: readonly string[];
};

/** Weights that share a scale: a strong one coarsens no more than these. */
const BLOCK = 256;
const TOP_LEVEL = 127;

function pack({ model, score, memory, scored }: FittedAgent): Uint8Array {
  const meta: Meta = { form: model.form, score, scored };
  const levels = new Int8Array(HASHED_WEIGHTS);
  const scales = new Float32Array(HASHED_WEIGHTS / BLOCK);
  for (let block = 0; block < scales.length; block += 1) {
    const weights = model.weights.subarray(block * BLOCK, (block + 1) * BLOCK);
    scales[block] = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / TOP_LEVEL;
    if (scales[block] === 0) continue;
    for (const [at, weight] of weights.entries())
      levels[block * BLOCK + at] = Math.round(weight / scales[block]);
  }
  return packArtifact(IDENTITY, meta, {
    levels,
    scales,
    memoryKeys: Uint32Array.from(memory.keys()),
    memoryCounts: Uint32Array.from(memory.values()),
  });
}

function load(artifact: Uint8Array): LexicalSpecialist {
  const { meta, array } = unpackArtifact(artifact, IDENTITY);
  // Written by `pack` of this version.
  const { form, score, scored } = meta as unknown as Meta;
  const levels = array("levels", "Int8Array");
  const scales = array("scales", "Float32Array");
  const counts = array("memoryCounts", "Uint32Array");
  const memory = new Map([...array("memoryKeys", "Uint32Array")].map((key, at) => [key, counts[at]]));
  const weights = Float32Array.from(levels, (level, at) => level * scales[Math.floor(at / BLOCK)]);
  return {
    description: {
      kind: IDENTITY.kind,
      parameters: levels.reduce((sum, level) => sum + (level === 0 ? 0 : 1), score.weights.length),
    },
    predict(input) {
      const view = readView(form, input);
      const reading = decide({ form, weights }, view);
      if (reading.isDeclined) return { answer: reading.answer, score: 0 };
      return { answer: reading.answer, score: scoreOf(score, agentFeatures(reading, view, memory, scored)) };
    },
  };
}
