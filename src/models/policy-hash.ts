import { contentHash, type Json, type Task } from "../core/index.ts";

/** Raised when the code changes what a stored specialist would answer: features, masks, assignment or calibration. */
export const ANSWER_VERSION = 3;

/**
 * The hash of everything that decides what is answered: the specialist (artifact, calibration, style), the task's
 * templates and the version of the code between them. A certificate is about this hash and void for any other.
 */
export function policyHashOf(
  specialistId: string,
  info: { readonly [field: string]: Json },
  task: Task,
): string {
  const { calibration, style } = info;
  const templates = task.variants.map(({ toolsHash, formatHash, models, templates }) => ({
    toolsHash,
    formatHash,
    models,
    templates,
  }));
  return contentHash({ specialistId, calibration, style, templates, version: ANSWER_VERSION }, 32);
}
