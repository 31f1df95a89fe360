import { parentPort, workerData } from "node:worker_threads";
import { HouseError, type HeldOut, type Progress } from "../core/index.ts";
import { familyOf } from "../models/index.ts";
import type { FitReply, FitRequest } from "./pool.ts";

// The entry of a thread: it runs when it is loaded, as an entry does.
const post = (reply: FitReply): void => parentPort?.postMessage(reply);

async function fit({ kind, examples, base, ...options }: FitRequest): Promise<void> {
  const family = familyOf(kind, base);
  if (family === undefined)
    throw new RangeError(`Cannot fit a specialist of family "${kind}": there is none`);
  const progress: Progress = (step) => post({ type: "progress", step });
  const maxBytes = process.availableMemory();
  const heldOut: HeldOut[] = [];
  const onHeldOut = (held: HeldOut): void => void heldOut.push(held);
  const artifact = await family.fit(examples, { ...options, maxBytes, progress, onHeldOut });
  post({ type: "done", artifact, heldOut });
}

try {
  // What pool.ts hands in.
  await fit(workerData as FitRequest);
} catch (error) {
  const code = error instanceof HouseError ? error.code : null;
  post({ type: "failed", code, message: (error as Error).message });
}
