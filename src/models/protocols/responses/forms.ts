import type { ChatRequest } from "../../../core/index.ts";
import type { AnswerIdentity, Counts } from "../../protocol.ts";
import { fieldsOf, stringOf, type Fields } from "../fields.ts";
import { answerId } from "../ids.ts";
import { customToolsOf } from "../parts.ts";

/** The fields of a response that are known before it is given, in the order in which OpenAI has them. */
export function headOf(request: ChatRequest, identity: AnswerIdentity): Fields {
  return {
    id: answerId("resp_", identity.id),
    object: "response",
    created_at: identity.createdS,
    status: "in_progress",
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: request["max_completion_tokens"] ?? null,
    model: identity.model,
    output: [],
    parallel_tool_calls: request["parallel_tool_calls"] !== false,
    previous_response_id: request["previous_response_id"] ?? null,
    reasoning: { effort: request["reasoning_effort"] ?? null, summary: null },
    store: false,
    temperature: request["temperature"] ?? null,
    text: { format: { type: stringOf(fieldsOf(request.response_format)["type"]) || "text" } },
    tool_choice: typeof request.tool_choice === "string" ? request.tool_choice : "auto",
    tools: [],
    top_p: request["top_p"] ?? null,
    truncation: "disabled",
    usage: null,
    metadata: fieldsOf(request["metadata"]),
  };
}

/** The finished response. */
export function endOf(head: Fields, output: readonly Fields[], reason: string | null, usage: Counts): Fields {
  const cause =
    reason === "length" ? "max_output_tokens" : reason === "content_filter" ? "content_filter" : null;
  return {
    ...head,
    status: cause === null ? "completed" : "incomplete",
    incomplete_details: cause === null ? null : { reason: cause },
    output,
    usage: usageOf(usage),
  };
}

/** Clients require counts: one that is not known is written as 0. */
function usageOf({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: Counts): Fields {
  const input = inputTokens ?? 0;
  const output = outputTokens ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cachedInputTokens ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: input + output,
  };
}

/** The items of an answer, at their places in it. */
export type ItemForms = {
  message(at: number, content: readonly Fields[], status?: string): Fields;
  call(
    at: number,
    call: { readonly id: string; readonly name: string; readonly text: string },
    status?: string,
  ): Fields;
  reasoning(at: number, text: string, proof?: { readonly id?: string; readonly data?: string }): Fields;
  isCustom(name: string): boolean;
};

export function formsOf(request: ChatRequest, identity: AnswerIdentity): ItemForms {
  const custom = customToolsOf(request);
  const idOf = (prefix: string, at: number): string => `${answerId(prefix, identity.id)}_${at}`;
  const isCustom = (name: string): boolean => custom.has(name);
  return {
    message: (at, content, status = "completed") => ({
      id: idOf("msg_", at),
      type: "message",
      status,
      role: "assistant",
      content,
    }),
    call: (at, { id, name, text }, status = "completed") =>
      isCustom(name)
        ? { id: idOf("ctc_", at), type: "custom_tool_call", status, call_id: id, name, input: text }
        : { id: idOf("fc_", at), type: "function_call", status, call_id: id, name, arguments: text },
    reasoning: (at, text, proof = {}) => ({
      id: proof.id ?? idOf("rs_", at),
      type: "reasoning",
      summary: text === "" ? [] : [{ type: "summary_text", text }],
      ...(proof.data === undefined ? {} : { encrypted_content: proof.data }),
    }),
    isCustom,
  };
}

export function textPart(text: string): Fields {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}
