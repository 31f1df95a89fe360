import type { ChatRequest, ContentPart, Message, Tool, ToolCall } from "../../../core/index.ts";
import type { WrittenRequest } from "../../protocol.ts";
import { fieldsOf, given, isFields, nonEmpty, objects, stringOf, without, type Fields } from "../fields.ts";
import { partsOf, toolsIn } from "../parts.ts";
import { jsonBytes } from "../writing.ts";
import { OPENAI_FORMAT } from "./items.ts";

export function writeResponsesRequest(request: ChatRequest): WrittenRequest {
  const lost = new Set<string>();
  const body = given({
    model: request.model,
    input: request.messages.flatMap((message) => itemsOf(message, request.messages, lost)),
    ...ownFields(request, lost),
    // Over Chat Completions answers are not kept unless asked for; here they would be.
    store: request["store"] === true,
    max_output_tokens: request["max_completion_tokens"] ?? request["max_tokens"] ?? undefined,
    reasoning: reasoningOf(request),
    text: textOf(request),
    tools: toolsIn(request).length > 0 ? toolsIn(request).map(toolOf) : undefined,
    tool_choice: choiceOf(request.tool_choice),
  });
  return { body: jsonBytes(body), lost: [...lost] };
}

/** OpenAI API reference, Create a model response. */
const OWN = new Set(
  (
    "background conversation include max_tool_calls metadata parallel_tool_calls previous_response_id prompt prompt_cache_key " +
    "prompt_cache_retention safety_identifier service_tier stream temperature top_logprobs top_p truncation user context_management"
  ).split(" "),
);

const WRITTEN = new Set(
  (
    "model messages store max_completion_tokens max_tokens reasoning reasoning_effort response_format verbosity tools " +
    "tool_choice stream_options"
  ).split(" "),
);

function ownFields(request: ChatRequest, lost: Set<string>): Fields {
  const own: { [field: string]: unknown } = {};
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined || value === null || WRITTEN.has(name)) continue;
    if (OWN.has(name)) own[name] = value;
    else lost.add(name);
  }
  return own;
}

function reasoningOf(request: ChatRequest): Fields | undefined {
  const effort = request["reasoning_effort"] ?? undefined;
  const reasoning = given({ ...fieldsOf(request["reasoning"]), effort });
  return Object.keys(reasoning).length > 0 ? reasoning : undefined;
}

function textOf(request: ChatRequest): Fields | undefined {
  const format = fieldsOf(request.response_format);
  const { json_schema, ...rest } = format;
  const isSchema = format["type"] === "json_schema";
  const text = given({
    format:
      format["type"] === undefined ? undefined : { ...rest, ...(isSchema ? fieldsOf(json_schema) : {}) },
    verbosity: request["verbosity"] ?? undefined,
  });
  return Object.keys(text).length > 0 ? text : undefined;
}

function itemsOf(message: Message, all: readonly Message[], lost: Set<string>): readonly Fields[] {
  if (message.role === "tool") return [resultOf(message, all, lost)];
  if (message.role === "assistant") return assistantItems(message, lost);
  if (message.role === "function") {
    lost.add("messages.role function");
    return [{ role: "user", content: inputOf(message.content, lost) }];
  }
  if (message.name !== undefined) lost.add("messages.name");
  return [{ role: message.role, content: inputOf(message.content, lost) }];
}

function inputOf(content: unknown, lost: Set<string>): string | readonly Fields[] {
  if (typeof content === "string") return content;
  return partsOf(content).flatMap((part) => inputPart(part, lost));
}

function inputPart(part: ContentPart, lost: Set<string>): readonly Fields[] {
  if (part["cache_control"] !== undefined) lost.add("cache_control");
  switch (part.type) {
    case "text":
      return [{ type: "input_text", text: part.text }];
    case "image_url": {
      const { url, detail } = fieldsOf(part["image_url"]);
      return [{ type: "input_image", image_url: url, detail: detail ?? "auto" }];
    }
    case "file":
      return [{ type: "input_file", ...fieldsOf(part["file"]) }];
  }
  if (part.type.startsWith("input_")) return [part];
  lost.add(`content.${part.type}`);
  return [];
}

function resultOf(message: Message, all: readonly Message[], lost: Set<string>): Fields {
  const foreign = objects(message["other_content"]).find(({ type }) => stringOf(type).endsWith("_output"));
  if (foreign !== undefined) return foreign;
  if (message["is_error"] === true) lost.add("messages.is_error");
  const isCustom = all.some(({ tool_calls }) =>
    tool_calls?.some(({ id, type }) => id === message.tool_call_id && type === "custom"),
  );
  return {
    type: isCustom ? "custom_tool_call_output" : "function_call_output",
    call_id: message.tool_call_id,
    output: inputOf(message.content, lost),
  };
}

function assistantItems(message: Message, lost: Set<string>): readonly Fields[] {
  if (message["function_call"] !== undefined) lost.add("messages.function_call");
  const content = [
    ...partsOf(message.content).flatMap((part) => outputPart(part, lost)),
    ...refusalOf(message["refusal"]),
  ];
  return [
    ...reasoningItems(message, lost),
    ...(content.length > 0 ? [{ type: "message", role: "assistant", content }] : []),
    ...(message.tool_calls ?? []).map(callItem),
  ];
}

function refusalOf(refusal: unknown): readonly Fields[] {
  return typeof refusal === "string" && refusal !== "" ? [{ type: "refusal", refusal }] : [];
}

function outputPart(part: ContentPart, lost: Set<string>): readonly Fields[] {
  if (part["cache_control"] !== undefined) lost.add("cache_control");
  if (part.type === "text") return [{ type: "output_text", text: part.text, annotations: [] }];
  lost.add(`content.${part.type}`);
  return [];
}

// Without its encrypted text a reasoning item is only a name of something that is not kept.
function reasoningItems(message: Message, lost: Set<string>): readonly Fields[] {
  const details = objects(message["reasoning_details"]).filter(({ format }) => format === OPENAI_FORMAT);
  const items = details.flatMap((detail) => {
    const { id } = detail;
    const encrypted_content = nonEmpty(detail["data"]);
    if (encrypted_content === undefined) return [];
    const summary = details
      .filter((other) => other["id"] === id && nonEmpty(other["text"]) !== undefined)
      .map(({ text }) => ({ type: "summary_text", text }));
    return [given({ type: "reasoning", id, summary, encrypted_content })];
  });
  const isAny =
    nonEmpty(message["reasoning_content"]) !== undefined || objects(message["reasoning_details"]).length > 0;
  if (isAny && items.length === 0) lost.add("messages.reasoning_content");
  return items;
}

function callItem(call: ToolCall): Fields {
  const { name, arguments: text } = call.function;
  if (call.type === "custom") return { type: "custom_tool_call", call_id: call.id, name, input: text };
  return { type: "function_call", call_id: call.id, name, arguments: text };
}

function toolOf(tool: Tool): Fields {
  const fields = tool as Fields;
  const rest = without(fields, new Set(["type", "function", "custom", "cache_control"]));
  if (isFields(fields["custom"])) return { type: "custom", ...fields["custom"], ...rest };
  if ((tool.type ?? "function") !== "function") return without(fields, new Set(["function"]));
  const { name, description, parameters, strict } = tool.function as Fields;
  return given({
    type: "function",
    name,
    description,
    parameters: parameters ?? { type: "object", properties: {} },
    strict: strict === true,
    ...rest,
  });
}

function choiceOf(choice: unknown): unknown {
  if (!isFields(choice)) return choice ?? undefined;
  const { name } = fieldsOf(choice["function"] ?? choice["custom"]);
  return typeof name === "string" ? { type: choice["type"], name } : choice;
}
