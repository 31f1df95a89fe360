import {
  adamDefaults,
  initialAdapter,
  train,
  type ModelConfig,
  type Trainable,
  type TrainingSequence,
  type Weights,
} from "../../src/engine/index.ts";
import { CONFIG, ROW } from "./material.ts";
import { stopwatch, type Cost, type Measured } from "./measure.ts";

/** Tokens of one optimizer step. */
export const STEP_TOKENS = 2048;
/** The first step of a run opens the session and warms up. */
const WARM_STEPS = 1;
const SEED = 1;
const LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

export const FULL: Trainable = { mode: "full" };
export const LORA: Extract<Trainable, { mode: "adapter" }> = {
  mode: "adapter",
  kind: "lora",
  rank: 16,
  alpha: 32,
  targets: LINEAR,
};

export type TrainingRound = {
  /** Tokens of the steps after the first. */
  readonly measured: Measured;
  readonly parameters: Weights;
  readonly loss: number;
};

/** Trains for some steps with the trainer that the product uses, in this thread, and measures whole steps, AdamW included. */
export async function trainingRound(
  start: Weights,
  trainable: Trainable,
  rows: readonly TrainingSequence[],
): Promise<TrainingRound> {
  const steps = (rows.length * ROW) / STEP_TOKENS;
  const whole = stopwatch();
  const times: Cost[] = [];
  const adapter =
    trainable.mode === "adapter" ? initialAdapter(CONFIG, start, trainable, SEED).tensors : new Map();
  const { parameters, history } = await train(
    {
      config: CONFIG,
      trainable,
      objective: { kind: "cross-entropy" },
      isCausal: true,
      start: new Map([...start, ...adapter]),
      sequences: rows,
      development: [],
      options: {
        passes: 1,
        maxSteps: null,
        tokensPerShard: STEP_TOKENS,
        shardsPerStep: 1,
        schedule: { learningRate: 3e-3, warmupSteps: 4, decay: "constant", finalShare: 1 },
        adam: adamDefaults,
        clipNorm: 1,
        evaluateEvery: steps,
        patience: null,
        seed: SEED,
        threads: 0,
        maxBytes: null,
      },
    },
    { progress: () => times.push(whole()) },
  );
  const [first, last] = [times[WARM_STEPS - 1], times[times.length - 1]];
  const measured = {
    units: (times.length - WARM_STEPS) * STEP_TOKENS,
    cpuSeconds: last.cpuSeconds - first.cpuSeconds,
    wallSeconds: last.wallSeconds - first.wallSeconds,
  };
  return { measured, parameters, loss: history[history.length - 1].trainLoss };
}

/**
 * Floating-point operations per token of full training: 2 forwards and 4 backwards for each parameter that is multiplied (the
 * embedding once, as the tied head), and for the attention over a row 4 · hidden · length forwards, three times that in all.
 */
export function flopsPerToken(config: ModelConfig, length: number): number {
  return 6 * multipliedParameters(config) + 12 * config.layers * config.hiddenSize * length;
}

export const FORMULA = "6 · multiplied parameters + 12 · layers · hidden · row length";

export function multipliedParameters(config: ModelConfig): number {
  const { hiddenSize: hidden, headSize, heads, kvHeads } = config;
  const attention = hidden * headSize * (2 * heads + 2 * kvHeads);
  const perLayer = attention + 3 * hidden * config.intermediateSize;
  return config.layers * perLayer + config.vocabularySize * hidden;
}
