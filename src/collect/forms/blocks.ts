import type { ContentPart, ToolCall } from "../../core/index.ts";
import { fieldsOf, isFields, textIn, type Fields } from "./fields.ts";

/** What the blocks of one message come to. */
export type Blocks = {
  readonly parts: readonly ContentPart[];
  readonly calls: readonly ToolCall[];
  readonly results: readonly ToolResult[];
  readonly reasoning: string;
};

export type ToolResult = { readonly id: string | undefined; readonly text: string };

/** Kinds of block that no chat-completions message has: a message with one of them is in another's form. */
const FOREIGN = new Set([
  "input_text",
  "output_text",
  "tool_use",
  "tool_call",
  "tool-call",
  "tool_result",
  "tool-result",
  "tool_call_response",
  "reasoning",
  "thinking",
  "redacted_thinking",
  "thought",
  "blob",
  "uri",
  "image",
  "raw_text",
]);

/** True for a block as chat completions have it. */
export function isChatPart(block: unknown): boolean {
  if (!isFields(block) || typeof block["type"] !== "string" || FOREIGN.has(block["type"])) return false;
  return block["type"] !== "text" || typeof block["text"] === "string";
}

/** The blocks of a message in any of the known forms; what is not known stays as it is. */
export function readBlocks(blocks: readonly unknown[]): Blocks {
  const parts: ContentPart[] = [];
  const calls: ToolCall[] = [];
  const results: ToolResult[] = [];
  let reasoning = "";
  for (const block of blocks) {
    if (typeof block === "string") parts.push({ type: "text", text: block });
    if (!isFields(block)) continue;
    const call = callIn(block);
    const result = resultIn(block);
    const thought = reasoningIn(block);
    if (call !== null) calls.push(call);
    else if (result !== null) results.push(result);
    else if (thought !== null) reasoning += thought;
    else parts.push(partOf(block));
  }
  return { parts, calls, results, reasoning };
}

/** A tool call of chat completions. Arguments that were read already are written again. */
export function toolCall(id: string | undefined, name: string, input: unknown): ToolCall {
  const args = typeof input === "string" ? input : JSON.stringify(input ?? {});
  return { ...(id === undefined ? {} : { id }), type: "function", function: { name, arguments: args } };
}

/** The text of a tool's result: a text, the texts of its blocks, or JSON. */
export function resultText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) {
    const texts = value.map((block: unknown) => textBlock(block));
    if (texts.every((text) => text !== null)) return texts.join("\n");
  }
  // AI SDK: {type: "text" | "json", value}
  if (isFields(value) && "value" in value && typeof value["type"] === "string")
    return resultText(value["value"]);
  return JSON.stringify(value);
}

function callIn(block: Fields): ToolCall | null {
  const gemini = block["functionCall"] ?? block["function_call"];
  if (isFields(gemini)) {
    const name = textIn(gemini, "name");
    return name === undefined ? null : toolCall(textIn(gemini, "id"), name, gemini["args"]);
  }
  const { type } = block;
  if (type !== "tool_use" && type !== "tool_call" && type !== "tool-call") return null;
  const name = textIn(block, "name", "toolName", "raw_name");
  if (name === undefined) return null;
  const input = block["input"] ?? block["arguments"] ?? block["args"] ?? block["raw_arguments"];
  return toolCall(textIn(block, "id", "toolCallId"), name, input);
}

function resultIn(block: Fields): ToolResult | null {
  const gemini = block["functionResponse"] ?? block["function_response"];
  if (isFields(gemini)) return { id: textIn(gemini, "id", "name"), text: resultText(gemini["response"]) };
  const { type } = block;
  if (type !== "tool_result" && type !== "tool-result" && type !== "tool_call_response") return null;
  const value = block["result"] ?? block["response"] ?? block["output"] ?? block["content"];
  return { id: textIn(block, "tool_use_id", "toolCallId", "id"), text: resultText(value) };
}

function reasoningIn(block: Fields): string | null {
  const { type } = block;
  const isThought =
    type === "reasoning" || type === "thinking" || type === "redacted_thinking" || type === "thought";
  if (!isThought && block["thought"] !== true) return null;
  return textIn(block, "thinking", "text", "content") ?? "";
}

function partOf(block: Fields): ContentPart {
  const text = textBlock(block);
  if (text !== null) return { type: "text", text };
  const url = imageUrl(block);
  if (url !== null) return { type: "image_url", image_url: { url } };
  return { ...block, type: textIn(block, "type") ?? "unknown" };
}

function textBlock(block: unknown): string | null {
  if (typeof block === "string") return block;
  if (!isFields(block)) return null;
  const { type } = block;
  const isText =
    type === undefined ||
    type === "text" ||
    type === "input_text" ||
    type === "output_text" ||
    type === "raw_text";
  if (!isText) return null;
  // OpenTelemetry says `content`, TensorZero `value`; a template's variables are its text as JSON.
  const text = block["text"] ?? block["content"] ?? block["value"] ?? block["arguments"];
  if (typeof text === "string") return text;
  return type !== undefined && isFields(text) ? JSON.stringify(text) : null;
}

function imageUrl(block: Fields): string | null {
  const { type } = block;
  const source = fieldsOf(block["source"] ?? block["inlineData"] ?? block["inline_data"]);
  const url = textIn(source, "url") ?? textIn(block, "uri");
  const data = textIn(source, "data") ?? (type === "blob" ? textIn(block, "content") : undefined);
  const media =
    textIn(source, "media_type", "mimeType", "mime_type") ?? textIn(block, "mime_type", "mimeType");
  const isImage = type === "image" || block["modality"] === "image" || (media?.startsWith("image/") ?? false);
  if (!isImage) return null;
  if (url !== undefined) return url;
  if (data !== undefined) return `data:${media ?? "image/png"};base64,${data}`;
  return textIn(block, "image") ?? null;
}
