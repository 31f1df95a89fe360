import type { SpecialistFamily, TaskKind } from "../../core/index.ts";
import { adaptFor } from "./adapt-for.ts";
import { findBaseOf, openBase } from "./base.ts";
import { fitGenerative } from "./fit.ts";
import { memoryBeside } from "./memory.ts";
import { GENERATIVE_KIND, loadGenerative } from "./specialist.ts";

/** Answers with parts to be written; labels are the business of cheaper families. */
const KINDS: ReadonlySet<TaskKind> = new Set(["json", "tool-call", "sql"]);
/** Fewer examples do not teach the base a task. */
const MIN_EXAMPLES = 100;

/**
 * The generative rung: an adapter (LoRA) on a base, by default the one that ships with this package. It has learnt the task's fixed text by
 * heart and reads only what varies; a grammar of the task's schema holds what it writes. Minutes of all cores per fit, milliseconds per answer.
 */
export function generativeOn(folder?: string): SpecialistFamily {
  return {
    kind: GENERATIVE_KIND,
    rank: 5,
    threads: "all",
    suits: ({ kind, examples }) => KINDS.has(kind) && examples >= MIN_EXAMPLES,
    startsFrom: async () => (await openBase(folder)).hash,
    async fit(examples, options) {
      const maxBytes = await memoryBeside(folder, options);
      const base = await openBase(folder);
      return fitGenerative(base, examples, { ...options, maxBytes }, adaptFor(base));
    },
    load: async (artifact) => loadGenerative(artifact, await findBaseOf(artifact, folder)),
  };
}

export const generative: SpecialistFamily = generativeOn();
