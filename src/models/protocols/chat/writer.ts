import { ERROR_CODES, type ChatRequest, type ErrorCode, type Message } from "../../../core/index.ts";
import type { AnswerIdentity, AnswerStep, Counts, StepWriter, WrittenError } from "../../protocol.ts";
import { fieldsOf, isFields, type Fields } from "../fields.ts";
import { chatUsage, withSignature } from "../fold-steps.ts";
import { customToolsOf } from "../parts.ts";
import { messageIn, plainWriter, sseEvent, sseWriter } from "../writing.ts";

/** Writes an answer as Chat Completions would give it. */
export function chatWriter(request: ChatRequest, identity: AnswerIdentity): StepWriter {
  if (request.stream === true) return sseWriter(chunksOf(request, identity));
  return plainWriter({
    answer: ({ message, finish_reason }, usage) => ({
      id: identity.id,
      object: "chat.completion",
      created: identity.createdS,
      model: identity.model,
      choices: [{ index: 0, message: messageOf(message, request), logprobs: null, finish_reason }],
      ...given(usage),
    }),
    error: errorBody,
  });
}

function messageOf(message: Message, request: ChatRequest): Fields {
  const custom = customToolsOf(request);
  const tool_calls = message.tool_calls?.map((call) => {
    const { name, arguments: input } = call.function;
    return custom.has(name) ? { id: call.id, type: "custom", custom: { name, input } } : call;
  });
  return { refusal: null, ...message, ...(tool_calls === undefined ? {} : { tool_calls }) };
}

const given = (counts: Counts): Fields => {
  const usage = chatUsage(counts);
  return usage === null ? {} : { usage };
};

// With include_usage every chunk carries `usage: null` and one more, without choices, carries the counts.
function chunksOf(request: ChatRequest, identity: AnswerIdentity): (step: AnswerStep) => readonly string[] {
  const wantsUsage = fieldsOf(request["stream_options"])["include_usage"] === true;
  const chunk = (choices: readonly Fields[], usage: Fields | null = null): string =>
    sseEvent({
      id: identity.id,
      object: "chat.completion.chunk",
      created: identity.createdS,
      model: identity.model,
      choices,
      ...(wantsUsage ? { usage } : {}),
    });
  const choice = (delta: Fields, finish_reason: string | null = null): string =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason }]);
  const callChoice = (call: Fields): string => choice({ tool_calls: [call] });
  const custom = customToolsOf(request);
  let isEmpty = true;
  let isCustom = false;
  return (step) => {
    if (step.type === "text-delta" || step.type === "refusal-delta" || step.type === "tool-call-start")
      isEmpty = false;
    switch (step.type) {
      // Whether there will be content is not known yet.
      case "start":
        return [choice({ role: "assistant" })];
      case "text-delta":
        return [choice({ content: step.text })];
      case "refusal-delta":
        return [choice({ refusal: step.text })];
      case "reasoning-delta":
        return [choice({ reasoning_content: step.text })];
      case "reasoning-proof":
        return [choice({ reasoning_details: [detailOf(step.proof)] })];
      case "tool-call-start":
        isCustom = custom.has(step.name);
        return [callChoice(openingOf(step, isCustom))];
      case "tool-call-delta": {
        const said = isCustom
          ? { custom: { input: step.arguments } }
          : { function: { arguments: step.arguments } };
        return [callChoice({ index: step.index, ...said })];
      }
      case "tool-call-end":
      case "other":
        return [];
      case "finish": {
        const usage = wantsUsage ? chatUsage(step.usage) : null;
        const last = choice(isEmpty ? { content: "" } : {}, step.reason ?? "stop");
        return [last, ...(usage === null ? [] : [chunk([], usage)]), DONE];
      }
      case "error":
        return [sseEvent(errorBody(step.status, step.error)), DONE];
    }
  };
}

function openingOf(step: Extract<AnswerStep, { type: "tool-call-start" }>, isCustom: boolean): Fields {
  const { index, id, name, signature } = step;
  if (isCustom) return { index, id, type: "custom", custom: { name, input: "" } };
  const extra = signature === undefined ? {} : withSignature(signature);
  return { index, id, type: "function", function: { name, arguments: "" }, ...extra };
}

const DONE = "data: [DONE]\n\n";

function detailOf(proof: { readonly data?: string }): Fields {
  return { type: proof.data === undefined ? "reasoning.text" : "reasoning.encrypted", ...proof };
}

/** An error of a provider in the form of OpenAI's. */
function errorBody(status: number, error: unknown): Fields {
  const { code, param } = isFields(error) ? error : {};
  return {
    error: {
      message: messageIn(error),
      type: typeOf(status),
      param: typeof param === "string" ? param : null,
      code: typeof code === "string" ? code : null,
    },
  };
}

/** An error of the house in the form of OpenAI's: official clients read type, code and message from it. */
export function chatError(code: ErrorCode, message: string, param: string | null = null): WrittenError {
  const { status } = ERROR_CODES[code];
  const error = { message, type: typeOf(status), param, code: code.replaceAll("-", "_") };
  return { status, body: { error } };
}

// OpenAI's guide to error codes and the types that its endpoints send.
function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

export function chatStreamError(code: ErrorCode, message: string): Uint8Array {
  return Buffer.from(sseEvent(chatError(code, message).body));
}
