import {
  ERROR_CODES,
  type Assignment,
  type ChatRequest,
  type ChatResponse,
  type Effects,
  type ErrorCode,
  type Session,
  type Usage,
} from "./core/index.ts";
import {
  answerHead,
  answerId,
  learnFrom,
  messageOf,
  Passage,
  writeResponse,
  type AnswerEnd,
  type ClientSink,
  type Exchange,
  type Holds,
  type KeptBytes,
  type Place,
  type Protocol,
  type Question,
  type Upstreams,
} from "./models/index.ts";
import {
  attempt,
  candidateFor,
  decide,
  SPECIALIST_CALL_PREFIX,
  type Decision,
  type Policy,
} from "./route/index.ts";
import type { RecordingMode, SegmentBegin, SegmentEnd, SegmentFailure, SegmentLog } from "./store/index.ts";

/** One call as it reaches the line. */
export type CallInput = {
  readonly id: string;
  readonly session: Pick<Session, "named" | "id">;
  readonly startedMs: number;
  readonly keyId: string;
  /** A pseudonym; null when the request names no user. */
  readonly origin: string | null;
  /** Of the client. */
  readonly protocol: Protocol;
  readonly request: ChatRequest;
  readonly question: Question;
};

/** Who is served: the provider's and the specialist's decisions, and an answer that was given before. */
export type CallDecision =
  | Decision
  | {
      readonly servedBy: "cache";
      readonly reason: "cached";
      readonly taskId: string;
      readonly score: null;
      readonly response: ChatResponse;
    };

/** A held part of a budget, or why there is none. */
export type Held = {
  /** `model`: the one that answered, as its provider names it. */
  settle(usage: Usage, servedBy: CallDecision["servedBy"], model?: string): void;
  release(): void;
};
export type NotHeld = { readonly code: ErrorCode; readonly message: string; readonly retryAfterS?: number };
/** A request that is not taken as it is. */
export type Refused = Omit<NotHeld, "retryAfterS"> & { readonly param: string };

/** Answers of tasks that are kept; see `createAnswerCache`. */
export type AnswerCache = {
  /** Null when the task's answers are not kept. Waits for the same question under way. */
  look(taskId: string, input: CallInput): Promise<CacheLook> | null;
};
export type CacheLook =
  | { readonly response: ChatResponse }
  /** Nobody knows yet: the caller asks, and says what it got; null when nothing to keep. Called once. */
  | { readonly publish: (response: ChatResponse | null) => void };

export type Recording = {
  readonly mode: RecordingMode;
  /** When a call cannot be recorded: refuse its answer, or serve it and count the loss. */
  readonly onFailure: "refuse" | "serve";
  readonly log: SegmentLog;
};

export type CallDeps = {
  readonly effects: Effects;
  readonly assign: (request: ChatRequest) => Assignment | null;
  readonly policy: Policy;
  /** Null when no upstream is configured: specialists still answer. */
  readonly upstreams: Upstreams | null;
  readonly recording: Recording;
  readonly memory: KeptBytes;
  readonly cache: AnswerCache | null;
  /** Told of every answer that has passed: a client may go on from it. */
  readonly keep: (input: CallInput, passage: Passage) => void;
  readonly reserve: (input: CallInput, taskId: string | null) => Held | NotHeld;
};

/** The client as the line sees it: `decided` first, or `refuse` and nothing else; then an answer. */
export type Client = ClientSink & {
  /** `exchange` obeys the client: its backpressure, its leaving. */
  decided(decision: CallDecision, exchange: Exchange & Pick<Passage, "lost">): void;
  refuse(refusal: NotHeld): void;
  /** The answer goes out although it is not recorded. */
  unrecorded(): void;
};

/** How a call ended. */
export type CallEnd = {
  readonly decision: CallDecision;
  readonly place: Place | null;
  readonly attempts: number;
  readonly isStream: boolean;
  readonly status: number;
  readonly failure: ErrorCode | null;
  readonly usage: Usage;
  readonly firstByteMs: number | null;
  readonly isRecorded: boolean;
};

/**
 * One call, a straight line: decide, reserve, specialist or cache or provider, record, the last byte. Never rejects.
 * In the mode `durable` a client that has the whole answer has it from the log; in `intent` the log has its request before its first byte.
 */
export async function answerCall(input: CallInput, deps: CallDeps, client: Client): Promise<CallEnd | null> {
  const { recording, effects } = deps;
  const deciding = decideCall(input.request, deps);
  // An `await` of what is known costs a turn of the queue.
  const isKnown = !(deciding instanceof Promise) && (deciding.taskId === null || deps.cache === null);
  const chosen: Chosen = isKnown ? { decision: deciding } : await chooseServer(deciding, input, deps);
  const held = deps.reserve(input, chosen.decision.taskId);
  if ("code" in held) {
    chosen.publish?.(null);
    client.refuse(held);
    return null;
  }
  const passage = new Passage(client, deps.memory, {
    protocol: input.protocol.name,
    holds: HOLDS[recording.mode],
    nowMs: effects.nowMs,
  });
  client.decided(chosen.decision, passage);
  const begun =
    recording.mode === "intent" ? recordIntent(input, chosen.decision, { recording, passage }) : null;
  serve(input, chosen.decision, deps, passage);
  const answer = await passage.ended();
  const unbegun = begun === null ? null : complain(input, await begun, deps);
  const refusal = unbegun ?? (await record({ input, chosen, answer, passage, begun }, deps));
  if (refusal !== null && recording.onFailure === "serve") client.unrecorded();
  finish(answer, recording.onFailure === "serve" ? null : refusal, passage);
  const end = endOf(chosen.decision, answer, passage, input.protocol);
  settle(held, end);
  learnFrom(passage, input, { upstreams: deps.upstreams, publish: chosen.publish });
  deps.keep(input, passage);
  passage.close();
  return { ...end, isRecorded: refusal === null };
}

/** What waits for the record, by mode. */
const HOLDS: { readonly [mode in RecordingMode]: Holds } = {
  durable: { plain: "all", stream: "last" },
  intent: { plain: "none", stream: "none" },
  async: { plain: "none", stream: "none" },
};

type Chosen = { readonly decision: CallDecision; readonly publish?: (response: ChatResponse | null) => void };

type Deciding = Decision | Promise<Decision>;

/** Who answers, when it cannot be told at once. */
async function chooseServer(deciding: Deciding, input: CallInput, deps: CallDeps): Promise<Chosen> {
  const decision = await deciding;
  if (decision.servedBy === "specialist" || decision.taskId === null) return { decision };
  const looking = deps.cache?.look(decision.taskId, input) ?? null;
  if (looking === null) return { decision };
  const look = await looking;
  if ("publish" in look) return { decision, publish: look.publish };
  const { taskId } = decision;
  return { decision: { servedBy: "cache", reason: "cached", taskId, score: null, response: look.response } };
}

function decideCall(request: ChatRequest, deps: CallDeps): Deciding {
  const { effects, policy } = deps;
  let assignment: Assignment | null = null;
  try {
    assignment = deps.assign(request);
  } catch (error) {
    effects.log.error({ event: "assignment-failed", message: (error as Error).message });
  }
  const candidate = candidateFor(policy, request, assignment);
  if (assignment === null || "reason" in candidate) {
    const reason = "reason" in candidate ? candidate.reason : "novel";
    return { servedBy: "provider", reason, taskId: assignment?.taskId ?? null, score: null };
  }
  return askSpecialist(candidate.entry, assignment, request, effects);
}

async function askSpecialist(
  entry: Parameters<typeof decide>[0],
  assignment: Assignment,
  request: ChatRequest,
  effects: Effects,
): Promise<Decision> {
  const decision = decide(entry, request, await attempt(entry.model, assignment.input));
  if (decision.reason === "specialist-failed" || decision.reason === "specialist-late") {
    effects.log.warn({ event: decision.reason, taskId: entry.taskId, specialistId: entry.specialistId });
  }
  return decision;
}

function serve(input: CallInput, decision: CallDecision, deps: CallDeps, passage: Passage): void {
  if (decision.servedBy === "specialist") {
    serveMade(input, specialistResponse(decision, input.request, deps.effects), deps, passage);
  } else if (decision.servedBy === "cache") {
    serveMade(input, decision.response, deps, passage);
  } else if (deps.upstreams === null) {
    passage.fail("no-upstream", NO_UPSTREAM);
  } else {
    passage.exchange = deps.upstreams.ask(input.question, passage);
  }
}

const NO_UPSTREAM =
  "No upstream is configured and no certified specialist answers this call: " +
  "start the gateway with --upstream URL, for example understudy serve --upstream https://api.openai.com/v1";

/** An answer of ours, in the client's protocol. */
function serveMade(input: CallInput, response: ChatResponse, deps: CallDeps, passage: Passage): void {
  const { protocol, request, id } = input;
  const isStream = request.stream === true;
  passage.head(200, answerHead(isStream), isStream);
  for (const bytes of writeResponse(protocol, request, response, {
    id: answerId(protocol.name, id),
    createdS: Math.floor(deps.effects.nowMs() / 1000),
    model: request.model,
  }))
    passage.data(bytes);
  passage.end();
}

type Certified = Extract<Decision, { servedBy: "specialist" }>;

function specialistResponse(decision: Certified, request: ChatRequest, effects: Effects): ChatResponse {
  return {
    model: request.model,
    message: messageOf(decision.answer, decision.entry.model.style, () =>
      effects.newId(SPECIALIST_CALL_PREFIX),
    ),
    finish_reason: decision.answer.type === "tool-calls" ? "tool_calls" : "stop",
    // No tokens of a language model were read or written: known, not unknown.
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  };
}

function beginOf(input: CallInput, decision: CallDecision): SegmentBegin {
  return {
    type: "begin",
    callId: input.id,
    atMs: input.startedMs,
    session: input.session.named,
    origin: input.origin,
    protocol: input.protocol.name,
    facts: {
      // A kept answer is the provider's.
      servedBy: decision.servedBy === "specialist" ? "specialist" : "provider",
      taskId: decision.taskId,
      reason: decision.reason,
      score: decision.score,
      specialistId: decision.servedBy === "specialist" ? decision.entry.specialistId : null,
      keyId: input.keyId,
    },
    request: input.question.body,
  };
}

/** The request goes to the log before the client has a byte; the provider is asked meanwhile. */
function recordIntent(
  input: CallInput,
  decision: CallDecision,
  { recording, passage }: { readonly recording: Recording; readonly passage: Passage },
): Promise<SegmentFailure | null> {
  passage.shut();
  return new Promise((resolve) => {
    recording.log.append([beginOf(input, decision)], (failure) => {
      if (failure === null || recording.onFailure === "serve") passage.open();
      else passage.cancel();
      resolve(failure);
    });
  });
}

type Ended = {
  readonly input: CallInput;
  readonly chosen: Chosen;
  readonly answer: AnswerEnd;
  readonly passage: Passage;
  readonly begun: Promise<SegmentFailure | null> | null;
};

/** Null when the mode's promise is kept. */
function record(ended: Ended, deps: CallDeps): Promise<SegmentFailure | null> | null {
  const { input, chosen, begun } = ended;
  const { mode, log } = deps.recording;
  const end = endRecord(ended, deps.effects.nowMs());
  const records = begun === null ? [beginOf(input, chosen.decision), end] : [end];
  const told = (failure: SegmentFailure | null): SegmentFailure | null => complain(input, failure, deps);
  if (mode === "durable")
    return new Promise((resolve) => log.append(records, (failure) => resolve(told(failure))));
  log.append(records, told, "later");
  return null;
}

function complain(
  input: CallInput,
  failure: SegmentFailure | null,
  { effects }: CallDeps,
): SegmentFailure | null {
  if (failure !== null) {
    const { code, message } = failure;
    effects.log.error({ event: "call-unrecorded", callId: input.id, code, message });
  }
  return failure;
}

function endRecord({ input, answer, passage }: Ended, nowMs: number): SegmentEnd {
  const { place, attempts, isCut, encoding, kept, counts, lost } = passage;
  return {
    type: "end",
    callId: input.id,
    latencyMs: Math.max(0, nowMs - input.startedMs),
    status: statusOf(answer),
    isStream: answer.isStream,
    protocol: input.protocol.name,
    failure: answer.failure,
    facts: {
      provider: place?.provider ?? null,
      upstreamModel: place?.model ?? null,
      attempts,
      ...(encoding === null ? {} : { encoding }),
      ...(counts === null ? {} : { usage: counts }),
      ...(lost.length === 0 ? {} : { lost }),
      ...(isCut ? { cut: "the answer was too long to be kept whole" } : {}),
    },
    response: kept,
  };
}

function statusOf({ failure, status }: AnswerEnd): number {
  return failure === null
    ? (status ?? ERROR_CODES["upstream-broken"].status)
    : ERROR_CODES[failure.code].status;
}

function finish(answer: AnswerEnd, refusal: SegmentFailure | null, passage: Passage): void {
  if (refusal !== null) {
    // An answer that is not in the log would be missing from every certificate: it is refused instead.
    passage.refuse(refusal.code, "Cannot record the call, so its answer is withheld");
  } else if (answer.failure !== null) {
    passage.refuse(answer.failure.code, answer.failure.message);
  } else {
    passage.finish();
  }
}

function endOf(
  decision: CallDecision,
  answer: AnswerEnd,
  passage: Passage,
  protocol: Protocol,
): Omit<CallEnd, "isRecorded"> {
  const { place, attempts, firstByteMs } = passage;
  const status = statusOf(answer);
  const usage = decision.servedBy === "provider" && status < 400 ? passage.usageIn(protocol) : NO_TOKENS;
  return {
    decision,
    place,
    attempts,
    isStream: answer.isStream,
    status,
    failure: answer.failure?.code ?? null,
    // The provider may have charged for what broke off.
    usage: answer.failure !== null && firstByteMs !== null ? UNKNOWN : usage,
    firstByteMs,
  };
}

const NO_TOKENS: Usage = { inputTokens: 0, outputTokens: 0 };
const UNKNOWN: Usage = { inputTokens: null, outputTokens: null };

function settle(held: Held, { decision, place, usage, failure }: Omit<CallEnd, "isRecorded">): void {
  const hasReachedNobody = decision.servedBy === "provider" && place === null && failure !== null;
  if (hasReachedNobody) held.release();
  else held.settle(usage, decision.servedBy, place?.model);
}
