import { readdirSync } from "node:fs";
import { setPriority } from "node:os";
import { openStore, type Store } from "../store/index.ts";
import { failedRound, foldRound, type FoldingOrder, type FoldingReply } from "./folding.ts";

// The entry of a process: it runs when it is loaded, as an entry does.
const nowMs = (): number => Date.now();
// Not the lowest: who holds the database's lock must get on with it.
const LOW_PRIORITY = 10;
// Linux counts it per thread, and V8's helpers have begun already.
for (const thread of threads()) {
  try {
    setPriority(thread, LOW_PRIORITY);
  } catch {
    // It has ended meanwhile.
  }
}

function threads(): readonly number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [0];
  }
}

// A terminal sends these to all processes of the gateway, and some supervisors do: it is the gateway that says when to end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
// It has let go, or is no more, however it ended.
process.on("disconnect", () => process.exit());

let store: Store | null = null;

function work({ source, request }: FoldingOrder): FoldingReply {
  try {
    store ??= openStore({ ...source, nowMs });
    return foldRound(store, source.dir, request, nowMs);
  } catch (error) {
    return failedRound(error);
  }
}

process.on("message", (order: FoldingOrder) => process.send?.(work(order)));
