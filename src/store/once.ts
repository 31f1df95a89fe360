import { contentHash, type Json } from "../core/index.ts";
import type { Store } from "./types.ts";

/** The result of a stage for this input: found when it was made before, else made and kept. `input` must hold all that decides it. */
export function once<T extends Json>(store: Store, stage: string, input: unknown, make: () => T): T {
  const madeFrom = contentHash(input, 32);
  const found = store.runs.find(stage, madeFrom);
  // What was put under this stage and input is what make returned then.
  if (found !== undefined) return found as T;
  const result = make();
  store.runs.put(stage, madeFrom, result);
  return result;
}
