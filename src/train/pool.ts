import { Worker } from "node:worker_threads";
import {
  HouseError,
  type ErrorCode,
  type FitOptions,
  type HeldOut,
  type SpecialistFamily,
  type TrainingExample,
} from "../core/index.ts";
import { cancelled, createTurns } from "./turns.ts";

/** Where fitting is done: it computes for seconds to hours without a pause, so not on a thread that serves. */
export type FitPool = {
  /** Fits in progress at most. */
  readonly size: number;
  /** How many threads a fit gets is for the pool to say. No fit has a deadline: it ends by itself or by its signal. */
  fit(
    family: SpecialistFamily,
    examples: readonly TrainingExample[],
    options: Omit<FitOptions, "threads">,
  ): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** One fit at a time, in this thread. */
export const sameThread: FitPool = {
  size: 1,
  fit: (family, examples, options) => family.fit(examples, options),
  close: async () => {},
};

export type FitRequest = Omit<FitOptions, "progress" | "signal" | "onHeldOut"> & {
  readonly kind: string;
  readonly examples: readonly TrainingExample[];
  readonly base: string | undefined;
};

export type FitReply =
  | { readonly type: "progress"; readonly step: Parameters<NonNullable<FitOptions["progress"]>>[0] }
  | { readonly type: "done"; readonly artifact: Uint8Array; readonly heldOut: readonly HeldOut[] }
  | { readonly type: "failed"; readonly code: ErrorCode | null; readonly message: string };

// The worker is the source under Node's type stripping, and the compiled file in the published package.
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./fit-worker.ts" : "./fit-worker.js",
  import.meta.url,
);

/**
 * A thread for each fit, so many at once, each with its share of the cores as it starts; a family that wants all is fitted alone, with all of them.
 * The result is the same as in this thread. A cancelled fit ends with its thread, and the threads that it started. `base`: folder of the model that generative
 * specialists start from; the shipped one when not given.
 */
export function createFitPool(size: number, cores: number = size, base?: string): FitPool {
  const turns = createTurns(size);
  // Fits that run or wait.
  let wanted = 0;
  const closing = new AbortController();
  return {
    size,
    async fit(family, examples, { progress, signal, onHeldOut, ...options }) {
      const stop = AbortSignal.any(signal === undefined ? [closing.signal] : [closing.signal, signal]);
      const isAlone = family.threads === "all";
      wanted += 1;
      try {
        const free = await turns.take(isAlone ? size : 1, stop);
        try {
          const threads = isAlone ? cores : shareOf(cores, wanted);
          const request = { ...options, threads, kind: family.kind, examples, base };
          return await fitInThread(request, { progress, onHeldOut }, stop);
        } finally {
          free();
        }
      } finally {
        wanted -= 1;
      }
    },
    async close() {
      closing.abort();
      // Every place is free when the last thread has ended.
      const free = await turns.take(size, new AbortController().signal);
      free();
    },
  };
}

/** Cores for a fit where so many run or wait: its share as it starts, one at least. */
export const shareOf = (cores: number, wanted: number): number =>
  Math.max(1, Math.floor(cores / Math.max(1, wanted)));

type Listeners = Pick<FitOptions, "progress" | "onHeldOut">;

async function fitInThread(
  request: FitRequest,
  listeners: Listeners,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (signal.aborted) throw cancelled();
  const worker = new Worker(WORKER, { workerData: request });
  const stop = (): void => void worker.terminate();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await resultOf(worker, listeners);
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

function resultOf(worker: Worker, { progress, onHeldOut }: Listeners): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    worker.on("message", (reply: FitReply) => {
      if (reply.type === "progress") progress?.(reply.step);
      else if (reply.type === "done") {
        for (const held of reply.heldOut) onHeldOut?.(held);
        resolve(reply.artifact);
      } else
        reject(reply.code === null ? new Error(reply.message) : new HouseError(reply.code, reply.message));
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(cancelled()));
  });
}
