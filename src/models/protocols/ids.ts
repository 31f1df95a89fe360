/** Marks the ids of tool calls that a specialist made: the next turn then needs no memory to know who asked. */
export const SPECIALIST_CALL_PREFIX = "call_understudy";

/** A specialist's call id, as a protocol with other prefixes shows it. */
const SHOWN = /^(toolu|tooluse|fc)_understudy/;

/** An id of a tool call in the style of a protocol: only a specialist's is changed, others go back to who made them. */
export function callIdIn(prefix: "toolu" | "tooluse", id: string): string {
  return id.startsWith(SPECIALIST_CALL_PREFIX) ? `${prefix}_${id.slice("call_".length)}` : id;
}

/** An id of a tool call as we know it. */
export function callIdFrom(id: string): string {
  return SHOWN.test(id) ? `call_${id.slice(id.indexOf("_") + 1)}` : id;
}

/** Ids as Anthropic and Bedrock take them; one that is not, say of a small compatible server, is made so, the same every time. */
export function plainCallId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64) || "call_0";
}

/** An id of an answer with the prefix of a protocol: `msg_`, `resp_`, `chatcmpl-`. */
export function answerId(prefix: string, id: string): string {
  return id.startsWith(prefix) ? id : `${prefix}${id.replace(/^(chatcmpl-|msg_|resp_|call_)/, "")}`;
}
