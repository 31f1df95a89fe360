import type { ModelConfig, RopeScaling } from "../model-config.ts";

// Far above any model this engine can hold, low enough that a hostile file cannot make loops or names without end.
const MAX_LAYERS = 1024;
const MAX_WIDTH = 2 ** 20;
const MAX_VOCABULARY = 2 ** 22;

/** What is wrong with a configuration, or null: sizes that fit each other, and an architecture with the parts it always has. */
export function configFault(config: ModelConfig): string | null {
  return countFault(config) ?? relationFault(config) ?? numberFault(config) ?? architectureFault(config);
}

function countFault(config: ModelConfig): string | null {
  const limits: readonly (readonly [name: string, value: number, most: number])[] = [
    ["the vocabulary size", config.vocabularySize, MAX_VOCABULARY],
    ["the hidden size", config.hiddenSize, MAX_WIDTH],
    ["the intermediate size", config.intermediateSize, MAX_WIDTH],
    ["the number of layers", config.layers, MAX_LAYERS],
    ["the number of heads", config.heads, MAX_WIDTH],
    ["the number of key-value heads", config.kvHeads, MAX_WIDTH],
    ["the head size", config.headSize, MAX_WIDTH],
    ["the context size", config.contextSize, 2 ** 31],
  ];
  for (const [name, value, most] of limits)
    if (!Number.isInteger(value) || value < 1 || value > most)
      return `${name} is ${JSON.stringify(value)}, expected a whole number from 1 to ${most}`;
  return null;
}

function relationFault({ heads, kvHeads, headSize }: ModelConfig): string | null {
  if (heads % kvHeads !== 0) return `${heads} heads cannot share ${kvHeads} key-value heads`;
  return headSize % 2 === 0 ? null : `the head size is ${headSize}, expected an even number`;
}

function numberFault({ ropeTheta, normEpsilon, ropeScaling }: ModelConfig): string | null {
  if (!(Number.isFinite(ropeTheta) && ropeTheta > 0))
    return `the rotary base is ${ropeTheta}, expected above 0`;
  if (!(Number.isFinite(normEpsilon) && normEpsilon >= 0))
    return `the epsilon of the norms is ${normEpsilon}, expected 0 or more`;
  return ropeScaling === null ? null : scalingFault(ropeScaling);
}

function scalingFault(scaling: RopeScaling): string | null {
  if (!(scaling.factor >= 1))
    return `the factor of the rotary scaling is ${scaling.factor}, expected at least 1`;
  if (scaling.kind === "linear") return null;
  const { lowFrequencyFactor: low, highFrequencyFactor: high, originalContextSize: original } = scaling;
  const isSound = low > 0 && high > low && original > 0;
  return isSound
    ? null
    : `the rotary scaling llama3 has low ${low}, high ${high}, original context ${original}`;
}

function architectureFault({ architecture, attentionBias, qkNorm }: ModelConfig): string | null {
  switch (architecture) {
    case "llama":
      if (attentionBias) return "a llama with biases on q, k and v is the architecture qwen2";
      return qkNorm ? "a llama with norms on q and k is the architecture qwen3" : null;
    case "qwen2":
      return attentionBias && !qkNorm ? null : "a qwen2 has biases on q, k and v, and no norms on q and k";
    case "qwen3":
      return qkNorm && !attentionBias ? null : "a qwen3 has norms on q and k, and no biases on q, k and v";
  }
}
