import type { Message } from "../../core/index.ts";
import { toolCall } from "./blocks.ts";
import { fieldsOf, isFields, listOf, textIn, unpacked, type Fields } from "./fields.ts";
import { toolsFrom } from "./tools.ts";

/** ShareGPT: `conversations` of `{from, value}`. */
export const isSharegpt = (record: Fields): boolean =>
  Array.isArray(record["conversations"]) &&
  listOf(record["conversations"]).some((turn) => "from" in turn && "value" in turn);

/** The record as a fine-tuning line: `messages`, tools, and what it has besides. */
export function asFinetune(record: Fields): Fields {
  const { conversations, tools, system, ...rest } = record;
  const turns = listOf(conversations).map(messageOf);
  const first: Message[] =
    typeof system === "string" && system !== "" ? [{ role: "system", content: system }] : [];
  return { ...rest, messages: [...first, ...turns], tools: toolsFrom(tools) };
}

const ROLES: { readonly [from: string]: string } = {
  human: "user",
  user: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  bing: "assistant",
  bard: "assistant",
  assistant: "assistant",
  model: "assistant",
  system: "system",
  function_call: "assistant",
  tool: "tool",
  observation: "tool",
  function_response: "tool",
};

function messageOf(turn: Fields): Message {
  const from = textIn(turn, "from") ?? "";
  // An unknown speaker stays as it is and is refused with its name.
  const role = ROLES[from] ?? from;
  const value = textIn(turn, "value") ?? "";
  const weight = typeof turn["weight"] === "number" ? { weight: turn["weight"] } : {};
  const call = from === "function_call" ? unpacked(value) : undefined;
  const calls = (Array.isArray(call) ? call : [call]).filter(isFields).flatMap((one) => {
    const name = textIn(fieldsOf(one), "name");
    return name === undefined ? [] : [toolCall(undefined, name, one["arguments"])];
  });
  return calls.length > 0
    ? { role, content: null, tool_calls: calls, ...weight }
    : { role, content: value, ...weight };
}
