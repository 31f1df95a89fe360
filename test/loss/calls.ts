import { hash32, type Call } from "../../src/core/index.ts";
import type { SegmentBegin, SegmentEnd } from "../../src/store/index.ts";

/** Text that is told by its id: some bytes to some kilobytes. */
const textOf = (kind: string, id: string): string =>
  `${kind} ${id} `.padEnd(20 + (hash32(`${kind}${id}`) % 3000), id);

export function beginOf(callId: string): SegmentBegin {
  const request = { model: "m", messages: [{ role: "user", content: textOf("ask", callId) }] };
  return {
    type: "begin",
    callId,
    // Now: a call of a living writer that began a day ago is taken for one that never ends.
    atMs: Date.now(),
    session: callId,
    origin: null,
    protocol: "chat",
    facts: {},
    request: Buffer.from(JSON.stringify(request)),
  };
}

export function endOf(callId: string): SegmentEnd {
  const message = { role: "assistant", content: textOf("answer", callId) };
  const body = Buffer.from(JSON.stringify({ choices: [{ message, finish_reason: "stop" }] }));
  const cut = hash32(callId) % body.length;
  return {
    type: "end",
    callId,
    latencyMs: 1,
    status: 200,
    isStream: false,
    protocol: "chat",
    failure: null,
    facts: {},
    response: [body.subarray(0, cut), body.subarray(cut)],
  };
}

/** What a call in the store holds: `whole`, `begun` (no answer), or what is wrong with it. */
export function stateOf(call: Call): "whole" | "begun" | "torn" {
  if (call.request.messages[0].content !== textOf("ask", call.id)) return "torn";
  if (call.response === null) return call.status === 499 ? "begun" : "torn";
  return call.response.message.content === textOf("answer", call.id) ? "whole" : "torn";
}
