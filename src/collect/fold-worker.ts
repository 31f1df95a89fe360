import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { HouseError } from "../core/index.ts";
import { protocols } from "../models/index.ts";
import { openStore, segmentsFolderOf, type Store } from "../store/index.ts";
import { foldSegments } from "./fold-segments.ts";
import type { FoldingReply, FoldingRequest, FoldingSource } from "./folding.ts";

// The entry of a thread: it runs when it is loaded, as an entry does.
const nowMs = (): number => Date.now();
const LOWEST_PRIORITY = 19;
// Linux counts it per thread, others for the whole process: there it stays as it is.
if (process.platform === "linux") setPriority(0, LOWEST_PRIORITY);

let store: Store | null = null;

function work({ untilMs, eraseBeforeMs }: FoldingRequest): FoldingReply {
  // What folding.ts hands in.
  const source = workerData as FoldingSource;
  try {
    store ??= openStore({ ...source, nowMs });
    const dir = segmentsFolderOf(source.dir);
    const counts = foldSegments(store, { dir, protocols, nowMs, shouldStop: () => nowMs() >= untilMs });
    const erased =
      eraseBeforeMs === null ? null : store.erase({ beforeMs: eraseBeforeMs, source: "gateway" });
    if (erased !== null && erased.calls + erased.held > 0) {
      const detail = { before: new Date(eraseBeforeMs!).toISOString(), calls: erased.calls, why: "keepDays" };
      store.ledger.append({ at: new Date(nowMs()).toISOString(), event: "calls-erased", detail });
    }
    return { type: "folded", counts };
  } catch (error) {
    const code = error instanceof HouseError ? error.code : null;
    return { type: "failed", code, message: (error as Error).message };
  }
}

parentPort?.on("message", (request: FoldingRequest) => parentPort?.postMessage(work(request)));
