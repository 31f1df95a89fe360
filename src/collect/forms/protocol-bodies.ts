import { parseJson } from "../../core/index.ts";
import { protocols, type Protocol, type ProtocolName, type SaidInPath } from "../../models/index.ts";
import { given, isFields, listOf, type Fields } from "./fields.ts";

/**
 * The protocol that a request's body is written in, by its own fields; null for Chat Completions and what is none of them. The gateway
 * reads these bodies in the same way: a call that was logged and one that passes come out alike.
 */
export function protocolOfRequest(body: Fields): Protocol | null {
  const { messages, input, instructions, system } = body;
  if (!Array.isArray(messages)) {
    const isResponses = typeof input === "string" || listOf(input).some(isResponsesItem);
    return isResponses || (instructions !== undefined && input !== undefined) ? of("responses") : null;
  }
  if (listOf(messages).some(({ role }) => role === "tool" || role === "system")) return null;
  const isMessages =
    typeof system === "string" ||
    (Array.isArray(system) && system.length > 0) ||
    body["anthropic_version"] !== undefined ||
    listOf(body["tools"]).some((tool) => tool["input_schema"] !== undefined) ||
    listOf(messages).some(hasAnthropicBlocks);
  return isMessages ? of("messages") : null;
}

/** The protocol of an answer's body, by its own fields; null for Chat Completions and what is none of them. */
export function protocolOfAnswer(body: Fields): Protocol | null {
  if (body["type"] === "message" && body["role"] === "assistant" && Array.isArray(body["content"]))
    return of("messages");
  return body["object"] === "response" && Array.isArray(body["output"]) ? of("responses") : null;
}

/** The protocol of an endpoint, by its path; null where it is none we know. */
export function protocolOfPath(path: string): Protocol | null {
  const name = PATHS.find(([pattern]) => pattern.test(path))?.[1];
  return name === undefined ? null : of(name);
}

const PATHS: readonly (readonly [RegExp, ProtocolName])[] = [
  [/\/chat\/completions\b/, "chat"],
  [/\/responses\b/, "responses"],
  [/\/messages\b/, "messages"],
  [/\/model\/anthropic[^/]*\/invoke/, "messages"],
  [/:(stream)?generateContent\b/i, "gemini"],
  [/\/model\/[^/]+\/converse/, "converse"],
];

/** The request in a body of the protocol, or null where it cannot be read. */
export function requestIn(protocol: Protocol, body: Fields, path: SaidInPath): Fields | null {
  const parsed = protocol.parse(Buffer.from(JSON.stringify(body)), path);
  return parsed.ok ? given(parsed.request) : null;
}

/** The answer in a body of the protocol, an object or the text of a plain answer or a stream; null where there is none. */
export function answerIn(protocol: Protocol, body: unknown, status = 200): Fields | null {
  const text = typeof body === "string" ? body : JSON.stringify(body ?? null);
  const isStream = typeof body === "string" && parseJson(body) === undefined;
  const fold = protocol.fold(status, isStream);
  fold.push(Buffer.from(text));
  const { response, usage } = fold.end();
  if (response === null) return null;
  const counts = given({
    prompt_tokens: usage.inputTokens ?? undefined,
    completion_tokens: usage.outputTokens ?? undefined,
  });
  return { ...response, usage: isFields(response["usage"]) ? response["usage"] : counts };
}

/** The answer in the text of a stream, whose protocol its events tell; null where it is none we know, or broke off. */
export function answerInStream(text: string): Fields | null {
  const name = /"type":\s*"response\.(created|in_progress|output|completed)/.test(text)
    ? "responses"
    : /"type":\s*"message_(start|delta)"/.test(text)
      ? "messages"
      : "chat";
  const protocol = of(name);
  return protocol === null ? null : answerIn(protocol, text);
}

const of = (name: ProtocolName): Protocol | null => protocols.get(name) ?? null;

const isResponsesItem = (item: Fields): boolean =>
  typeof item["role"] === "string" ||
  item["type"] === "function_call" ||
  item["type"] === "function_call_output";

const hasAnthropicBlocks = ({ content }: Fields): boolean =>
  listOf(content).some(
    ({ type, source }) =>
      type === "tool_use" || type === "tool_result" || type === "thinking" || source !== undefined,
  );
