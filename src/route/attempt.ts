import type { TaskInput } from "../core/index.ts";
import type { SpecialistAnswer } from "../models/index.ts";
import type { Attempt } from "./decide.ts";

/** A specialist that needs longer is not worth waiting for: the provider's first byte comes in about this time. */
export const SPECIALIST_BUDGET_MS = 1000;

/** A specialist that looks its answer up answers at once; one that writes it word by word answers later. */
export type Responder = {
  respond(input: TaskInput, signal?: AbortSignal): SpecialistAnswer | Promise<SpecialistAnswer>;
};

/** Asks a specialist. Whatever goes wrong with it is data: the provider can still answer. A late one is told to stop. */
export async function attempt(
  model: Responder,
  input: TaskInput,
  budgetMs: number = SPECIALIST_BUDGET_MS,
): Promise<Attempt> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = model.respond(input, controller.signal);
    if (!(answer instanceof Promise)) return answer;
    const late = new Promise<Attempt>((resolve) => {
      timer = setTimeout(() => {
        // Decided before the signal is raised: what a stopped specialist says is not heard.
        resolve({ failure: "specialist-late" });
        controller.abort();
      }, budgetMs);
    });
    return await Promise.race([answer, late]);
  } catch {
    return { failure: "specialist-failed" };
  } finally {
    clearTimeout(timer);
  }
}
