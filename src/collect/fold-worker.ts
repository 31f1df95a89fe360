import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { openStore, type Store } from "../store/index.ts";
import {
  failedRound,
  foldRound,
  type FoldingReply,
  type FoldingRequest,
  type FoldingSource,
} from "./folding.ts";

// The entry of a thread: it runs when it is loaded, as an entry does.
const nowMs = (): number => Date.now();
// Not the lowest: who holds the database's lock must get on with it.
const LOW_PRIORITY = 10;
// Linux counts it per thread, others for the whole process: there it stays as it is.
if (process.platform === "linux") setPriority(0, LOW_PRIORITY);

// What folding.ts hands in.
const source = workerData as FoldingSource;
let store: Store | null = null;

function work(request: FoldingRequest): FoldingReply {
  try {
    store ??= openStore({ ...source, nowMs });
    return foldRound(store, source.dir, request, nowMs);
  } catch (error) {
    return failedRound(error);
  }
}

parentPort?.on("message", (request: FoldingRequest) => parentPort?.postMessage(work(request)));
