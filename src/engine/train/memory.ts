import { parameterCount, sizeOf } from "../model-config.ts";
import { headOf, type Objective } from "./objective.ts";
import type { Bucket } from "./plan.ts";
import type { TrainJob } from "./train.ts";

// Fitted to the growth of resident memory of fresh processes; memory.test.ts holds the estimate to these figures.
// Base: hidden 192, 6 layers, 6 heads (2 key-value), inner 512, vocabulary 4,096: 3.1M parameters; 2 shards per step. Measured, in MB:
//   rows 8 x 128: 336, 16 x 128: 520, 2 x 512: 382; three row lengths (128 to 512): 752;
//   1 worker: 358, 2 workers: 587; LoRA of rank 8: 221, DoRA 16 x 128: 480, LoRA with 2 workers and 16 x 128: 824;
//   distillation: 393, preference: 339; vocabulary 256: 260; hidden 64, inner 160, 2 heads, vocabulary 512: 96.
const FLOAT_BYTES = 4;
/** Floats kept per token and layer for the way back: norms, projections, rotations and gates. */
const HIDDEN_COPIES = 8;
const INNER_COPIES = 5;
/** Less than the two there are: causal blocks leave out up to three eighths. */
const SCORE_COPIES = 1.6;
/** What DoRA keeps beside: each module's output before its magnitude. */
const DORA_HIDDEN_COPIES = 4;
const DORA_INNER_COPIES = 2;
/** Sessions, their graphs and what the engine of JavaScript leaves uncollected. */
const BASE_BYTES = 60e6;
/** A worker's own engine. */
const WORKER_BYTES = 25e6;
/** So that the estimate errs to the safe side. */
const MARGIN = 1.1;

/** Scores over the vocabulary that stand in memory at once. */
function logitCopies(objective: Objective): number {
  if (headOf(objective) !== null) return 0;
  if (objective.kind === "distillation") return 6;
  return objective.kind === "preference" ? 4 : 2;
}

/** How much a run takes, and in which way. */
export type MemoryPlan = {
  /** What a run is about to take beside its material and start values. */
  readonly bytes: number;
  /** Whether each session keeps the memory it once took; otherwise they share one heap. */
  readonly keepsArenas: boolean;
};

/**
 * Floats that the sessions of a thread may keep between their runs, 1 GB. Keeping is 2 to 4 % faster than sharing; five row lengths of
 * 1,024 tokens at the size above keep 1,110 MB and share 490 MB.
 */
const MAX_KEPT = 250e6;

/** How a run uses memory: vectors of parameters, and activations on each thread. */
export function planMemory(
  job: TrainJob,
  train: readonly Bucket[],
  development: readonly Bucket[],
): MemoryPlan {
  const sizes = [
    ...train.map((bucket) => trainingActivations(bucket, job)),
    ...development.map((bucket) => forwardActivations(bucket, job)),
  ];
  const kept = sizes.reduce((sum, size) => sum + size, 0);
  const keepsArenas = kept <= MAX_KEPT || sizes.length === 1;
  const activations = keepsArenas ? kept : Math.max(...sizes);
  return { bytes: bytesWith(job, activations, development.length > 0), keepsArenas };
}

function bytesWith(
  { config, start, trainable, options }: TrainJob,
  activations: number,
  hasDevelopment: boolean,
): number {
  const all = [...start.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const learnt = trainable.mode === "full" ? all : all - parameterCount(config);
  // Parameters, two moments, the result, the best state; a gradient per shard.
  const shared = learnt * (4 + options.shardsPerStep + (hasDevelopment ? 1 : 0));
  const frozen = options.threads === 0 ? 0 : all - learnt;
  const floats = shared + Math.max(1, options.threads) * (2 * learnt + frozen + activations);
  return MARGIN * (FLOAT_BYTES * floats + BASE_BYTES + options.threads * WORKER_BYTES);
}

function trainingActivations({ batch, length, outputs }: Bucket, job: TrainJob): number {
  const { config, objective, trainable } = job;
  const isDora = trainable.mode === "adapter" && trainable.kind === "dora";
  const perToken =
    (HIDDEN_COPIES + (isDora ? DORA_HIDDEN_COPIES : 0)) * config.hiddenSize +
    (INNER_COPIES + (isDora ? DORA_INNER_COPIES : 0)) * config.intermediateSize +
    SCORE_COPIES * config.heads * length;
  const logits = logitCopies(objective) * outputs * config.vocabularySize;
  return batch * length * config.layers * perToken + logits;
}

/** Without a way back one layer's values suffice. */
function forwardActivations(bucket: Bucket, job: TrainJob): number {
  return trainingActivations(bucket, { ...job, config: { ...job.config, layers: 1 } });
}
