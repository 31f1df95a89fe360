import type { CallEnd, CallInput } from "../call.ts";
import type { CallFacts } from "./hooks.ts";
import type { Arrival } from "./parts.ts";

/** A call as operations see it. */
export function factsOf(input: CallInput, end: CallEnd, arrival: Arrival, endedMs: number): CallFacts {
  const { decision, place, isStream, firstByteMs, status, failure, usage, attempts } = end;
  const { traceparent } = arrival.request.headers;
  return {
    callId: input.id,
    session: input.session,
    keyId: input.keyId,
    surface: arrival.surface.path,
    operation: arrival.surface.operation,
    model: input.request.model,
    upstreamModel: place?.model ?? null,
    provider: place?.provider ?? null,
    decision,
    isStream,
    startedMs: input.startedMs,
    firstByteMs,
    endedMs,
    status,
    failure,
    usage,
    attempts,
    traceparent: typeof traceparent === "string" ? traceparent : null,
  };
}
