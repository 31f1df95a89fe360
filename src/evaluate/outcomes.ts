import {
  agrees,
  answerOf,
  type Answer,
  type Assignment,
  type Call,
  type ChatRequest,
} from "../core/index.ts";
import type { SpecialistModel } from "../models/index.ts";
import { medianOf } from "./median.ts";
import type { Outcomes } from "./certify.ts";

/** Outcomes of the calls a specialist could be asked about, and how many it could not: those go to the provider whatever its score. */
export type Judged = Outcomes & { readonly unserved: number; readonly latencyMsP50: number | null };

/** The rules of serving, as the gateway follows them. */
export type ServingRules = {
  readonly assign: (request: ChatRequest) => Assignment | null;
  /** Whether a specialist may be asked at all: not in the middle of another model's tool exchange, nothing it cannot do. */
  readonly isServable: (request: ChatRequest) => boolean;
  /** Whether a request allows an answer: one of the tools offered, the form asked for. */
  readonly isAllowed: (answer: Answer, request: ChatRequest) => boolean;
  readonly clockMs: () => number;
};

/** The specialist's answers to recorded calls, compared with the recorded answers: the very path a served call takes. */
export async function outcomesOf(
  model: Pick<SpecialistModel, "respond">,
  calls: Iterable<Call>,
  { assign, isServable, isAllowed, clockMs }: ServingRules,
  signal?: AbortSignal,
): Promise<Judged> {
  const scores: number[] = [];
  const losses: number[] = [];
  const latencies: number[] = [];
  let unserved = 0;
  for (const { request, response } of calls) {
    const assignment = isServable(request) ? assign(request) : null;
    if (assignment === null || response === null) {
      unserved += 1;
      continue;
    }
    const started = clockMs();
    const responded = model.respond(assignment.input, signal);
    // An answer at hand is not waited for: a wait costs more than some answers do.
    const { answer, score } = responded instanceof Promise ? await responded : responded;
    latencies.push(clockMs() - started);
    if (!isAllowed(answer, request)) {
      unserved += 1;
      continue;
    }
    scores.push(score);
    losses.push(agrees(answer, answerOf(response.message)) ? 0 : 1);
  }
  return { scores, losses, unserved, latencyMsP50: medianOf(latencies) };
}
