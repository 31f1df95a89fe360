import type { CallFacts } from "../hooks.ts";

/** A call that went well, or as the changes say. */
export function sampleFacts(changes: Partial<CallFacts> = {}): CallFacts {
  return {
    callId: "call_1",
    session: { id: "session-1" },
    keyId: "k1",
    surface: "/v1/chat/completions",
    operation: "generate",
    model: "fast",
    upstreamModel: "gpt-4o-mini",
    provider: "main",
    decision: { servedBy: "provider", reason: "novel", taskId: null, score: null },
    isStream: false,
    startedMs: 1_700_000_000_000,
    firstByteMs: 1_700_000_000_050,
    endedMs: 1_700_000_000_100,
    status: 200,
    failure: null,
    usage: { inputTokens: 1000, outputTokens: 100 },
    attempts: 1,
    traceparent: null,
    ...changes,
  };
}
