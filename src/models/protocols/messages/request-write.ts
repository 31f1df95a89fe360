import type { ChatRequest, ContentPart, Message, Tool, ToolCall } from "../../../core/index.ts";
import type { WrittenRequest } from "../../protocol.ts";
import { fieldsOf, given, isFields, nonEmpty, objects, stringOf, without, type Fields } from "../fields.ts";
import { callIdIn, plainCallId } from "../ids.ts";
import { argumentsObject, partsOf, splitDataUrl, toolsIn } from "../parts.ts";
import { jsonBytes } from "../writing.ts";
import { CLAUDE_FORMAT } from "./request.ts";

/** Anthropic requires a limit; every model of theirs takes this one. */
const MAX_TOKENS = 4096;

/** Anthropic's range ends at 1, OpenAI's at 2. */
const MAX_TEMPERATURE = 1;

export function writeMessagesRequest(request: ChatRequest): WrittenRequest {
  const lost = new Set<string>();
  const { system, messages } = writeTurns(request.messages, lost);
  const body = given({
    model: request.model,
    max_tokens: numberIn(request["max_completion_tokens"]) ?? numberIn(request["max_tokens"]) ?? MAX_TOKENS,
    ...(system.length > 0 ? { system: onlyText(system) } : {}),
    messages,
    ...ownFields(request, lost),
    stop_sequences: stopOf(request["stop"]),
    temperature: temperatureOf(request["temperature"], lost),
    metadata: nonEmpty(request["user"]) === undefined ? undefined : { user_id: request["user"] },
    output_config: outputOf(request, lost),
    tools: toolsIn(request).length > 0 ? toolsIn(request).flatMap((tool) => toolOf(tool, lost)) : undefined,
    tool_choice: choiceOf(request, lost),
  });
  return { body: jsonBytes(body), lost: [...lost] };
}

const numberIn = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** Fields that go out as they are. Anthropic refuses those it does not know. */
const OWN = new Set(
  "stream top_p top_k thinking container context_management mcp_servers cache_control inference_geo speed".split(
    " ",
  ),
);

/** Fields that are written in another form. */
const WRITTEN = new Set(
  "model messages max_tokens max_completion_tokens stop temperature user output_config response_format tools tool_choice parallel_tool_calls stream_options".split(
    " ",
  ),
);

/** Set apart because both have it and mean other things by it. */
const TIERS: ReadonlySet<unknown> = new Set(["auto", "standard_only"]);

function ownFields(request: ChatRequest, lost: Set<string>): Fields {
  const own: { [field: string]: unknown } = {};
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined || value === null || WRITTEN.has(name)) continue;
    const isOwn = OWN.has(name) || (name === "service_tier" && TIERS.has(value));
    if (isOwn) own[name] = value;
    else lost.add(name);
  }
  return own;
}

function stopOf(stop: unknown): unknown {
  if (typeof stop === "string") return [stop];
  return Array.isArray(stop) ? stop : undefined;
}

function temperatureOf(value: unknown, lost: Set<string>): number | undefined {
  if (typeof value !== "number") return undefined;
  if (value > MAX_TEMPERATURE) lost.add("temperature");
  return Math.min(value, MAX_TEMPERATURE);
}

function outputOf(request: ChatRequest, lost: Set<string>): Fields | undefined {
  const output = fieldsOf(request["output_config"]);
  const format = fieldsOf(request.response_format);
  const schema = fieldsOf(format["json_schema"])["schema"];
  if (isFields(schema)) return { ...output, format: { type: "json_schema", schema } };
  if (format["type"] !== undefined && format["type"] !== "text") lost.add("response_format");
  return Object.keys(output).length > 0 ? output : undefined;
}

type Turn = { readonly role: "user" | "assistant"; readonly content: string | Fields[] };

function writeTurns(
  messages: readonly Message[],
  lost: Set<string>,
): { readonly system: readonly Fields[]; readonly messages: readonly Turn[] } {
  const system: Fields[] = [];
  const turns: Turn[] = [];
  let results: Fields[] | null = null;
  for (const message of messages) {
    if (message.role === "tool") {
      // The results of one turn go together, and what the user says after them too.
      if (results === null) turns.push({ role: "user", content: (results = []) });
      results.push(resultOf(message, lost));
    } else if (message.role === "system" || message.role === "developer") {
      if (turns.length > 0) lost.add("messages.system in the middle");
      system.push(...blocksOf(message.content, lost));
    } else if (message.role === "assistant") {
      results = null;
      const content = assistantOf(message, lost);
      if (content.length > 0) turns.push({ role: "assistant", content });
    } else {
      if (message.role !== "user") lost.add(`messages.role ${message.role}`);
      if (message.name !== undefined) lost.add("messages.name");
      const isText = typeof message.content === "string";
      if (results !== null) results.push(...blocksOf(message.content, lost));
      else
        turns.push({
          role: "user",
          content: isText ? String(message.content) : blocksOf(message.content, lost),
        });
      results = null;
    }
  }
  return { system, messages: turns };
}

function onlyText(blocks: readonly Fields[]): string | readonly Fields[] {
  const [first] = blocks;
  return blocks.length === 1 && Object.keys(first).length === 2 ? String(first["text"]) : blocks;
}

function blocksOf(content: unknown, lost: Set<string>): Fields[] {
  return partsOf(content).flatMap((part) => blockOf(part, lost));
}

function blockOf(part: ContentPart, lost: Set<string>): Fields[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [part];
    case "image_url":
      return [imageOf(part, lost)];
    case "file": {
      const file = fieldsOf(part["file"]);
      const data = splitDataUrl(stringOf(file["file_data"]));
      if (data === null) break;
      const source = { type: "base64", media_type: data.mediaType, data: data.data };
      const rest = without(part, new Set(["type", "file"]));
      return [given({ type: "document", source, title: nonEmpty(file["filename"]), ...rest })];
    }
    // Anthropic's own blocks, as they were read.
    case "image":
    case "document":
    case "search_result":
      return [part];
  }
  lost.add(`content.${part.type}`);
  return [];
}

function imageOf(part: ContentPart, lost: Set<string>): Fields {
  const { url, detail } = fieldsOf(part["image_url"]);
  if (detail !== undefined && detail !== "auto") lost.add("image_url.detail");
  const data = splitDataUrl(stringOf(url));
  const source =
    data === null ? { type: "url", url } : { type: "base64", media_type: data.mediaType, data: data.data };
  return { type: "image", source, ...without(part, new Set(["type", "image_url"])) };
}

function resultOf(message: Message, lost: Set<string>): Fields {
  const { content } = message;
  return given({
    type: "tool_result",
    tool_use_id: callIdIn("toolu", plainCallId(message.tool_call_id ?? "")),
    content: typeof content === "string" ? content : blocksOf(content, lost),
    is_error: message["is_error"] === true ? true : undefined,
    cache_control: message["cache_control"],
  });
}

function assistantOf(message: Message, lost: Set<string>): Fields[] {
  if (nonEmpty(message["refusal"]) !== undefined) lost.add("messages.refusal");
  if (message["function_call"] !== undefined) lost.add("messages.function_call");
  return [
    ...reasoningOf(message, lost),
    ...blocksOf(message.content, lost),
    ...(message.tool_calls ?? []).map((call) => callOf(call, lost)),
  ];
}

// Reasoning goes back only with a signature of Claude's own: any other is refused.
function reasoningOf(message: Message, lost: Set<string>): Fields[] {
  const details = objects(message["reasoning_details"]);
  const isAny = details.length > 0 || nonEmpty(message["reasoning_content"]) !== undefined;
  const own = details.filter(
    ({ format, signature, data }) =>
      format === CLAUDE_FORMAT && (signature !== undefined || data !== undefined),
  );
  if (isAny && own.length === 0) lost.add("messages.reasoning_content");
  return own.map(({ text, signature, data }) =>
    data === undefined
      ? { type: "thinking", thinking: stringOf(text), signature }
      : { type: "redacted_thinking", data },
  );
}

function callOf(call: ToolCall, lost: Set<string>): Fields {
  const { type, cache_control } = call as Fields;
  if (type === "custom") lost.add("tool_calls.custom");
  return given({
    type: "tool_use",
    id: callIdIn("toolu", plainCallId(call.id ?? "")),
    name: call.function.name,
    input: argumentsObject(call.function.arguments),
    cache_control,
  });
}

const FUNCTION_FIELDS = new Set(["type", "function"]);

function toolOf(tool: Tool, lost: Set<string>): Fields[] {
  const fields = tool as Fields;
  if ((tool.type ?? "function") === "function") {
    const { name, description, parameters, strict } = tool.function as Fields;
    const schema = isFields(parameters) ? parameters : { type: "object", properties: {} };
    return [given({ name, description, input_schema: schema, strict, ...without(fields, FUNCTION_FIELDS) })];
  }
  // Tools that run at Anthropic: a type with a date.
  if (/_\d{8}$/.test(tool.type ?? "")) return [without(fields, new Set(["function"]))];
  lost.add(`tools.${tool.type ?? ""}`);
  return [];
}

function choiceOf(request: ChatRequest, lost: Set<string>): Fields | undefined {
  if (toolsIn(request).length === 0) return undefined;
  const isSingle = request["parallel_tool_calls"] === false;
  const single = isSingle ? { disable_parallel_tool_use: true } : {};
  const choice = request.tool_choice;
  if (choice === undefined || choice === null) return isSingle ? { type: "auto", ...single } : undefined;
  if (choice === "none") return { type: "none" };
  if (choice === "auto") return { type: "auto", ...single };
  if (choice === "required") return { type: "any", ...single };
  const { name } = fieldsOf(fieldsOf(choice)["function"]);
  if (typeof name === "string") return { type: "tool", name, ...single };
  lost.add("tool_choice");
  return undefined;
}
