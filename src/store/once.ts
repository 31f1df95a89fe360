import { contentHash, type Json } from "../core/index.ts";
import type { Store } from "./types.ts";

/** The row under which the last run of a stage is kept. */
const LAST = "last";

/**
 * The result of a stage for this input: that of its last run when it was made from the same, else made and kept. Only the last,
 * since a stage also leaves rows behind, and those are of the last run. `input` must hold all that decides it.
 */
export function once<T extends Json>(store: Store, stage: string, input: unknown, make: () => T): T {
  const madeFrom = contentHash(input, 32);
  const last = store.runs.find(stage, LAST);
  // What was put under this stage and input is what make returned then.
  if (isRun(last) && last.madeFrom === madeFrom) return last.result as T;
  const result = make();
  store.runs.put(stage, LAST, { madeFrom, result });
  return result;
}

function isRun(value: Json | undefined): value is { readonly madeFrom: Json; readonly result: Json } {
  return typeof value === "object" && value !== null && "madeFrom" in value && "result" in value;
}
