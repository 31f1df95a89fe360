import { answerFrom } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import { fieldsOf, given, isFields, listOf, textIn, unpacked, type Fields } from "./fields.ts";
import { messagesFrom, systemFrom, withPlainText } from "./messages.ts";
import type { SpanEvent } from "./otlp-span.ts";
import { indexed } from "./otlp-value.ts";
import { toolsFrom } from "./tools.ts";

/** What a span says went in and came out. */
export type Content = {
  readonly messages: readonly unknown[];
  readonly tools: unknown;
  readonly answer: Fields | null;
  /** Parameters of the request that this habit tells in its own way. */
  readonly parameters?: Fields;
};

/**
 * The content of a span, in whichever of the habits it was recorded: OpenTelemetry's GenAI conventions (attributes, the
 * details event, the older events per message), OpenLLMetry's indexed attributes, OpenInference, the AI SDK. Null when it was
 * recorded without content.
 */
export function contentOf(attributes: Fields, events: readonly SpanEvent[]): Content | null {
  const details = events.find(({ name }) => name === "gen_ai.client.inference.operation.details");
  const all = details === undefined ? attributes : { ...attributes, ...details.attributes };
  return (
    conventions(all) ??
    perMessage(events.length > 0 ? events : eventsIn(attributes["events"])) ??
    openllmetry(all, "gen_ai.prompt", "gen_ai.completion") ??
    openllmetry(all, "llm.prompts", "llm.completions") ??
    openinference(all) ??
    aiSdk(all) ??
    oldEvents(all, events)
  );
}

function conventions(attributes: Fields): Content | null {
  const messages = messagesFrom(attributes["gen_ai.input.messages"]);
  if (messages === null) return null;
  const system = systemFrom(unpacked(attributes["gen_ai.system_instructions"]));
  return {
    messages: [...system, ...messages],
    tools: toolsFrom(attributes["gen_ai.tool.definitions"]),
    answer: answerFrom(unpacked(attributes["gen_ai.output.messages"])),
  };
}

// gen_ai.user.message {content}, gen_ai.choice {message, finish_reason}: the body is the event's, or its attributes.
function perMessage(events: readonly SpanEvent[]): Content | null {
  const messages: unknown[] = [];
  let answer: Fields | null = null;
  for (const { name, attributes, body } of events) {
    const said = isFields(body) ? body : attributes;
    const kind = /^gen_ai\.(system|user|assistant|tool)\.message$/.exec(name)?.[1];
    if (kind !== undefined) messages.push({ role: kind, ...messageIn(said) });
    if (name === "gen_ai.choice" && answer === null) {
      const message = unpacked(said["message"]) ?? { role: "assistant", ...messageIn(said) };
      answer = answerFrom({
        message: isFields(message) ? message : { content: message },
        finish_reason: said["finish_reason"],
      });
    }
  }
  return messages.length === 0 ? null : { messages, tools: undefined, answer };
}

function messageIn(said: Fields): Fields {
  return given({
    content: contentIn(said["content"]),
    role: textIn(said, "role"),
    tool_calls: unpacked(said["tool_calls"]),
    tool_call_id: textIn(said, "id", "tool_call_id"),
  });
}

/** Parts are kept as JSON; a text that is other JSON stays a text. */
function contentIn(value: unknown): unknown {
  const parts = unpacked(value);
  const isParts =
    Array.isArray(parts) &&
    parts.length > 0 &&
    parts.every((part) => isFields(part) && typeof part["type"] === "string");
  if (isParts || typeof value === "string") return isParts ? parts : value;
  return isFields(value) ? JSON.stringify(value) : (value ?? "");
}

// Logfire keeps the events as JSON in an attribute.
const eventsIn = (value: unknown): SpanEvent[] =>
  listOf(unpacked(value)).map((event) => ({
    name: textIn(event, "event.name", "name") ?? "",
    attributes: event,
    body: event["body"],
  }));

function openllmetry(attributes: Fields, prompts: string, completions: string): Content | null {
  const messages = indexed(attributes, prompts).map((entry) => flatMessage(entry, "user"));
  if (messages.length === 0) return null;
  const [first] = indexed(attributes, completions);
  const tools = indexed(attributes, "llm.request.functions").map((tool) => given({ ...tool }));
  const answer =
    first === undefined
      ? null
      : answerFrom({ message: flatMessage(first, "assistant"), finish_reason: first["finish_reason"] });
  return { messages, tools: toolsFrom(tools), answer };
}

function flatMessage(entry: Fields, role: string): Fields {
  const calls = indexed(entry, "tool_calls").map((call) => ({
    id: call["id"],
    type: "function",
    function: { name: call["name"], arguments: call["arguments"] ?? "{}" },
  }));
  return {
    role: textIn(entry, "role") ?? role,
    content: entry["content"] === undefined && calls.length > 0 ? null : contentIn(entry["content"]),
    ...given({
      tool_calls: calls.length === 0 ? undefined : calls,
      tool_call_id: textIn(entry, "tool_call_id"),
    }),
  };
}

function openinference(attributes: Fields): Content | null {
  const messages = indexed(attributes, "llm.input_messages").map(inferenceMessage);
  const parameters = fieldsOf(unpacked(attributes["llm.invocation_parameters"]));
  const tools = indexed(attributes, "llm.tools").map((tool) => tool["tool.json_schema"]);
  const [first] = indexed(attributes, "llm.output_messages");
  if (messages.length > 0) {
    const message = first === undefined ? null : inferenceMessage(first);
    const answer =
      message === null ? null : answerFrom({ message, finish_reason: attributes["llm.finish_reason"] });
    return { messages, tools: toolsFrom(tools) ?? toolsFrom(parameters["tools"]), answer, parameters };
  }
  if (attributes["openinference.span.kind"] !== "LLM") return null;
  const request = requestFrom(attributes["input.value"]);
  if (request === null) return null;
  const answer = answerFrom(attributes["output.value"]);
  return { messages: request["messages"] as unknown[], tools: request["tools"], answer, parameters };
}

function inferenceMessage(entry: Fields): Fields {
  const parts = indexed(entry, "message.contents").map((part) => {
    const url = textIn(part, "message_content.image.image.url");
    if (url !== undefined) return { type: "image_url", image_url: { url } };
    const type = textIn(part, "message_content.type") ?? "text";
    return type === "reasoning"
      ? { type, text: part["message_content.text"] }
      : { type: "text", text: textIn(part, "message_content.text") ?? "" };
  });
  const calls = indexed(entry, "message.tool_calls").map((call) => ({
    id: call["tool_call.id"],
    type: "function",
    function: { name: call["tool_call.function.name"], arguments: call["tool_call.function.arguments"] },
  }));
  return {
    role: textIn(entry, "message.role") ?? "user",
    content: textIn(entry, "message.content") ?? (parts.length > 0 ? parts : calls.length > 0 ? null : ""),
    ...given({
      tool_calls: calls.length === 0 ? undefined : calls,
      tool_call_id: textIn(entry, "message.tool_call_id"),
      name: textIn(entry, "message.name"),
    }),
  };
}

function aiSdk(attributes: Fields): Content | null {
  const messages = messagesFrom(attributes["ai.prompt.messages"]);
  if (messages === null) return null;
  const text = textIn(attributes, "ai.response.text", "ai.response.object") ?? "";
  const calls = unpacked(attributes["ai.response.toolCalls"]);
  const answer = answerFrom(
    given({ text, toolCalls: calls, finishReason: attributes["ai.response.finishReason"] }),
  );
  const isAnswered = text !== "" || calls !== undefined;
  return {
    messages: messages.map(withPlainText),
    tools: toolsFrom(attributes["ai.prompt.tools"]),
    answer: isAnswered ? answer : null,
  };
}

// Until 2024: one event with the whole prompt, one with the whole completion.
function oldEvents(attributes: Fields, events: readonly SpanEvent[]): Content | null {
  const one = (name: string, attribute: string): unknown =>
    events.find((event) => event.name === name)?.attributes[attribute] ?? attributes[attribute];
  const messages = messagesFrom(one("gen_ai.content.prompt", "gen_ai.prompt"));
  if (messages === null) return null;
  return {
    messages,
    tools: undefined,
    answer: answerFrom(one("gen_ai.content.completion", "gen_ai.completion")),
  };
}
