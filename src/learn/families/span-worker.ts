import { parentPort, workerData } from "node:worker_threads";
import { fitFold, type FoldResult, type FoldsJob } from "./span-fold.ts";

/** What a thread answers to the number of a fold. */
export type FoldReply =
  | { readonly type: "done"; readonly result: FoldResult }
  | { readonly type: "failed"; readonly message: string };

// The entry of a thread: it runs when it is loaded, as an entry does.
// What span-threads.ts hands in.
const job = workerData as FoldsJob;
const post = (reply: FoldReply): void => parentPort?.postMessage(reply);
parentPort?.on("message", (fold: number) => {
  try {
    post({ type: "done", result: fitFold(job, fold) });
  } catch (error) {
    post({ type: "failed", message: (error as Error).message });
  }
});
