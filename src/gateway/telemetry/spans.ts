import type { CallFacts } from "../hooks.ts";
import { ATTRIBUTES, operationName, OWN_ATTRIBUTES } from "./conventions.ts";
import { attributes, nanos, type Attribute } from "./otlp-json.ts";
import { readTraceparent } from "./trace.ts";

// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/trace/v1/trace.proto
const KIND_CLIENT = 3;
const STATUS_ERROR = 2;
const FLAG_SAMPLED = 1;

export type SpanDeps = {
  /** The convention's name of a provider of the config. */
  readonly providerName: (provider: string) => string;
  /** Hex digits for so many random bytes. */
  readonly randomHex: (bytes: number) => string;
};

/** A call as a span in OTLP's JSON form; null when the caller does not want its trace kept. No content. */
export function spanOf(facts: CallFacts, { providerName, randomHex }: SpanDeps): object | null {
  const context = readTraceparent(facts.traceparent);
  if (context !== null && !context.isSampled) return null;
  const hasFailed = errorTypeOf(facts) !== null;
  return {
    traceId: context?.traceId ?? randomHex(16),
    spanId: randomHex(8),
    ...(context === null ? {} : { parentSpanId: context.parentId }),
    flags: FLAG_SAMPLED,
    name: `${operationName(facts.operation)} ${facts.model}`.trim(),
    kind: KIND_CLIENT,
    startTimeUnixNano: nanos(facts.startedMs),
    endTimeUnixNano: nanos(Math.max(facts.startedMs, facts.endedMs)),
    attributes: spanAttributes(facts, providerName),
    status: hasFailed ? { code: STATUS_ERROR } : {},
  };
}

/** What went wrong, in few words: a code of the house or the status that the provider gave; null for nothing. */
export function errorTypeOf({ failure, status }: Pick<CallFacts, "failure" | "status">): string | null {
  return failure ?? (status >= 400 ? String(status) : null);
}

function spanAttributes(facts: CallFacts, providerName: SpanDeps["providerName"]): readonly Attribute[] {
  const { decision, usage, firstByteMs, startedMs } = facts;
  return attributes({
    [ATTRIBUTES.operationName]: operationName(facts.operation),
    [ATTRIBUTES.providerName]: facts.provider === null ? OURSELVES : providerName(facts.provider),
    [ATTRIBUTES.requestModel]: facts.model,
    [ATTRIBUTES.responseModel]: facts.upstreamModel,
    [ATTRIBUTES.conversationId]: facts.session.id,
    [ATTRIBUTES.inputTokens]: usage.inputTokens,
    [ATTRIBUTES.outputTokens]: usage.outputTokens,
    [ATTRIBUTES.errorType]: errorTypeOf(facts),
    [ATTRIBUTES.httpStatus]: facts.status,
    [OWN_ATTRIBUTES.callId]: facts.callId,
    [OWN_ATTRIBUTES.keyId]: facts.keyId,
    [OWN_ATTRIBUTES.servedBy]: decision.servedBy,
    [OWN_ATTRIBUTES.reason]: decision.reason,
    [OWN_ATTRIBUTES.taskId]: decision.taskId,
    // With a fraction also where it is whole: a double, not an int.
    [OWN_ATTRIBUTES.score]: decision.score === null ? null : { double: decision.score },
    [OWN_ATTRIBUTES.attempts]: facts.attempts,
    [OWN_ATTRIBUTES.firstByteS]: firstByteMs === null ? null : { double: (firstByteMs - startedMs) / 1000 },
  });
}

/** The provider of what specialists and the cache answer. */
export const OURSELVES = "understudy";
