import {
  ERROR_CODES,
  HouseError,
  type Assignment,
  type Call,
  type ChatRequest,
  type ChatResponse,
  type Effects,
  type ErrorCode,
} from "./core/index.ts";
import {
  messageOf,
  writeAnswer,
  type FoldedAnswer,
  type Provider,
  type ProviderCall,
  type ProviderEvent,
} from "./models/index.ts";
import {
  attempt,
  candidateFor,
  decide,
  SPECIALIST_CALL_PREFIX,
  type Decision,
  type Policy,
} from "./route/index.ts";

/** One call as it reaches the line. */
export type CallInput = ProviderCall & {
  readonly id: string;
  readonly session: string;
};

export type CallDeps = {
  readonly effects: Effects;
  readonly assign: (request: ChatRequest) => Assignment | null;
  readonly policy: Policy;
  /** Null when no upstream is configured: specialists still answer. */
  readonly provider: Provider | null;
  /** Resolves when the call is durable; rejects with a HouseError when it cannot be. */
  readonly record: (call: Call) => Promise<void>;
  readonly pseudonym: (kind: "user", value: string) => string;
};

/**
 * What the caller is told: `call-start` first, then the answer as the provider's events have it, then exactly one of `call-end`
 * and `call-error`, last.
 */
export type CallEvent =
  | { readonly type: "call-start"; readonly decision: Decision }
  | Extract<ProviderEvent, { type: "answer-start" | "answer-delta" }>
  /** The held rest of the answer, to be sent last. */
  | { readonly type: "call-end"; readonly bytes: Uint8Array }
  | { readonly type: "call-error"; readonly code: ErrorCode; readonly message: string };

/** A plain answer is held until the call is recorded; a longer one ends as an error. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** How an answer ended: whole, or with an error of the house. */
type End = FoldedAnswer | { readonly code: ErrorCode; readonly message: string };

/**
 * One call, a straight line: assign, decide, specialist or provider, fold, record. Never throws.
 * The answer's last bytes are held back until the call is durable: what a client has whole is in the log.
 */
export async function* answerCall(
  input: CallInput,
  deps: CallDeps,
  signal: AbortSignal,
): AsyncGenerator<CallEvent, void> {
  const startedMs = deps.effects.nowMs();
  const decision = await decideCall(input.request, deps);
  yield { type: "call-start", decision };
  const held = new Held();
  let status: number | null = null;
  let end: End = { code: "upstream-broken", message: "Cannot complete the call: the answer did not end" };
  for await (const event of eventsOf(input, decision, deps, signal)) {
    if (event.type === "answer-end") end = event.answer;
    else if (event.type === "answer-error") end = event;
    else if (event.type === "answer-start") {
      status = event.status;
      held.start(event.isStream);
      yield event;
    } else if (!held.takes(event)) yield event;
    if (held.isTooLong) {
      end = { code: "upstream-broken", message: `Cannot hold an answer of over ${MAX_HELD_BYTES} bytes` };
      break;
    }
  }
  const refusal = await recordCall(callOf(input, { decision, end, status, startedMs }, deps), deps);
  if (refusal !== null) yield refusal;
  else if ("code" in end) yield { type: "call-error", code: end.code, message: end.message };
  else yield { type: "call-end", bytes: held.bytes };
}

async function decideCall(request: ChatRequest, deps: CallDeps): Promise<Decision> {
  const { effects, policy } = deps;
  let assignment: Assignment | null = null;
  try {
    assignment = deps.assign(request);
  } catch (error) {
    // A request that we cannot place is still one that the provider can answer.
    effects.log.error({ event: "assignment-failed", message: (error as Error).message });
  }
  const candidate = candidateFor(policy, request, assignment);
  if (assignment === null || "reason" in candidate) {
    const reason = "reason" in candidate ? candidate.reason : "novel";
    return { servedBy: "provider", reason, taskId: assignment?.taskId ?? null, score: null };
  }
  const { entry } = candidate;
  const decision = decide(entry, request, await attempt(entry.model, assignment.input));
  if (decision.reason === "specialist-failed" || decision.reason === "specialist-late") {
    effects.log.warn({ event: decision.reason, taskId: entry.taskId, specialistId: entry.specialistId });
  }
  return decision;
}

async function* eventsOf(
  input: CallInput,
  decision: Decision,
  deps: CallDeps,
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent, void> {
  if (decision.servedBy === "specialist") {
    const createdS = Math.floor(deps.effects.nowMs() / 1000);
    const head = { id: `chatcmpl-${input.id}`, createdS, model: input.request.model };
    yield* writeAnswer(input.request, specialistResponse(decision, input.request, deps.effects), head);
  } else if (deps.provider === null) {
    yield { type: "answer-error", code: "no-upstream", message: NO_UPSTREAM };
  } else {
    yield* unbroken(deps.provider.complete(input, signal), deps.effects);
  }
}

// A provider never throws by contract; one that does must not keep the call out of the log.
async function* unbroken(
  events: AsyncGenerator<ProviderEvent, void>,
  effects: Effects,
): AsyncGenerator<ProviderEvent, void> {
  try {
    yield* events;
  } catch (error) {
    effects.log.error({ event: "provider-threw", message: (error as Error).message });
    yield {
      type: "answer-error",
      code: "upstream-broken",
      message: "Cannot complete the call: the provider failed",
    };
  }
}

const NO_UPSTREAM =
  "No upstream is configured and no certified specialist answers this call: " +
  "start the gateway with --upstream URL, for example understudy serve --upstream https://api.openai.com/v1";

type Served = Extract<Decision, { servedBy: "specialist" }>;

function specialistResponse(decision: Served, request: ChatRequest, effects: Effects): ChatResponse {
  const newId = (): string => effects.newId(SPECIALIST_CALL_PREFIX);
  return {
    model: request.model,
    message: messageOf(decision.answer, decision.entry.model.style, newId),
    finish_reason: decision.answer.type === "tool-calls" ? "tool_calls" : "stop",
    // No tokens of a language model were read or written: known, not unknown.
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  };
}

/** What must wait for the record: a plain answer as a whole, a stream from its last event on. */
class Held {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #isHolding = true;

  start(isStream: boolean): void {
    this.#isHolding = !isStream;
  }

  takes(delta: { readonly bytes: Uint8Array; readonly isLast: boolean }): boolean {
    if (delta.isLast) this.#isHolding = true;
    if (!this.#isHolding) return false;
    this.#chunks.push(delta.bytes);
    this.#size += delta.bytes.length;
    return true;
  }

  get isTooLong(): boolean {
    return this.#size > MAX_HELD_BYTES;
  }

  get bytes(): Uint8Array {
    return this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
  }
}

type Outcome = {
  readonly decision: Decision;
  readonly end: End;
  /** The answer's own status; null when none began. */
  readonly status: number | null;
  readonly startedMs: number;
};

function callOf(input: CallInput, outcome: Outcome, deps: CallDeps): Call {
  const { decision, end, startedMs } = outcome;
  const isAnswer = !("code" in end);
  const error = isAnswer ? end.error : { code: end.code, message: end.message };
  const user = input.request["user"] ?? input.request["safety_identifier"];
  return {
    id: input.id,
    session: input.session,
    at: new Date(startedMs).toISOString(),
    origin: typeof user === "string" ? deps.pseudonym("user", user) : null,
    source: "gateway",
    request: withoutOrigin(input.request, deps),
    response: isAnswer ? end.response : null,
    status: statusOf(outcome),
    error,
    latencyMs: Math.max(0, deps.effects.nowMs() - startedMs),
    usage: isAnswer ? end.usage : { inputTokens: null, outputTokens: null },
    servedBy: decision.servedBy,
    taskId: decision.taskId,
    foreign: {
      reason: decision.reason,
      score: decision.score,
      specialistId: decision.servedBy === "specialist" ? decision.entry.specialistId : null,
      provider: decision.servedBy === "provider" ? (deps.provider?.name ?? null) : null,
    },
  };
}

// A stream can begin with 200 and end with an error: such a call has failed.
function statusOf({ end, status }: Outcome): number {
  if ("code" in end) return ERROR_CODES[end.code].status;
  if (status === null || (status < 400 && end.response === null))
    return ERROR_CODES["upstream-broken"].status;
  return status;
}

function withoutOrigin(request: ChatRequest, deps: CallDeps): ChatRequest {
  const copy: { [field: string]: unknown } = { ...request };
  for (const field of ["user", "safety_identifier"]) {
    const value = copy[field];
    if (typeof value === "string") copy[field] = deps.pseudonym("user", value);
  }
  // Fields were replaced by the same type.
  return copy as ChatRequest;
}

type Refusal = Extract<CallEvent, { type: "call-error" }>;

async function recordCall(call: Call, deps: CallDeps): Promise<Refusal | null> {
  try {
    await deps.record(call);
    return null;
  } catch (error) {
    const code = error instanceof HouseError ? error.code : "store-broken";
    deps.effects.log.error({
      event: "call-unrecorded",
      callId: call.id,
      code,
      message: (error as Error).message,
    });
    // An answer that is not in the log would be missing from every certificate: it is refused instead.
    return { type: "call-error", code, message: "Cannot record the call, so its answer is withheld" };
  }
}
