import {
  ERROR_CODES,
  textOf,
  type ChatRequest,
  type ChatResponse,
  type ErrorCode,
} from "../../../core/index.ts";
import type {
  AnswerIdentity,
  AnswerStep,
  Counts,
  ReasoningProof,
  StepWriter,
  WrittenError,
} from "../../protocol.ts";
import { stringOf, type Fields } from "../fields.ts";
import { answerId, callIdIn } from "../ids.ts";
import { argumentsObject } from "../parts.ts";
import { reasoningSteps } from "../response-steps.ts";
import { messageIn, plainWriter, sseEvent, sseWriter } from "../writing.ts";
import { CLAUDE_FORMAT } from "./request.ts";

/** Writes an answer as Anthropic Messages would give it. */
export function messagesWriter(request: ChatRequest, identity: AnswerIdentity): StepWriter {
  if (request.stream === true) return sseWriter(eventsOf(identity));
  return plainWriter({
    answer: (response, usage) => ({
      ...headOf(identity),
      content: blocksOf(response),
      stop_reason: stopReason(response.finish_reason),
      stop_sequence: null,
      usage: usageOf(usage),
    }),
    error: (status, error) => errorBody(status, messageIn(error)),
  });
}

function headOf({ id, model }: AnswerIdentity): Fields {
  return { id: answerId("msg_", id), type: "message", role: "assistant", model };
}

/** Counts are required: one that is not known is written as 0. */
function usageOf(counts: Counts): Fields {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteInputTokens } = counts;
  const cached = (cachedInputTokens ?? 0) + (cacheWriteInputTokens ?? 0);
  return {
    input_tokens: Math.max(0, (inputTokens ?? 0) - cached),
    ...(cacheWriteInputTokens === undefined ? {} : { cache_creation_input_tokens: cacheWriteInputTokens }),
    ...(cachedInputTokens === undefined ? {} : { cache_read_input_tokens: cachedInputTokens }),
    output_tokens: outputTokens ?? 0,
  };
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["stop", "end_turn"],
  ["length", "max_tokens"],
  ["tool_calls", "tool_use"],
  ["function_call", "tool_use"],
  ["content_filter", "refusal"],
]);

function stopReason(reason: string | null): string {
  return REASONS.get(reason ?? "stop") ?? "end_turn";
}

function blocksOf({ message }: ChatResponse): readonly Fields[] {
  const text = textOf(message) + stringOf(message["refusal"]);
  return [
    ...thinkingBlocks(message),
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...(message.tool_calls ?? []).map((call) => ({
      type: "tool_use",
      id: callIdIn("toolu", call.id ?? ""),
      name: call.function.name,
      input: argumentsObject(call.function.arguments),
    })),
  ];
}

function thinkingBlocks(message: ChatResponse["message"]): readonly Fields[] {
  const blocks: Fields[] = [];
  let thinking = "";
  const flush = (signature: string): void => {
    if (thinking !== "") blocks.push({ type: "thinking", thinking, signature });
    thinking = "";
  };
  for (const step of reasoningSteps(message)) {
    if (step.type === "reasoning-delta") thinking += step.text;
    else if (step.type === "reasoning-proof") {
      flush(isOwn(step.proof) ? (step.proof.signature ?? "") : "");
      const { data } = step.proof;
      if (isOwn(step.proof) && data !== undefined) blocks.push({ type: "redacted_thinking", data });
    }
  }
  flush("");
  return blocks;
}

// Proofs of other providers would come back as Claude's.
const isOwn = (proof: ReasoningProof): boolean => proof.format === CLAUDE_FORMAT;

type OpenBlock = { readonly type: "text" | "thinking" | "tool_use"; readonly index: number };

function eventsOf(identity: AnswerIdentity): (step: AnswerStep) => readonly string[] {
  let open: OpenBlock | null = null;
  let count = 0;

  const close = (): string[] => {
    if (open === null) return [];
    const { index } = open;
    open = null;
    return [event("content_block_stop", { index })];
  };
  const begin = (type: OpenBlock["type"], content_block: Fields): string[] => {
    const before = close();
    open = { type, index: count };
    count += 1;
    return [...before, event("content_block_start", { index: open.index, content_block })];
  };
  const delta = (fields: Fields): string =>
    event("content_block_delta", { index: open?.index ?? 0, delta: fields });
  const text = (piece: string): string[] => {
    const before = open?.type === "text" ? [] : begin("text", { type: "text", text: "" });
    return [...before, delta({ type: "text_delta", text: piece })];
  };
  const thinking = (fields: Fields): string[] => {
    const before =
      open?.type === "thinking" ? [] : begin("thinking", { type: "thinking", thinking: "", signature: "" });
    return [...before, delta(fields)];
  };

  return (step) => {
    switch (step.type) {
      case "start":
        return [startEvent(identity)];
      case "text-delta":
      case "refusal-delta":
        return text(step.text);
      case "reasoning-delta":
        return thinking({ type: "thinking_delta", thinking: step.text });
      case "reasoning-proof": {
        const { signature, data } = isOwn(step.proof) ? step.proof : {};
        if (data !== undefined)
          return [...begin("thinking", { type: "redacted_thinking", data }), ...close()];
        if (signature === undefined) return open?.type === "thinking" ? close() : [];
        return [...thinking({ type: "signature_delta", signature }), ...close()];
      }
      case "tool-call-start": {
        const id = callIdIn("toolu", step.id);
        return begin("tool_use", { type: "tool_use", id, name: step.name, input: {} });
      }
      case "tool-call-delta":
        return [delta({ type: "input_json_delta", partial_json: step.arguments })];
      case "tool-call-end":
        return close();
      case "other":
        return [];
      case "finish":
        return [...close(), ...endEvents(step)];
      case "error":
        return [sseEvent(errorBody(step.status, messageIn(step.error)), "error")];
    }
  };
}

function startEvent(identity: AnswerIdentity): string {
  const usage = { input_tokens: 0, output_tokens: 0 };
  const message = { ...headOf(identity), content: [], stop_reason: null, stop_sequence: null, usage };
  return event("message_start", { message });
}

function endEvents({ reason, usage }: Extract<AnswerStep, { type: "finish" }>): readonly string[] {
  const delta = { stop_reason: stopReason(reason), stop_sequence: null };
  return [event("message_delta", { delta, usage: usageOf(usage) }), event("message_stop", {})];
}

function event(type: string, fields: Fields): string {
  return sseEvent({ type, ...fields }, type);
}

/** Anthropic API, Errors. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);

function errorBody(status: number, message: string): Fields {
  const type = TYPES.get(status) ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { type: "error", error: { type, message }, request_id: null };
}

export function messagesError(code: ErrorCode, message: string): WrittenError {
  // Anthropic's own status for what others call 503.
  const status = code === "overloaded" ? 529 : ERROR_CODES[code].status;
  return { status, body: errorBody(status, message) };
}

export function messagesStreamError(code: ErrorCode, message: string): Uint8Array {
  return Buffer.from(sseEvent(messagesError(code, message).body, "error"));
}
