import type { ChatRequest, Message, ToolCall } from "../../../core/index.ts";
import type { ParsedRequest, SaidInPath } from "../../protocol.ts";
import { isFields, readObject, wrong, type Fault, type Fields } from "../fields.ts";

/**
 * Reads a chat-completions body. Only what the house itself reads is checked: fields we do not know are the provider's
 * business and pass, so that a parameter which is new today works today.
 */
export function parseChatRequest(body: Uint8Array, path: SaidInPath = {}): ParsedRequest {
  const read = readObject(body);
  if (!read.ok) return read;
  const value = saidAlso(read.value, path);
  const found = fault(value);
  // Checked field by field above.
  return found === null ? { ok: true, request: inOurForm(value as ChatRequest) } : found;
}

/** The body's fields, and the model where only the path has it. */
export function saidAlso(value: Fields, { model }: SaidInPath): Fields {
  const isUnsaid = value["model"] === undefined || value["model"] === null;
  return isUnsaid && model !== undefined ? { ...value, model } : value;
}

// The house reads functions only: custom and hosted tools get a `function` beside what they came with.
function inOurForm(request: ChatRequest): ChatRequest {
  const isOurs =
    request.messages.every(({ tool_calls: calls }) => calls === undefined || calls === null) &&
    (request.tools ?? []).every((tool) => isFields(tool.function));
  if (isOurs) return request;
  const tools = (request.tools ?? undefined)?.map((tool) =>
    isFields(tool.function) ? tool : { ...tool, function: { name: nameOf(tool) } },
  );
  const messages = request.messages.map((message) => withFunctions(message));
  return { ...request, messages, ...(tools === undefined ? {} : { tools }) };
}

/** The message with a `function` in each of its tool calls, also the custom ones. */
export function withFunctions(message: Message): Message {
  if (!Array.isArray(message.tool_calls)) return message;
  const calls = message.tool_calls as readonly Fields[];
  if (calls.every((call) => isFields(call["function"]))) return message;
  const tool_calls = calls.map((call) => {
    const input = isFields(call["custom"]) ? call["custom"]["input"] : "";
    const ours = { name: nameOf(call), arguments: typeof input === "string" ? input : "" };
    return isFields(call["function"]) ? call : { ...call, function: ours };
  });
  // Every entry has its function now.
  return { ...message, tool_calls: tool_calls as unknown as readonly ToolCall[] };
}

function nameOf(tool: Fields): string {
  const name = isFields(tool["custom"]) ? tool["custom"]["name"] : tool["type"];
  return typeof name === "string" ? name : "unknown";
}

function fault(value: Fields): Fault | null {
  if (typeof value["model"] !== "string" || value["model"] === "")
    return wrong("model", value["model"], "a model name");
  const { messages } = value;
  if (!Array.isArray(messages) || messages.length === 0) {
    return wrong("messages", messages, "a list of at least one message");
  }
  for (const [index, message] of messages.entries()) {
    const found = messageFault(message, `messages[${index}]`);
    if (found !== null) return found;
  }
  return toolsFault(value["tools"]) ?? optional(value, "stream", "boolean", "");
}

function messageFault(message: unknown, at: string): Fault | null {
  if (!isFields(message)) return wrong(at, message, "an object");
  if (typeof message["role"] !== "string") return wrong(`${at}.role`, message["role"], "a role");
  const { content, tool_calls } = message;
  if (Array.isArray(content)) {
    const index = content.findIndex((part) => !isFields(part) || typeof part["type"] !== "string");
    if (index >= 0) return wrong(`${at}.content[${index}]`, content[index], "an object with a type");
  } else if (content !== undefined && content !== null && typeof content !== "string") {
    return wrong(`${at}.content`, content, "a string, a list of parts or null");
  }
  if (tool_calls === undefined || tool_calls === null) return null;
  if (!Array.isArray(tool_calls)) return wrong(`${at}.tool_calls`, tool_calls, "a list");
  for (const [index, call] of tool_calls.entries()) {
    // Custom tools carry `custom` instead of `function`; the house reads functions only.
    const part: unknown = isFields(call) ? (call["function"] ?? call["custom"]) : undefined;
    if (!isFields(part) || typeof part["name"] !== "string") {
      return wrong(`${at}.tool_calls[${index}]`, call, "an object with function.name");
    }
    if (isFields(call) && isFields(call["function"]) && typeof call["function"]["arguments"] !== "string") {
      return wrong(
        `${at}.tool_calls[${index}].function.arguments`,
        call["function"]["arguments"],
        "a string",
      );
    }
  }
  return null;
}

function toolsFault(tools: unknown): Fault | null {
  if (tools === undefined || tools === null) return null;
  if (!Array.isArray(tools)) return wrong("tools", tools, "a list");
  for (const [index, tool] of tools.entries()) {
    if (!isFields(tool)) return wrong(`tools[${index}]`, tool, "an object");
    const named: unknown = tool["function"];
    if (named !== undefined && (!isFields(named) || typeof named["name"] !== "string")) {
      return wrong(`tools[${index}].function`, named, "an object with a name");
    }
  }
  return null;
}

function optional(value: Fields, field: string, type: string, prefix: string): Fault | null {
  const found = value[field];
  return found === undefined || found === null || typeof found === type
    ? null
    : wrong(`${prefix}${field}`, found, `a ${type}`);
}
