import type { TaskInput } from "../core/index.ts";
import type { SpecialistAnswer } from "../models/index.ts";
import type { Attempt } from "./decide.ts";

/** A specialist that needs longer is not worth waiting for: the provider's first byte comes in about this time. */
export const SPECIALIST_BUDGET_MS = 1000;

/** A specialist in this process answers at once; one behind a wire answers later. */
export type Responder = {
  respond(input: TaskInput): SpecialistAnswer | Promise<SpecialistAnswer>;
};

/** Asks a specialist. Whatever goes wrong with it is data: the provider can still answer. */
export async function attempt(
  model: Responder,
  input: TaskInput,
  budgetMs: number = SPECIALIST_BUDGET_MS,
): Promise<Attempt> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = model.respond(input);
    if (!(answer instanceof Promise)) return answer;
    const late = new Promise<Attempt>((resolve) => {
      timer = setTimeout(() => resolve({ failure: "specialist-late" }), budgetMs);
    });
    return await Promise.race([answer, late]);
  } catch {
    return { failure: "specialist-failed" };
  } finally {
    clearTimeout(timer);
  }
}
