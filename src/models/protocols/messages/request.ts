import type { ChatRequest, ContentPart, Message, Tool, ToolCall } from "../../../core/index.ts";
import type { ParsedRequest, SaidInPath } from "../../protocol.ts";
import {
  fieldsOf,
  given,
  isFields,
  nonEmpty,
  objects,
  readObject,
  stringOf,
  without,
  wrong,
  type Fault,
  type Fields,
} from "../fields.ts";
import { callIdFrom } from "../ids.ts";
import { argumentsText, contentOf, dataUrl, imagePart } from "../parts.ts";

/** Reads the body of an Anthropic Messages request, also as Bedrock's InvokeModel takes it, with the model in the path. */
export function parseMessagesRequest(body: Uint8Array, path: SaidInPath = {}): ParsedRequest {
  const read = readObject(body);
  if (!read.ok) return read;
  const { value } = read;
  const model = nonEmpty(value["model"]) ?? path.model;
  if (model === undefined) return wrong("model", value["model"], "a model name");
  const found = fault(value);
  if (found !== null) return found;
  const stream = value["stream"] ?? path.isStream;
  const messages = [...systemOf(value["system"]), ...objects(value["messages"]).flatMap(messagesOf)];
  const request: ChatRequest = {
    ...without(value, RENAMED),
    ...given({ ...settingsOf(value), stream: typeof stream === "boolean" ? stream : undefined }),
    model,
    messages,
    ...(Array.isArray(value["tools"]) ? { tools: objects(value["tools"]).map(toolOf) } : {}),
  };
  return { ok: true, request };
}

/** Fields that have other names or another form in Chat Completions. */
const RENAMED = new Set(
  "model messages system tools tool_choice stop_sequences metadata output_config output_format stream anthropic_version response_format".split(
    " ",
  ),
);

function fault(value: Fields): Fault | null {
  const { messages, system, tools } = value;
  if (!Array.isArray(messages) || messages.length === 0)
    return wrong("messages", messages, "a list of at least one message");
  for (const [index, message] of messages.entries()) {
    const at = `messages.${index}`;
    if (!isFields(message)) return wrong(at, message, "an object");
    if (typeof message["role"] !== "string") return wrong(`${at}.role`, message["role"], "a role");
    const found = contentFault(message["content"], `${at}.content`);
    if (found !== null) return found;
  }
  if (system !== undefined && system !== null) {
    const found = contentFault(system, "system");
    if (found !== null) return found;
  }
  if (tools === undefined || tools === null) return null;
  if (!Array.isArray(tools)) return wrong("tools", tools, "a list");
  const index = tools.findIndex((tool) => !isFields(tool));
  return index < 0 ? null : wrong(`tools.${index}`, tools[index], "an object");
}

function contentFault(content: unknown, at: string): Fault | null {
  if (typeof content === "string") return null;
  if (!Array.isArray(content)) return wrong(at, content, "a string or a list of blocks");
  const index = content.findIndex((block) => !isFields(block) || typeof block["type"] !== "string");
  return index < 0 ? null : wrong(`${at}.${index}`, content[index], "an object with a type");
}

function systemOf(system: unknown): readonly Message[] {
  const content = typeof system === "string" ? system : contentOf(objects(system).map(partOf));
  return content === null || content === "" ? [] : [{ role: "system", content }];
}

function messagesOf(message: Fields): readonly Message[] {
  const role = stringOf(message["role"]);
  const { content } = message;
  if (typeof content === "string") return [{ role, content }];
  return role === "assistant" ? [assistantOf(objects(content))] : userOf(role, objects(content));
}

// Tool results are messages of their own over Chat Completions; the order stays.
function userOf(role: string, blocks: readonly Fields[]): readonly Message[] {
  const messages: Message[] = [];
  let parts: ContentPart[] = [];
  const flush = (): void => {
    if (parts.length > 0) messages.push({ role, content: contentOf(parts) });
    parts = [];
  };
  for (const block of blocks) {
    if (block["type"] === "tool_result") {
      flush();
      messages.push(toolResultOf(block));
    } else parts.push(partOf(block));
  }
  flush();
  return messages.length > 0 ? messages : [{ role, content: "" }];
}

function toolResultOf(block: Fields): Message {
  const { content } = block;
  const said = typeof content === "string" ? content : (contentOf(objects(content).map(partOf)) ?? "");
  return {
    role: "tool",
    tool_call_id: callIdFrom(stringOf(block["tool_use_id"])),
    content: said,
    ...without(block, RESULT_FIELDS),
  };
}

const RESULT_FIELDS = new Set(["type", "tool_use_id", "content"]);

/** A content block as a part of Chat Completions; one that it has no words for stays as it is. */
function partOf(block: Fields): ContentPart {
  const source = fieldsOf(block["source"]);
  const extra = without(block, new Set(["type", "source", "title"]));
  const isBase64 = source["type"] === "base64";
  if (block["type"] === "image" && (isBase64 || source["type"] === "url")) {
    const url = isBase64 ? dataUrl(source["media_type"], source["data"]) : stringOf(source["url"]);
    return { ...imagePart(url), ...extra };
  }
  if (block["type"] === "document" && isBase64) {
    const file = given({
      filename: nonEmpty(block["title"]),
      file_data: dataUrl(source["media_type"], source["data"]),
    });
    return { ...extra, type: "file", file };
  }
  return { ...block, type: stringOf(block["type"]) };
}

function assistantOf(blocks: readonly Fields[]): Message {
  const parts: ContentPart[] = [];
  const calls: ToolCall[] = [];
  const details: Fields[] = [];
  const others: Fields[] = [];
  for (const block of blocks) {
    if (block["type"] === "text") parts.push(partOf(block));
    else if (block["type"] === "tool_use") calls.push(callOf(block));
    else if (block["type"] === "thinking" || block["type"] === "redacted_thinking")
      details.push(detailOf(block));
    else others.push(block);
  }
  const reasoning = details.map((detail) => stringOf(detail["text"])).join("");
  const hasProof = details.some(
    (detail) => detail["signature"] !== undefined || detail["data"] !== undefined,
  );
  return {
    role: "assistant",
    content: contentOf(parts),
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(hasProof ? { reasoning_details: details } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(others.length > 0 ? { other_content: others } : {}),
  };
}

function callOf(block: Fields): ToolCall {
  return {
    id: callIdFrom(stringOf(block["id"])),
    type: "function",
    function: { name: stringOf(block["name"]), arguments: argumentsText(block["input"]) },
    ...without(block, CALL_FIELDS),
  };
}

const CALL_FIELDS = new Set(["type", "id", "name", "input"]);

export const CLAUDE_FORMAT = "anthropic-claude-v1";

function detailOf(block: Fields): Fields {
  if (block["type"] === "redacted_thinking")
    return { type: "reasoning.encrypted", data: block["data"], format: CLAUDE_FORMAT };
  const signature = nonEmpty(block["signature"]);
  const text = { type: "reasoning.text", text: stringOf(block["thinking"]) };
  return signature === undefined ? text : { ...text, format: CLAUDE_FORMAT, signature };
}

function toolOf(tool: Fields): Tool {
  // Tools that run at the provider have a type and no schema; the house reads their name.
  if (!isFields(tool["input_schema"]))
    return { ...tool, function: { name: stringOf(tool["name"]) || "unknown" } };
  const { name, description, input_schema, strict, type: _, ...rest } = tool;
  const named = {
    name: stringOf(name),
    description: nonEmpty(description),
    parameters: input_schema,
    strict: typeof strict === "boolean" ? strict : undefined,
  };
  return { type: "function", function: given(named), ...rest };
}

function settingsOf(value: Fields): Fields {
  const { user_id, ...metadata } = fieldsOf(value["metadata"]);
  const { format, ...output } = fieldsOf(value["output_config"]);
  const choice = fieldsOf(value["tool_choice"]);
  return {
    stop: Array.isArray(value["stop_sequences"]) ? value["stop_sequences"] : undefined,
    user: nonEmpty(user_id),
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    output_config: Object.keys(output).length > 0 ? output : undefined,
    response_format: formatOf(format ?? value["output_format"]),
    tool_choice: choiceOf(choice),
    parallel_tool_calls: choice["disable_parallel_tool_use"] === true ? false : undefined,
  };
}

function formatOf(format: unknown): unknown {
  if (!isFields(format)) return undefined;
  if (format["type"] !== "json_schema") return format;
  const name = nonEmpty(format["name"]) ?? "answer";
  return { type: "json_schema", json_schema: { name, schema: format["schema"], strict: true } };
}

function choiceOf(choice: Fields): unknown {
  switch (choice["type"]) {
    case undefined:
      return undefined;
    case "any":
      return "required";
    case "tool":
      return { type: "function", function: { name: choice["name"] } };
    default:
      return choice["type"];
  }
}
