import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { HouseError, type FitOptions } from "../../core/index.ts";
import { fitFold, type FoldResult, type FoldsJob } from "./span-fold.ts";
import type { FoldReply } from "./span-worker.ts";

// The worker is the source under Node's type stripping, and the compiled file in the published package.
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./span-worker.ts" : "./span-worker.js",
  import.meta.url,
);

type Run = Pick<FitOptions, "threads" | "progress" | "signal">;

/** All folds of a fit, in order; side by side where there are threads. The result does not depend on how many there are. */
export async function fitFolds(job: FoldsJob, run: Run): Promise<FoldResult[]> {
  const threads = Math.min(run.threads ?? 1, job.folds);
  const results: FoldResult[] = [];
  let next = 0;
  let done = 0;
  const work = async (fit: (fold: number) => FoldResult | Promise<FoldResult>): Promise<void> => {
    while (next < job.folds) {
      if (run.signal?.aborted) throw cancelled(done, job.folds);
      const fold = next;
      next += 1;
      results[fold] = await fit(fold);
      done += 1;
      run.progress?.({ stage: "span-copy", done, total: job.folds, unit: "folds" });
      // A fold takes seconds: between folds others get their turn.
      await setImmediate();
    }
  };
  if (threads <= 1) {
    await work((fold) => fitFold(job, fold));
    return results;
  }
  try {
    await Promise.all(Array.from({ length: threads }, async () => inThread(job, run.signal, work)));
  } finally {
    // After a failure the other threads take no more folds.
    next = job.folds;
  }
  return results;
}

const cancelled = (done: number, folds: number): HouseError =>
  new HouseError("cancelled", `Cannot finish span copying: cancelled after fold ${done} of ${folds}`);

async function inThread(
  job: FoldsJob,
  signal: AbortSignal | undefined,
  work: (fit: (fold: number) => Promise<FoldResult>) => Promise<void>,
): Promise<void> {
  const worker = new Worker(WORKER, { workerData: job });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await work(async (fold) => ask(worker, fold));
  } finally {
    signal?.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

function ask(worker: Worker, fold: number): Promise<FoldResult> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      worker.removeAllListeners("message").removeAllListeners("error").removeAllListeners("exit");
      finish();
    };
    worker.on("message", (reply: FoldReply) =>
      settle(() => {
        if (reply.type === "done") resolve(reply.result);
        else reject(new Error(`Span copying failed: ${reply.message}`));
      }),
    );
    worker.on("error", (error) => settle(() => reject(error)));
    worker.on("exit", () =>
      settle(() => reject(new HouseError("cancelled", "Cannot finish span copying: its thread was stopped"))),
    );
    worker.postMessage(fold);
  });
}
