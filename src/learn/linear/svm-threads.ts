import { Worker } from "node:worker_threads";
import { HouseError, type Random } from "../../core/index.ts";
import { rowCount } from "../text/sparse.ts";
import { solveClasses, type LabelledRows, type SvmJob, type SvmOptions } from "./svm.ts";
import type { LinearModel } from "./weights.ts";

export type SvmFit = {
  readonly model: LinearModel & { readonly weights: Float32Array };
  /** Row per class of the dual variables of the examples: where a fit of more examples may start. */
  readonly dual: Float32Array;
};

export type SvmPlan = {
  readonly options: SvmOptions;
  readonly random: Random;
  /** Cores to use; the result does not depend on them. */
  readonly threads: number;
  /** Where to start, by class and row; zeros when not given. */
  readonly dual?: Float32Array;
  readonly signal?: AbortSignal;
};

// A thread starts in a tenth of a second; less work than this is done sooner in this one.
const MIN_THREADED = 2_000_000;

const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./svm-worker.ts" : "./svm-worker.js",
  import.meta.url,
);

/** `fitSvm` on several cores: each takes a class at a time. Rejects with HouseError `cancelled` when the signal is raised. */
export async function fitSvmOnThreads(data: LabelledRows, plan: SvmPlan): Promise<SvmFit> {
  const n = rowCount(data.rows);
  const job: SvmJob & { readonly dual: Float32Array } = {
    data,
    options: plan.options,
    seed: plan.random.below(2 ** 32),
    model: {
      classes: data.classes,
      weights: sharedFloats(data.width * data.classes),
      bias: sharedFloats(data.classes),
    },
    dual: sharedFloats(n * data.classes),
    next: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  };
  if (plan.dual !== undefined) job.dual.set(plan.dual);
  const work = (data.rows.columns.length + (data.dense?.length ?? 0)) * data.classes;
  const threads = Math.min(plan.threads, data.classes);
  if (threads < 2 || work < MIN_THREADED) solveClasses(job);
  else await onThreads(shareJob(job), threads, plan.signal);
  return { model: job.model, dual: job.dual };
}

const sharedFloats = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));

/** The job with its rows in memory that threads share: else each would get a copy. */
function shareJob(job: SvmJob): SvmJob {
  const { rows, dense, labels, weights } = job.data;
  const data: LabelledRows = {
    ...job.data,
    rows: { starts: shared(rows.starts), columns: shared(rows.columns), values: shared(rows.values) },
    labels: shared(labels),
    ...(dense === undefined ? {} : { dense: shared(dense) }),
    ...(weights === undefined ? {} : { weights: shared(weights) }),
  };
  return { ...job, data };
}

function shared<T extends Uint32Array | Float32Array>(numbers: T): T {
  const buffer = new SharedArrayBuffer(numbers.byteLength);
  const copy = numbers instanceof Float32Array ? new Float32Array(buffer) : new Uint32Array(buffer);
  copy.set(numbers);
  // Of the same type by the line above.
  return copy as T;
}

async function onThreads(job: SvmJob, threads: number, signal: AbortSignal | undefined): Promise<void> {
  const workers = Array.from({ length: threads }, () => new Worker(WORKER, { workerData: job }));
  const stop = (): void => void Promise.all(workers.map((worker) => worker.terminate()));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await Promise.all(workers.map(untilDone));
  } finally {
    signal?.removeEventListener("abort", stop);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function untilDone(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("message", () => resolve());
    worker.on("error", reject);
    worker.on("exit", () => reject(new HouseError("cancelled", "Cannot fit a linear model: cancelled")));
  });
}
