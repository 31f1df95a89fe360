import { parameterCount, sizeOf } from "../model-config.ts";
import type { Bucket } from "./plan.ts";
import type { TrainJob } from "./train.ts";

// Floats kept per token and layer for the way back, counted on the graph: norms, projections, rotations, gates and their gradients.
const HIDDEN_COPIES = 16;
const INNER_COPIES = 8;
const SCORE_COPIES = 4;
const LOGIT_COPIES = 4;
const FLOAT_BYTES = 4;

/** Bytes a training run is about to take beside its material: vectors of parameters, and the activations of its largest bucket on each thread. */
export function memoryNeeded(
  { config, start, trainable, options }: TrainJob,
  buckets: readonly Bucket[],
): number {
  const threads = Math.max(1, options.threads);
  const all = [...start.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const learnt = trainable.mode === "full" ? all : all - parameterCount(config);
  const vectors = all + learnt * (4 + options.shardsPerStep) + threads * (all + 2 * learnt);
  const activations = Math.max(0, ...buckets.map((bucket) => activationsOf(bucket, config)));
  return FLOAT_BYTES * (vectors + threads * activations);
}

function activationsOf({ batch, length, outputs }: Bucket, config: TrainJob["config"]): number {
  const perToken =
    HIDDEN_COPIES * config.hiddenSize +
    INNER_COPIES * config.intermediateSize +
    SCORE_COPIES * config.heads * length;
  return batch * length * config.layers * perToken + LOGIT_COPIES * outputs * config.vocabularySize;
}
