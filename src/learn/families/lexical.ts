import type { Prediction, Specialist, SpecialistFamily, TaskInput } from "../../core/index.ts";

/** A specialist of words and weights in memory: it answers at once and holds nothing to free. */
export type LexicalSpecialist = Pick<Specialist, "description"> & { predict(input: TaskInput): Prediction };

/** A family of such specialists. */
export type LexicalFamily = Omit<SpecialistFamily, "load"> & {
  load(artifact: Uint8Array): LexicalSpecialist;
};
