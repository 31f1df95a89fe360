import { textOf, type ChatResponse, type Message, type ToolCall } from "../../core/index.ts";
import type { AnswerStep, Counts, ReasoningProof } from "../protocol.ts";
import { countOf, fieldsOf, isFields, nonEmpty, objects, stringOf } from "./fields.ts";

/** Characters of one text piece: a written answer streams in pieces about as long as a fast model's. */
export const PIECE_CHARS = 48;

/** An answer of ours as steps. */
export function* stepsOf(response: ChatResponse): Generator<AnswerStep, void> {
  const { message } = response;
  yield { type: "start", id: nonEmpty(response["id"]) ?? null, model: response.model ?? null };
  yield* reasoningSteps(message);
  for (const text of piecesOf(textOf(message))) yield { type: "text-delta", text };
  for (const text of piecesOf(stringOf(message["refusal"]))) yield { type: "refusal-delta", text };
  for (const [index, call] of (message.tool_calls ?? []).entries()) yield* callSteps(index, call);
  yield { type: "finish", reason: response.finish_reason, usage: countsInChat(response["usage"]) };
}

/** Reasoning of a chat message: with details each piece is followed by its proof, else the text alone. */
export function* reasoningSteps(message: Message): Generator<AnswerStep, void> {
  const details = objects(message["reasoning_details"]);
  const text = stringOf(message["reasoning_content"]) || stringOf(message["reasoning"]);
  if (details.length === 0) {
    for (const piece of piecesOf(text)) yield { type: "reasoning-delta", text: piece };
    return;
  }
  let written = "";
  for (const detail of details) {
    const piece = stringOf(detail["text"]) || stringOf(detail["summary"]);
    written += piece;
    for (const part of piecesOf(piece)) yield { type: "reasoning-delta", text: part };
    const proof = proofOf(detail);
    if (proof !== null) yield { type: "reasoning-proof", proof };
  }
  // Text after the last piece with a proof.
  const rest = text.startsWith(written) ? text.slice(written.length) : "";
  for (const part of piecesOf(rest)) yield { type: "reasoning-delta", text: part };
}

/** What the provider wants back of an entry of `reasoning_details`; null when it is mere text. */
export function proofOf(detail: { readonly [field: string]: unknown }): ReasoningProof | null {
  const signature = nonEmpty(detail["signature"]);
  const data = nonEmpty(detail["data"]);
  const id = nonEmpty(detail["id"]);
  if (signature === undefined && data === undefined && id === undefined) return null;
  const format = FORMATS.find((one) => one === detail["format"]) ?? "unknown";
  return {
    format,
    ...(signature === undefined ? {} : { signature }),
    ...(data === undefined ? {} : { data }),
    ...(id === undefined ? {} : { id }),
  };
}

const FORMATS = ["anthropic-claude-v1", "openai-responses-v1", "google-gemini-v1"] as const;

/** The thought signature that a tool call of a chat message carries for Gemini. */
export function signatureOf(call: unknown): string | undefined {
  const extra = isFields(call) ? fieldsOf(call["extra_content"]) : {};
  return nonEmpty(fieldsOf(extra["google"])["thought_signature"]);
}

function* callSteps(index: number, call: ToolCall): Generator<AnswerStep, void> {
  const signature = signatureOf(call);
  yield {
    type: "tool-call-start",
    index,
    id: call.id ?? `call_${index}`,
    name: call.function.name,
    ...(signature === undefined ? {} : { signature }),
  };
  for (const piece of piecesOf(call.function.arguments)) {
    yield { type: "tool-call-delta", index, arguments: piece };
  }
  yield { type: "tool-call-end", index };
}

/** The text in pieces of a fixed length, whole characters each. */
export function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + PIECE_CHARS);
    // Half of a surrogate pair cannot be written as UTF-8.
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to += 1;
    yield text.slice(from, to);
    from = to;
  }
}

/** The counts in a `usage` object of Chat Completions. */
export function countsInChat(value: unknown): Counts {
  const usage = fieldsOf(value);
  const input = fieldsOf(usage["prompt_tokens_details"]);
  const cached = countOf(input["cached_tokens"]) ?? countOf(usage["prompt_cache_hit_tokens"]);
  const written = countOf(input["cache_write_tokens"]);
  const reasoning = countOf(fieldsOf(usage["completion_tokens_details"])["reasoning_tokens"]);
  return {
    inputTokens: countOf(usage["prompt_tokens"]),
    outputTokens: countOf(usage["completion_tokens"]),
    ...(cached === null ? {} : { cachedInputTokens: cached }),
    ...(written === null ? {} : { cacheWriteInputTokens: written }),
    ...(reasoning === null ? {} : { reasoningTokens: reasoning }),
  };
}

/** The usage object of a body or a chunk; Groq's streams have it in a field of their own. */
export function usageIn(body: { readonly [field: string]: unknown }): unknown {
  return body["usage"] ?? fieldsOf(body["x_groq"])["usage"];
}
