import type { Message, ToolCall } from "../../core/index.ts";
import { isChatPart, readBlocks, resultText, toolCall } from "./blocks.ts";
import { fieldsOf, isFields, listOf, textIn, unpacked, type Fields } from "./fields.ts";

const ROLES: { readonly [name: string]: string } = {
  system: "system",
  developer: "developer",
  user: "user",
  human: "user",
  assistant: "assistant",
  ai: "assistant",
  model: "assistant",
  gpt: "assistant",
  bot: "assistant",
  tool: "tool",
  function: "tool",
  SystemMessage: "system",
  HumanMessage: "user",
  AIMessage: "assistant",
  AIMessageChunk: "assistant",
  ToolMessage: "tool",
  FunctionMessage: "tool",
};

/**
 * Messages of any of the known forms as chat completions have them: chat completions, OpenAI Responses items, Anthropic and
 * Gemini blocks, OpenTelemetry parts, AI SDK, LangChain. Null when the value is no list of messages.
 */
export function messagesFrom(value: unknown): Message[] | null {
  const list = unpacked(value);
  if (!Array.isArray(list)) return typeof value === "string" ? [{ role: "user", content: value }] : null;
  if (list.length === 0) return null;
  // LangChain runs a list of prompts; a chat model's has one.
  if (list.length === 1 && Array.isArray(list[0])) return messagesFrom(list[0]);
  const messages: Message[] = [];
  for (const item of list) {
    const read = messagesOf(unpacked(item));
    // A prompt may be a text that happens to be a list in JSON.
    if (read === null) return typeof value === "string" ? [{ role: "user", content: value }] : null;
    for (const message of read) append(messages, message);
  }
  return messages.length === 0 ? null : messages;
}

/** One entry of a list: mostly one message; tool results of one Anthropic turn are several. */
export function messagesOf(item: unknown): Message[] | null {
  if (typeof item === "string") return [{ role: "user", content: item }];
  if (!isFields(item)) return null;
  if (isChatMessage(item)) {
    const message = withTextArguments(item as Message);
    return [message.role === "assistant" ? withPlainText(message) : message];
  }
  const inner = langchain(item);
  if (inner !== null) return inner;
  const response = responsesItem(item);
  if (response !== null) return response;
  const role = ROLES[textIn(item, "role") ?? ""];
  return role === undefined ? null : fromBlocks(role, item);
}

/** The instructions that some forms keep beside the messages, as a system message. */
export function systemFrom(system: unknown): Message[] {
  if (typeof system === "string") return system === "" ? [] : [{ role: "system", content: system }];
  const blocks = Array.isArray(system) ? system : isFields(system) ? listOf(system["parts"] ?? [system]) : [];
  const { parts } = readBlocks(blocks);
  return parts.length === 0 ? [] : [{ role: "system", content: contentOf(parts) }];
}

/** The message with a list of one text as that text. */
export function withPlainText(message: Message): Message {
  return Array.isArray(message.content) ? { ...message, content: contentOf(message.content) } : message;
}

// A Responses answer has its text and its calls as items one after the other: one turn of ours.
function append(messages: Message[], message: Message): void {
  const { of_item: isItem, ...own } = message;
  const last = messages.at(-1);
  if (isItem !== true || last?.role !== "assistant" || own.role !== "assistant") messages.push(own);
  else
    messages[messages.length - 1] = {
      ...last,
      tool_calls: [...(last.tool_calls ?? []), ...(own.tool_calls ?? [])],
    };
}

function isChatMessage(item: Fields): boolean {
  const { role, content, tool_calls: calls } = item;
  if (role !== "system" && role !== "developer" && role !== "user" && role !== "assistant" && role !== "tool")
    return false;
  if ("parts" in item || "lc" in item || ("type" in item && item["type"] !== "message")) return false;
  const isContent =
    content === undefined ||
    content === null ||
    typeof content === "string" ||
    (Array.isArray(content) && content.every(isChatPart));
  // LangChain's and the AI SDK's calls have their name outside; what is no call at all is left for the check of the whole.
  const isOthers = listOf(calls).some(
    (call) => !isFields(call["function"]) && typeof (call["name"] ?? call["toolName"]) === "string",
  );
  return isContent && !isOthers;
}

function withTextArguments(message: Message): Message {
  const { type: _, ...rest } = message;
  if (!Array.isArray(message.tool_calls)) return rest;
  const tool_calls = message.tool_calls.map((call: unknown) => {
    const asked = fieldsOf(fieldsOf(call)["function"]);
    const { arguments: args } = asked;
    const isText = typeof args === "string" || !isFields(fieldsOf(call)["function"]);
    return isText
      ? call
      : { ...fieldsOf(call), function: { ...asked, arguments: JSON.stringify(args ?? {}) } };
  });
  // Checked as a whole later.
  return { ...rest, tool_calls: tool_calls as readonly ToolCall[] };
}

function fromBlocks(role: string, item: Fields): Message[] {
  const raw = item["parts"] ?? item["content"];
  const blocks = Array.isArray(raw) ? raw : raw === undefined || raw === null ? [] : [raw];
  const { parts, calls, results, reasoning } = readBlocks(blocks);
  const tool = results.map(({ id, text }) => ({
    role: "tool",
    ...(id === undefined ? {} : { tool_call_id: id }),
    content: text,
  }));
  const all = [...calls, ...looseCalls(item["tool_calls"] ?? item["toolCalls"])];
  if (role === "tool") {
    if (tool.length > 0) return tool;
    const id = textIn(item, "tool_call_id", "id", "name");
    return [{ role, ...(id === undefined ? {} : { tool_call_id: id }), content: plain(raw, parts) }];
  }
  if (parts.length === 0 && all.length === 0 && tool.length > 0) return tool;
  const message: Message = {
    role,
    content: parts.length === 0 ? (all.length > 0 ? null : "") : contentOf(parts),
    ...(all.length > 0 ? { tool_calls: all } : {}),
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
  };
  // Results come first: they answer the turn before.
  return [...tool, message];
}

const plain = (raw: unknown, parts: Message["content"]): Message["content"] =>
  typeof raw === "string"
    ? raw
    : Array.isArray(parts) && parts.length > 0
      ? contentOf(parts)
      : resultText(raw);

/** One text is a text; anything else stays a list. */
function contentOf(parts: readonly { readonly type: string; readonly text?: string }[]): Message["content"] {
  return parts.length === 1 && parts[0].type === "text" ? (parts[0].text ?? "") : parts;
}

/** Tool calls as chat completions, LangChain (`args`) and the AI SDK (`toolName`) list them. */
export function looseCalls(value: unknown): ToolCall[] {
  return listOf(unpacked(value)).flatMap((call) => {
    const named = isFields(call["function"]) ? call["function"] : call;
    const name = textIn(named, "name", "toolName");
    const input = named["arguments"] ?? named["args"] ?? named["input"];
    return name === undefined ? [] : [toolCall(textIn(call, "id", "toolCallId"), name, input)];
  });
}

// {lc: 1, type: "constructor", id: [..., "HumanMessage"], kwargs}, {type: "human", data}, {type: "human", content}
function langchain(item: Fields): Message[] | null {
  const path = item["id"];
  const kind = Array.isArray(path) ? String(path.at(-1)) : textIn(item, "type");
  const role = kind === undefined || kind === "message" ? undefined : ROLES[kind];
  const isSerialised = item["lc"] !== undefined || isFields(item["data"]);
  if (role === undefined || (!isSerialised && !("content" in item) && !("kwargs" in item))) return null;
  const inner = fieldsOf(item["kwargs"] ?? item["data"] ?? item);
  const extra = fieldsOf(inner["additional_kwargs"]);
  const own = looseCalls(inner["tool_calls"]);
  const calls = own.length > 0 ? own : looseCalls(extra["tool_calls"]);
  const { content } = inner;
  // The calls are told twice: as blocks of the content, and beside it.
  const blocks =
    Array.isArray(content) && calls.length > 0
      ? listOf(content).filter((one) => one["type"] !== "tool_use")
      : content;
  const { id: _, ...named } = inner;
  return fromBlocks(role, { ...named, content: blocks, tool_calls: calls });
}

function responsesItem(item: Fields): Message[] | null {
  switch (item["type"]) {
    case "function_call": {
      const call = toolCall(
        textIn(item, "call_id", "id"),
        textIn(item, "name") ?? "unknown",
        item["arguments"],
      );
      return [{ role: "assistant", content: null, tool_calls: [call], of_item: true }];
    }
    case "function_call_output":
      return [{ role: "tool", tool_call_id: textIn(item, "call_id"), content: resultText(item["output"]) }];
    case "reasoning":
    case "item_reference":
      return item["role"] === undefined ? [] : null;
    default:
      return null;
  }
}
