import { parameterCount } from "../../engine/index.ts";
import type { Base } from "./base.ts";
import { adaptDefaults, type AdaptOptions } from "./fit.ts";

/** Between the sizes made here (2M to 16M parameters) and the smallest open models (135M). */
const LARGER = 50e6;

/**
 * How a base is adapted unless told otherwise. Larger ones know more before: a lower rank and rate (Hu et al. 2021 take 2e-4 for GPT-2; not tuned
 * here) and fewer passes, since each costs fifty times the time.
 */
export function adaptFor({ config }: Base): AdaptOptions {
  if (parameterCount(config) < LARGER) return adaptDefaults;
  return { ...adaptDefaults, rank: 16, learningRate: 2e-4, passes: 4, maxTokens: 500_000 };
}
