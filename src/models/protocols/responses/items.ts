import type { ContentPart, Message, ToolCall } from "../../../core/index.ts";
import { given, nonEmpty, objects, stringOf, without, type Fields } from "../fields.ts";
import { contentOf, imagePart } from "../parts.ts";

export const OPENAI_FORMAT = "openai-responses-v1";

type Draft = {
  parts: ContentPart[];
  refusal: string;
  calls: ToolCall[];
  details: Fields[];
  others: Fields[];
};

/** Items as messages: what the model said in one turn, in several items here, is one message there. */
export function messagesOfItems(items: readonly Fields[]): readonly Message[] {
  const messages: Message[] = [];
  let draft: Draft | null = null;
  const flush = (): void => {
    if (draft !== null) messages.push(assistantOf(draft));
    draft = null;
  };
  for (const item of items) {
    const message = inputMessageOf(item);
    if (message !== null) {
      flush();
      messages.push(message);
      continue;
    }
    // A text, or reasoning, after a text or a tool call belongs to the next message.
    const isFirst = item["role"] === "assistant" || item["type"] === "reasoning";
    if (draft !== null && isFirst && (draft.parts.length > 0 || draft.calls.length > 0)) flush();
    draft ??= { parts: [], refusal: "", calls: [], details: [], others: [] };
    addItem(draft, item);
  }
  flush();
  return messages;
}

/** A message of someone else than the model: user, system, or the result of a tool. Null for the model's own items. */
function inputMessageOf(item: Fields): Message | null {
  const type = stringOf(item["type"]) || "message";
  if (type === "message") {
    const role = stringOf(item["role"]) || "user";
    if (role === "assistant") return null;
    return { role, content: said(item["content"]) };
  }
  if (!type.endsWith("_output")) return null;
  const { output } = item;
  const isOurs = type === "function_call_output" || type === "custom_tool_call_output";
  return {
    role: "tool",
    tool_call_id: stringOf(item["call_id"]),
    content: isOurs ? said(output) : "",
    ...(isOurs ? {} : { other_content: [item] }),
  };
}

function said(content: unknown): string | readonly ContentPart[] {
  return typeof content === "string" ? content : (contentOf(objects(content).map(partOf)) ?? "");
}

function addItem(draft: Draft, item: Fields): void {
  switch (stringOf(item["type"]) || "message") {
    case "message": {
      const { content } = item;
      const parts = typeof content === "string" ? [{ type: "output_text", text: content }] : objects(content);
      for (const part of parts) {
        if (part["type"] === "refusal") draft.refusal += stringOf(part["refusal"]);
        else draft.parts.push(partOf(part));
      }
      return;
    }
    case "function_call":
    case "custom_tool_call":
      draft.calls.push(callOf(item));
      return;
    case "reasoning":
      draft.details.push(...detailsOf(item));
      return;
    default:
      draft.others.push(item);
  }
}

function callOf(item: Fields): ToolCall {
  const id = stringOf(item["call_id"]);
  const name = stringOf(item["name"]);
  if (item["type"] !== "custom_tool_call")
    return { id, type: "function", function: { name, arguments: stringOf(item["arguments"]) } };
  const input = stringOf(item["input"]);
  return { id, type: "custom", custom: { name, input }, function: { name, arguments: input } } as ToolCall;
}

/** The text of a reasoning item: its summary, and its content where the server gives that (vLLM, open models). */
export function reasoningText(item: Fields): string {
  const texts = [...objects(item["summary"]), ...objects(item["content"])];
  return texts.map(({ text }) => stringOf(text)).join("\n\n");
}

function detailsOf(item: Fields): readonly Fields[] {
  const id = nonEmpty(item["id"]);
  const data = nonEmpty(item["encrypted_content"]);
  const text = reasoningText(item);
  const proof = { format: OPENAI_FORMAT, ...(id === undefined ? {} : { id }) };
  return [
    ...(text !== "" || data === undefined ? [{ type: "reasoning.text", text, ...proof }] : []),
    ...(data === undefined ? [] : [{ type: "reasoning.encrypted", data, ...proof }]),
  ];
}

function assistantOf({ parts, refusal, calls, details, others }: Draft): Message {
  const reasoning = details.map((detail) => stringOf(detail["text"])).join("");
  return {
    role: "assistant",
    content: contentOf(parts),
    ...given({
      refusal: nonEmpty(refusal),
      reasoning_content: nonEmpty(reasoning),
      reasoning_details: details.length > 0 ? details : undefined,
      tool_calls: calls.length > 0 ? calls : undefined,
      other_content: others.length > 0 ? others : undefined,
    }),
  };
}

/** A part of content in the words of Chat Completions; one that it has no words for stays as it is. */
function partOf(part: Fields): ContentPart {
  switch (part["type"]) {
    case "input_text":
    case "output_text":
      return { type: "text", text: stringOf(part["text"]) };
    case "input_image": {
      const { image_url, detail } = part;
      if (typeof image_url !== "string") break;
      const isUsual = detail === undefined || detail === null || detail === "auto";
      return imagePart(image_url, isUsual ? {} : { detail });
    }
    case "input_file":
      if (part["file_url"] !== undefined) break;
      return { type: "file", file: without(part, new Set(["type"])) };
  }
  return { ...part, type: stringOf(part["type"]) };
}
