import { textOf, type Message } from "./call.ts";
import { canonicalJson, parseJson, type Json } from "./json.ts";

/** What the model decided, freed from how it was written down: fences, key order, spaces, call ids. */
export type Answer =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "json"; readonly value: Json }
  | { readonly type: "tool-calls"; readonly calls: readonly AnswerCall[]; readonly text: string };

export type AnswerCall = { readonly name: string; readonly arguments: Json };

/** The answer in an assistant message. JSON objects and arrays are read as JSON, also inside one code fence; all else is text, trimmed. */
export function answerOf(message: Message): Answer {
  const text = textOf(message).trim();
  if (message.tool_calls !== undefined && message.tool_calls !== null && message.tool_calls.length > 0) {
    const calls = message.tool_calls.map((call) => ({
      name: call.function.name,
      arguments: argumentsOf(call.function.arguments),
    }));
    return { type: "tool-calls", calls, text };
  }
  const value = jsonIn(unfence(text));
  return value === undefined ? { type: "text", text } : { type: "json", value };
}

/** The one text of an answer: two answers agree exactly when these are equal. Text beside tool calls does not count. */
export function canonicalAnswer(answer: Answer): string {
  switch (answer.type) {
    case "text":
      return `text:${answer.text.trim().replace(/\s+/g, " ")}`;
    case "json":
      return `json:${canonicalJson(answer.value)}`;
    case "tool-calls":
      return `calls:${canonicalJson(answer.calls)}`;
  }
}

/** True when both answers say the same: equal labels, deeply equal JSON, the same calls with the same arguments in the same order. */
export function agrees(a: Answer, b: Answer): boolean {
  return canonicalAnswer(a) === canonicalAnswer(b);
}

const FENCE = /^```[\w-]*[ \t]*\r?\n([\s\S]*?)\r?\n?```$/;

/** The inside of a text that is one whole code fence, else the text. */
export function unfence(text: string): string {
  const match = FENCE.exec(text.trim());
  return match ? match[1].trim() : text;
}

function jsonIn(text: string): Json | undefined {
  if (!text.startsWith("{") && !text.startsWith("[")) return undefined;
  // parseJson only returns what JSON can carry.
  return parseJson(text) as Json | undefined;
}

function argumentsOf(text: string): Json {
  const value = parseJson(text === "" ? "{}" : text);
  return value === undefined ? text : (value as Json);
}
