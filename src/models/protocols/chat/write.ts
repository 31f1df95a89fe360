import type { ChatRequest, ChatResponse, Message, ToolCall, Usage } from "../../../core/index.ts";
import type { ProviderEvent } from "../../provider.ts";
import { piecesOf } from "../response-steps.ts";

export type AnswerHead = {
  /** `chatcmpl-…` */
  readonly id: string;
  readonly createdS: number;
  readonly model: string;
};

/** An answer of ours as a provider would send it: a plain body, or a stream when the request asks for one. */
export function* writeAnswer(
  request: ChatRequest,
  response: ChatResponse,
  head: AnswerHead,
): Generator<ProviderEvent, void> {
  const usage = wireUsage(response);
  const isStream = request.stream === true;
  const type = isStream ? "text/event-stream; charset=utf-8" : "application/json";
  yield { type: "answer-start", status: 200, headers: { "content-type": type }, isStream };
  if (isStream) {
    const options = request["stream_options"];
    const includeUsage = isFields(options) && options["include_usage"] === true;
    for (const chunk of chunksOf(response, head, includeUsage ? usage : undefined)) {
      yield { type: "answer-delta", bytes: Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`), isLast: false };
    }
    yield { type: "answer-delta", bytes: Buffer.from("data: [DONE]\n\n"), isLast: true };
  } else {
    const bytes = Buffer.from(JSON.stringify(bodyOf(response, head, usage)));
    yield { type: "answer-delta", bytes, isLast: true };
  }
  yield { type: "answer-end", answer: { response, usage: countsOf(response), error: null } };
}

/** An error as a provider would send it. */
export function* writeError(status: number, error: unknown): Generator<ProviderEvent, void> {
  yield {
    type: "answer-start",
    status,
    headers: { "content-type": "application/json" },
    isStream: false,
  };
  yield { type: "answer-delta", bytes: Buffer.from(JSON.stringify({ error })), isLast: true };
  yield {
    type: "answer-end",
    answer: { response: null, usage: { inputTokens: null, outputTokens: null }, error },
  };
}

type Fields = { readonly [field: string]: unknown };

function bodyOf(response: ChatResponse, head: AnswerHead, usage: unknown): Fields {
  return {
    id: head.id,
    object: "chat.completion",
    created: head.createdS,
    model: head.model,
    choices: [
      {
        index: 0,
        message: { refusal: null, ...response.message },
        logprobs: null,
        finish_reason: response.finish_reason,
      },
    ],
    ...(usage === null ? {} : { usage }),
  };
}

// With include_usage every chunk carries `usage: null` and one more, without choices, carries the counts.
function* chunksOf(response: ChatResponse, head: AnswerHead, usage: unknown): Generator<Fields> {
  const chunk = (choices: readonly Fields[], counts: unknown = null): Fields => ({
    id: head.id,
    object: "chat.completion.chunk",
    created: head.createdS,
    model: head.model,
    choices,
    ...(usage === undefined ? {} : { usage: counts }),
  });
  const choice = (delta: Fields, finish_reason: string | null = null): Fields =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason }]);
  for (const delta of deltasOf(response.message)) yield choice(delta);
  yield choice({}, response.finish_reason ?? "stop");
  if (usage !== undefined && usage !== null) yield chunk([], usage);
}

function* deltasOf(message: Message): Generator<Fields> {
  const { role, content, tool_calls, ...fields } = message;
  const text = typeof content === "string" ? content : null;
  yield { role, content: text === null ? null : "", ...fields };
  for (const piece of piecesOf(text ?? "")) yield { content: piece };
  for (const [index, call] of (tool_calls ?? []).entries()) yield* callDeltas(index, call);
}

function* callDeltas(index: number, call: ToolCall): Generator<Fields> {
  const { name } = call.function;
  const opening = { index, id: call.id, type: call.type ?? "function", function: { name, arguments: "" } };
  yield { tool_calls: [opening] };
  for (const piece of piecesOf(call.function.arguments)) {
    yield { tool_calls: [{ index, function: { arguments: piece } }] };
  }
}

/** The usage a response carries, as on the wire; null when it has none. */
function wireUsage(response: ChatResponse): unknown {
  return isFields(response["usage"]) ? response["usage"] : null;
}

function countsOf(response: ChatResponse): Usage {
  const usage = isFields(response["usage"]) ? response["usage"] : {};
  const { prompt_tokens, completion_tokens } = usage;
  return {
    inputTokens: typeof prompt_tokens === "number" ? prompt_tokens : null,
    outputTokens: typeof completion_tokens === "number" ? completion_tokens : null,
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
