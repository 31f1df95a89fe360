import type { ModelConfig, Weights } from "../model-config.ts";
import type { Trainable } from "../graph/decoder.ts";
import { openRuntime, type Runtime, type Session, type SessionTensor } from "../onnx/runtime.ts";
import { adamStep, type AdamUpdate } from "./adamw.ts";
import { createFeeds, type Feeds } from "./feeds.ts";
import { GRADIENT_PREFIX, logProbGraph, trainingGraph, type Objective } from "./objective.ts";
import type { Bucket, Shard } from "./plan.ts";
import type { SequenceStore } from "./sequences.ts";
import { CHUNK, meet, type Shared } from "./shared.ts";

/** Sequences with the graphs' sizes for them. */
export type Material = { readonly store: SequenceStore; readonly buckets: readonly Bucket[] };

/** All that one thread of a run needs; handed to a worker as it is. */
export type ThreadOptions = {
  readonly runtime: Runtime["kind"] | undefined;
  readonly config: ModelConfig;
  readonly trainable: Trainable;
  readonly objective: Objective;
  readonly isCausal: boolean;
  readonly train: Material;
  readonly development: Material;
  /** Parameters that are not learnt. */
  readonly frozen: Weights;
  readonly shared: Shared;
  /** Whether sessions keep the memory they took; see planMemory. */
  readonly keepsArenas: boolean;
  readonly threadIndex: number;
  readonly threads: number;
};

/** One optimizer step. `totalWeight`: of all that is learnt in it. */
export type StepOrder = {
  readonly shards: readonly Shard[];
  readonly totalWeight: number;
  readonly update: AdamUpdate;
  /** Largest norm of the gradient; null for no limit. */
  readonly clipNorm: number | null;
};

/** Shards whose losses are wanted. */
export type ShardsOrder = { readonly shards: readonly Shard[]; readonly totalWeight: number };

/** Shards whose sequences are scored. */
export type ScoreOrder = { readonly shards: readonly Shard[]; readonly part: Part };

/** The sequences that are learnt from, or those that choose the best state. */
export type Part = "train" | "development";

/** One thread's part of a training run: it computes every `threads`-th shard and updates every `threads`-th chunk of parameters. */
export type TrainingThread = {
  /** Returns the norm of the gradient before clipping. */
  step(order: StepOrder): Promise<number>;
  /** The losses of this thread's shards of the development set, summed. */
  evaluate(order: ShardsOrder): Promise<number>;
  /** Writes Σ weights·log p of every sequence of this thread's shards into the store's `references`. */
  score(order: ScoreOrder): Promise<void>;
  close(): Promise<void>;
};

type Program = { readonly session: Session; readonly feeds: Feeds };
/** What a graph is for: a step, a look at the loss, or log-probabilities. */
type Use = "gradients" | "loss" | "logProbs";

/** Opens the runtime; graphs are made when a shard first needs them. */
export async function createTrainingThread(options: ThreadOptions): Promise<TrainingThread> {
  const { shared, threadIndex, threads } = options;
  const runtime = await openRuntime(options.runtime);
  const local = localTensors(runtime, options);
  const programs = new Map<string, Promise<Program>>();
  const loss = new Float32Array(1);
  const program = (use: Use, part: Part, bucket: number): Promise<Program> => {
    const key = `${use}:${part}:${bucket}`;
    const found = programs.get(key) ?? createProgram(runtime, options, { use, part, bucket });
    programs.set(key, found);
    return found;
  };
  const run = async (part: Part, shard: Shard, totalWeight: number): Promise<number> => {
    const isTraining = part === "train";
    const { session, feeds } = await program(isTraining ? "gradients" : "loss", part, shard.bucket);
    feeds.fill(shard, totalWeight);
    const fetches = { loss: runtime.tensor("float32", loss, []), ...(isTraining && local.gradients) };
    await session.run({ ...local.parameters, ...feeds.tensors }, fetches);
    return loss[0];
  };
  const mine = (shards: readonly Shard[]): number[] =>
    [...shards.keys()].filter((index) => index % threads === threadIndex);
  return {
    async step({ shards, totalWeight, update, clipNorm }) {
      local.learnt.set(shared.parameters);
      for (const index of mine(shards)) {
        shared.losses[index] = await run("train", shards[index], totalWeight);
        shared.gradients[index].set(local.gradient);
      }
      if (!meet(shared.control, threads)) return Number.NaN;
      sumGradients(shared, { shards: shards.length, threadIndex, threads });
      if (!meet(shared.control, threads)) return Number.NaN;
      const norm = Math.sqrt(shared.squares.reduce((sum, square) => sum + square, 0));
      const gradientScale = clipNorm !== null && norm > clipNorm ? clipNorm / norm : 1;
      updateParameters(shared, { ...update, gradientScale }, { threadIndex, threads });
      meet(shared.control, threads);
      return norm;
    },
    async evaluate({ shards, totalWeight }) {
      local.learnt.set(shared.parameters);
      let sum = 0;
      for (const index of mine(shards)) sum += await run("development", shards[index], totalWeight);
      return sum;
    },
    async score({ shards, part }) {
      local.learnt.set(shared.parameters);
      for (const index of mine(shards)) {
        const { session, feeds } = await program("logProbs", part, shards[index].bucket);
        feeds.fill(shards[index], 1);
        const results = await session.run({ ...local.parameters, ...feeds.tensors });
        // Outputs of our graphs are float32.
        scoreSequences(options[part].store, shards[index], results.logProbs.data as Float32Array);
      }
    },
    async close() {
      for (const { session } of await Promise.all(programs.values())) await session.close();
    },
  };
}

/** The outputs of a shard stand in the order of its sequences, of each the learnt tokens. */
function scoreSequences(store: SequenceStore, { rows }: Shard, logProbs: Float32Array): void {
  let output = 0;
  for (const index of rows.flat()) {
    let sum = 0;
    for (let token = store.starts[index]; token < store.starts[index + 1]; token += 1) {
      if (store.weights[token] > 0) sum += store.weights[token] * logProbs[output++];
    }
    store.references[index] = sum;
  }
}

type Local = {
  /** Every parameter as a tensor; the learnt ones are views into `learnt`. */
  readonly parameters: Readonly<Record<string, SessionTensor>>;
  readonly learnt: Float32Array;
  readonly gradients: Readonly<Record<string, SessionTensor>>;
  readonly gradient: Float32Array;
};

// The runtime takes no shared memory: each thread works on copies.
function localTensors(runtime: Runtime, { shared, frozen }: ThreadOptions): Local {
  const learnt = new Float32Array(shared.parameters.length);
  const gradient = new Float32Array(shared.parameters.length);
  const parameters: Record<string, SessionTensor> = {};
  const gradients: Record<string, SessionTensor> = {};
  for (const [name, { data, shape }] of frozen) parameters[name] = runtime.tensor("float32", data, shape);
  for (const { name, shape, offset, size } of shared.places) {
    parameters[name] = runtime.tensor("float32", learnt.subarray(offset, offset + size), shape);
    gradients[GRADIENT_PREFIX + name] = runtime.tensor(
      "float32",
      gradient.subarray(offset, offset + size),
      shape,
    );
  }
  return { parameters, learnt, gradients, gradient };
}

async function createProgram(
  runtime: Runtime,
  options: ThreadOptions,
  { use, part, bucket: index }: { readonly use: Use; readonly part: Part; readonly bucket: number },
): Promise<Program> {
  const { config, trainable, objective, isCausal, keepsArenas } = options;
  const { store, buckets } = options[part];
  const bucket = buckets[index];
  const { teacherWidth } = store;
  const withGradients = use === "gradients";
  const graph = { config, trainable, objective, bucket, isCausal, teacherWidth, withGradients };
  const model = use === "logProbs" ? logProbGraph(graph) : trainingGraph(graph).model;
  const session = await runtime.createSession(model, {
    threads: 1,
    // A block for all intermediate values would come on top of what the first run took: 170 of 450 MB at hidden 192, 6 layers, 1,024 tokens.
    memoryPattern: false,
    memoryArena: keepsArenas,
  });
  const feeds = createFeeds({ runtime, config, store, bucket, isCausal, objective });
  return { session, feeds: use === "logProbs" ? only(feeds, session.inputNames) : feeds };
}

/** The feeds that a graph with fewer inputs takes. */
function only({ tensors, fill }: Feeds, names: readonly string[]): Feeds {
  const kept = Object.entries(tensors).filter(([name]) => names.includes(name));
  return { tensors: Object.fromEntries(kept), fill };
}

type Share = { readonly threadIndex: number; readonly threads: number };

function sumGradients(
  { gradients, squares, parameters }: Shared,
  { shards, threadIndex, threads }: Share & { shards: number },
): void {
  const [total] = gradients;
  for (let chunk = threadIndex; chunk * CHUNK < parameters.length; chunk += threads) {
    const to = Math.min(parameters.length, (chunk + 1) * CHUNK);
    let square = 0;
    for (let i = chunk * CHUNK; i < to; i += 1) {
      let sum = total[i];
      for (let shard = 1; shard < shards; shard += 1) sum += gradients[shard][i];
      total[i] = sum;
      square += sum * sum;
    }
    squares[chunk] = square;
  }
}

function updateParameters(shared: Shared, update: AdamUpdate, { threadIndex, threads }: Share): void {
  const [gradient] = shared.gradients;
  for (const { offset, size, shape } of shared.places) {
    const own = shape.length > 1 || update.decaysVectors ? update : { ...update, weightDecay: 0 };
    for (let from = offset; from < offset + size;) {
      const chunk = Math.floor(from / CHUNK);
      const to = Math.min(offset + size, (chunk + 1) * CHUNK);
      if (chunk % threads === threadIndex) adamStep(shared, gradient, { from, to }, own);
      from = to;
    }
  }
}
