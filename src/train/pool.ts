import { Worker } from "node:worker_threads";
import {
  HouseError,
  type ErrorCode,
  type FitOptions,
  type SpecialistFamily,
  type TrainingExample,
} from "../core/index.ts";

/** Where fitting is done: it computes for seconds to minutes without a pause, so not on a thread that serves. */
export type FitPool = {
  /** Fits in progress at most. */
  readonly size: number;
  fit(
    family: SpecialistFamily,
    examples: readonly TrainingExample[],
    options: FitOptions,
  ): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** One fit at a time, in this thread. */
export const sameThread: FitPool = {
  size: 1,
  fit: (family, examples, options) => family.fit(examples, options),
  close: async () => {},
};

export type FitRequest = {
  readonly kind: string;
  readonly examples: readonly TrainingExample[];
  readonly seed: number;
};

export type FitReply =
  | { readonly type: "progress"; readonly step: Parameters<NonNullable<FitOptions["progress"]>>[0] }
  | { readonly type: "done"; readonly artifact: Uint8Array }
  | { readonly type: "failed"; readonly code: ErrorCode | null; readonly message: string };

// The worker is the source under Node's type stripping, and the compiled file in the published package.
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./fit-worker.ts" : "./fit-worker.js",
  import.meta.url,
);

/** A thread for each fit, so many at once; the result is the same as in this thread. A cancelled fit ends with its thread. */
export function createFitPool(size: number): FitPool {
  const running = new Set<Worker>();
  return {
    size,
    async fit(family, examples, { seed, progress, signal }) {
      const worker = new Worker(WORKER, {
        workerData: { kind: family.kind, examples, seed } satisfies FitRequest,
      });
      running.add(worker);
      const stop = (): void => void worker.terminate();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        return await resultOf(worker, progress);
      } finally {
        signal?.removeEventListener("abort", stop);
        running.delete(worker);
        await worker.terminate();
      }
    },
    async close() {
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}

function resultOf(worker: Worker, progress: FitOptions["progress"]): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    worker.on("message", (reply: FitReply) => {
      if (reply.type === "progress") progress?.(reply.step);
      else if (reply.type === "done") resolve(reply.artifact);
      else reject(reply.code === null ? new Error(reply.message) : new HouseError(reply.code, reply.message));
    });
    worker.on("error", reject);
    worker.on("exit", () =>
      reject(new HouseError("cancelled", "Stopped while training: run the same command again to go on")),
    );
  });
}
