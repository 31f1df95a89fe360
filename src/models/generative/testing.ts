import { copyFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { seededRandom } from "../../core/index.ts";
import {
  adapterShapes,
  initialWeights,
  saveModelFolder,
  type ModelConfig,
  type Tensor,
} from "../../engine/index.ts";
import type { GenerativeParts } from "./artifact.ts";
import type { Base } from "./base.ts";

const TOKENIZER = resolve(import.meta.dirname, "../../../base");

const TINY: ModelConfig = {
  architecture: "llama",
  vocabularySize: 4096,
  hiddenSize: 32,
  intermediateSize: 64,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 16,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 1024,
  bosTokenId: 1,
  eosTokenIds: [2],
};

/** Writes a tiny untrained base with the tokenizer of the shipped one into a folder that is there. */
export async function writeTinyBase(folder: string, seed: number): Promise<void> {
  await saveModelFolder(folder, TINY, initialWeights(TINY, seed));
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    copyFileSync(join(TOKENIZER, name), join(folder, name));
}

/** A specialist that learnt nothing: a random adapter on a base, or random weights of its own. */
export function randomSpecialist(base: Base, rank: number | null): GenerativeParts {
  const adapter =
    rank === null ? null : { rank, alpha: 2 * rank, targets: ["q_proj", "v_proj", "down_proj"] };
  const tensors = adapter === null ? initialWeights(base.config, 99) : randomTensors(base, adapter);
  const city = { type: "object", properties: { city: { type: "string", maxLength: 8 } }, required: ["city"] };
  return {
    base: base.hash,
    answerForm: "json",
    grammar: { schema: { ...city, additionalProperties: false } },
    copying: { paths: [], isExclusive: false, closed: [] },
    listings: [],
    lexicon: { paths: [".a"], totals: [1], values: {}, words: {} },
    maxPromptTokens: 64,
    maxAnswerTokens: 32,
    samples: 0,
    adapter,
    tensors,
  };
}

function randomTensors(
  { config }: Base,
  adapter: { rank: number; alpha: number; targets: readonly string[] },
): Map<string, Tensor> {
  const random = seededRandom("adapter");
  const shapes = adapterShapes(config, { kind: "lora", ...adapter });
  // Float16 holds these exactly: what goes through an artifact comes out the same.
  const value = (): number => Math.round((random.next() - 0.5) * 64) / 256;
  const tensorOf = (shape: readonly number[]): Tensor => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value),
  });
  return new Map([...shapes].map(([name, shape]) => [name, tensorOf(shape)]));
}
