import { bytesHash, contentHash, HouseError, type Progress } from "../../core/index.ts";
import type { Trainable } from "../graph/decoder.ts";
import type { ModelConfig, Tensor, Weights } from "../model-config.ts";
import type { Runtime } from "../onnx/runtime.ts";
import { learningRateAt, type AdamOptions, type Schedule } from "./adamw.ts";
import {
  readCheckpoint,
  writeCheckpoint,
  type CheckpointPlace,
  type HistoryEntry,
  type RunState,
} from "./checkpoint.ts";
import type { Objective } from "./objective.ts";
import { planPass, type Shard, type Step } from "./plan.ts";
import { learntOf, prepareMaterial, threadOptionsOf, type Prepared } from "./prepare.ts";
import { sequenceCount, type SequenceStore, type TrainingSequence } from "./sequences.ts";
import { createShared, parametersOf, type Shared } from "./shared.ts";
import { startThreads, type TrainingThreads } from "./threads.ts";

/** How to train. No default for what decides the result: a caller says it, and it is saved with the model. */
export type TrainOptions = {
  /** Times each sequence is seen. */
  readonly passes: number;
  /** Steps at most, also within a pass; null for no limit. */
  readonly maxSteps: number | null;
  /** Tokens of one shard: rows × row length. */
  readonly tokensPerShard: number;
  /** Shards whose gradients make one step. The result depends on it, and not on `threads`. */
  readonly shardsPerStep: number;
  readonly schedule: Schedule;
  readonly adam: AdamOptions;
  /** Largest norm of a gradient; null for no limit. */
  readonly clipNorm: number | null;
  /** Steps between two looks at the development set, and between two entries of the history. */
  readonly evaluateEvery: number;
  /** Looks without a better development loss after which to stop; null for never. */
  readonly patience: number | null;
  /** What a run with a development set returns: its best state, or the last one. Best unless given. */
  readonly keep?: "best" | "last";
  readonly seed: number;
  /** Worker threads; 0 computes in the calling thread. */
  readonly threads: number;
  /** Bytes the run may take; null for no limit. */
  readonly maxBytes: number | null;
};

/** What to train, on what. */
export type TrainJob = {
  readonly config: ModelConfig;
  readonly trainable: Trainable;
  readonly objective: Objective;
  /** A decoder; false for an encoder that sees both ways. */
  readonly isCausal: boolean;
  /** Every parameter's start value, an adapter's too. */
  readonly start: Weights;
  readonly sequences: readonly TrainingSequence[];
  /** Chooses the best state and the end; may be empty. */
  readonly development: readonly TrainingSequence[];
  readonly options: TrainOptions;
};

/** What a run is given beside its job; nothing here changes the result. */
export type TrainHooks = {
  readonly runtime?: Runtime["kind"];
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Told once, before anything is allocated. */
  readonly onMemory?: (bytes: number) => void;
  /** Told at every look at the development set; `parameters` copies what is learnt so far. */
  readonly onHistory?: (entry: HistoryEntry, parameters: () => ReadonlyMap<string, Tensor>) => void;
  readonly checkpoint?: CheckpointPlace;
};

/** What a run ends with. */
export type TrainResult = {
  /** The learnt parameters at the best development loss, or at the end without a development set. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly history: readonly HistoryEntry[];
  readonly steps: number;
  /** Null without a development set. */
  readonly developmentLoss: number | null;
};

/**
 * Trains on a processor's cores. The same job gives the same numbers, also when it was stopped and resumed from a checkpoint,
 * and with any number of threads. Throws HouseError: `bad-input` for material that cannot be learnt from, too little memory or a
 * foreign checkpoint; `cancelled` on the signal, after a checkpoint.
 */
export async function train(job: TrainJob, hooks: TrainHooks = {}): Promise<TrainResult> {
  const run = prepare(job, hooks);
  const threads = await startThreads(threadOptionsOf(job, run, hooks.runtime));
  try {
    await follow(run, threads);
  } finally {
    await threads.close();
  }
  if (run.best !== null && job.options.keep !== "last") run.shared.parameters.set(run.best);
  const { step, history, bestLoss } = run.state;
  return { parameters: parametersOf(run.shared), history, steps: step, developmentLoss: bestLoss };
}

type Run = Prepared & {
  readonly job: TrainJob;
  readonly hooks: TrainHooks;
  readonly shared: Shared;
  /** Of the whole run, from the first pass: passes differ by a step or so. */
  readonly steps: number;
  state: RunState;
  best: Float32Array | null;
  /** Losses since the last entry of the history. */
  recent: number[];
};

function prepare(job: TrainJob, hooks: TrainHooks): Run {
  const { options } = job;
  const prepared = prepareMaterial(job);
  const { plan, train, development } = prepared;
  const { bytes } = prepared.memory;
  hooks.onMemory?.(bytes);
  if (options.maxBytes !== null && bytes > options.maxBytes) throw tooMuch(bytes, options.maxBytes);
  const shared = createShared(learntOf(job), job.start, options.shardsPerStep);
  const firstPass = planPass(train.store, train.buckets, { ...plan, seed: passSeed(options.seed, 0) }).length;
  const steps = Math.min(options.maxSteps ?? Infinity, Math.max(1, Math.round(firstPass * options.passes)));
  const fingerprint = fingerprintOf(job, [train.store, development.store]);
  const run: Run = {
    ...prepared,
    job,
    hooks,
    shared,
    steps,
    state: { fingerprint, step: 0, history: [], bestLoss: null, evaluationsSinceBest: 0, recent: [] },
    best: null,
    recent: [],
  };
  const saved = hooks.checkpoint?.load() ?? null;
  if (saved === null) return run;
  const { state, best } = readCheckpoint(saved, shared, fingerprint);
  return { ...run, state, best, recent: [...state.recent] };
}

async function follow(run: Run, threads: TrainingThreads): Promise<void> {
  const { job, plan, train } = run;
  const { options } = job;
  // A checkpoint may be of the moment at which the run ended early.
  if (isExhausted(run)) return;
  let before = 0;
  for (let pass = 0; pass < Math.ceil(options.passes); pass += 1) {
    const steps = planPass(train.store, train.buckets, { ...plan, seed: passSeed(options.seed, pass) });
    for (const [index, step] of steps.entries()) {
      if (before + index < run.state.step) continue;
      if (run.state.step >= run.steps && (options.maxSteps !== null || pass + 1 > options.passes)) return;
      await takeStep(run, threads, step);
      if (await isOver(run, threads)) return;
    }
    before += steps.length;
  }
}

async function takeStep(run: Run, threads: TrainingThreads, { shards }: Step): Promise<void> {
  const { job, train } = run;
  const { options } = job;
  const step = run.state.step + 1;
  const { loss } = await threads.step({
    shards,
    totalWeight: weightOf(job, train.store, shards),
    update: {
      ...options.adam,
      learningRate: learningRateAt(options.schedule, step, run.steps),
      step,
      gradientScale: 1,
    },
    clipNorm: options.clipNorm,
  });
  if (!Number.isFinite(loss)) {
    throw new HouseError(
      "bad-input",
      `Training diverged at step ${step}: the loss is ${loss}; use a lower learning rate`,
    );
  }
  run.state = { ...run.state, step };
  run.recent.push(loss);
  run.hooks.progress?.({ stage: "training", done: step, total: Math.max(step, run.steps), unit: "steps" });
}

/** Looks at the development set when it is time, saves, and says whether to stop. */
async function isOver(run: Run, threads: TrainingThreads): Promise<boolean> {
  const { job, hooks } = run;
  const { options } = job;
  const isLast = run.state.step >= run.steps;
  if (run.state.step % options.evaluateEvery === 0 || isLast) await look(run, threads);
  const every = hooks.checkpoint?.everySteps ?? Infinity;
  const isStopped = hooks.signal?.aborted === true;
  if (run.state.step % every === 0 || (isStopped && hooks.checkpoint !== undefined)) {
    hooks.checkpoint?.save(writeCheckpoint({ ...run.state, recent: run.recent }, run.shared, run.best));
  }
  if (isStopped && !isLast)
    throw new HouseError("cancelled", "Stopped while training: run the same command again to go on");
  return isExhausted(run);
}

const isExhausted = ({ job, state }: Run): boolean =>
  job.options.patience !== null && state.evaluationsSinceBest >= job.options.patience;

async function look(run: Run, threads: TrainingThreads): Promise<void> {
  const { state, recent } = run;
  const developmentLoss = await developmentLossOf(run, threads);
  const trainLoss = recent.reduce((sum, loss) => sum + loss, 0) / Math.max(1, recent.length);
  const entry = { step: state.step, trainLoss, developmentLoss };
  const isBetter = developmentLoss !== null && (state.bestLoss === null || developmentLoss < state.bestLoss);
  if (isBetter) run.best = Float32Array.from(run.shared.parameters);
  run.state = {
    ...state,
    history: [...state.history, entry],
    bestLoss: isBetter ? developmentLoss : state.bestLoss,
    evaluationsSinceBest: isBetter ? 0 : state.evaluationsSinceBest + 1,
  };
  run.recent = [];
  run.hooks.onHistory?.(entry, () => parametersOf(run.shared));
}

async function developmentLossOf(
  { job, development, plan }: Run,
  threads: TrainingThreads,
): Promise<number | null> {
  if (sequenceCount(development.store) === 0) return null;
  const { store, buckets } = development;
  const shards = planPass(store, buckets, { ...plan, seed: job.options.seed }).flatMap((step) => step.shards);
  return threads.evaluate({ shards, totalWeight: weightOf(job, store, shards) });
}

/** What the losses of the shards are divided by: learnt weight, or pairs. */
function weightOf({ objective }: TrainJob, store: SequenceStore, shards: readonly Shard[]): number {
  const sequences = shards.flatMap(({ rows }) => rows.flat());
  if (objective.kind === "preference") return sequences.length / 2;
  let total = 0;
  for (const index of sequences) {
    for (let at = store.starts[index]; at < store.starts[index + 1]; at += 1) total += store.weights[at];
  }
  // Without weight there is no loss, whatever it is divided by.
  return total > 0 ? total * Math.max(1, store.labelWidth) : 1;
}

const passSeed = (seed: number, pass: number): number => seed * 1000 + pass;

/** Of all that the result depends on; the number of threads is not of it. */
function fingerprintOf(job: TrainJob, stores: readonly SequenceStore[]): string {
  const { threads: _threads, maxBytes: _maxBytes, ...options } = job.options;
  const start = [...job.start].map(([name, { data }]) => [name, bytesHash(bytesOf(data))]);
  const material = stores.map((store) => {
    const integers = [store.ids, store.targets, store.starts, store.labels, store.teacherTokens];
    const floats = [store.weights, store.references, store.teacherLogProbs];
    return [...integers, ...floats].map((vector) => bytesHash(bytesOf(vector)));
  });
  return contentHash([job.config, job.trainable, job.objective, job.isCausal, options, start, material], 32);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function tooMuch(bytes: number, maxBytes: number): HouseError {
  const megabytes = (value: number): string => `${Math.round(value / 1e6)} MB`;
  return new HouseError(
    "bad-input",
    `Cannot train: it needs about ${megabytes(bytes)} of memory, allowed are ${megabytes(maxBytes)}; use fewer tokens per shard, fewer threads or a smaller model`,
  );
}
