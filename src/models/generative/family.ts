import type { SpecialistFamily, TaskKind } from "../../core/index.ts";
import { openBase } from "./base.ts";
import { fitGenerative } from "./fit.ts";
import { GENERATIVE_KIND, loadGenerative } from "./specialist.ts";

/** Answers with parts to be written; labels are the business of cheaper families. */
const KINDS: ReadonlySet<TaskKind> = new Set(["json", "tool-call", "sql"]);
/** Fewer examples do not teach the base a task. */
const MIN_EXAMPLES = 100;

/**
 * The generative rung: an adapter (LoRA) on the base that ships with this package. It has learnt the task's fixed text by heart and reads
 * only what varies; a grammar of the task's schema holds what it writes. Minutes of all cores per fit, milliseconds per answer.
 */
export const generative: SpecialistFamily = {
  kind: GENERATIVE_KIND,
  rank: 5,
  threads: "all",
  suits: ({ kind, examples }) => KINDS.has(kind) && examples >= MIN_EXAMPLES,
  fit: async (examples, options) => fitGenerative(await openBase(), examples, options),
  load: async (artifact) => loadGenerative(artifact, await openBase()),
};
