import {
  ERROR_CODES,
  textOf,
  type ChatRequest,
  type ChatResponse,
  type ErrorCode,
} from "../../../core/index.ts";
import type { AnswerStep, Counts, ReasoningProof, StepWriter, WrittenError } from "../../protocol.ts";
import { given, stringOf, type Fields } from "../fields.ts";
import { callIdIn } from "../ids.ts";
import { argumentsObject } from "../parts.ts";
import { reasoningSteps } from "../response-steps.ts";
import { messageIn, plainWriter } from "../writing.ts";
import { EVENT_STREAM_TYPE, frameOf } from "./frames.ts";
import { CONVERSE_PROOFS } from "./request.ts";

/** Writes an answer as Bedrock's Converse, or ConverseStream, would give it. */
export function converseWriter(request: ChatRequest): StepWriter {
  if (request.stream === true) return frameWriter();
  return plainWriter({
    answer: (response, usage) => ({
      metrics: { latencyMs: 0 },
      output: { message: { role: "assistant", content: blocksOf(response) } },
      stopReason: stopReason(response.finish_reason),
      usage: usageOf(usage),
    }),
    error: (status, error) => errorBody(status, messageIn(error)),
  });
}

/** Counts are required: one that is not known is written as 0. */
function usageOf(counts: Counts): Fields {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteInputTokens } = counts;
  const cached = (cachedInputTokens ?? 0) + (cacheWriteInputTokens ?? 0);
  return given({
    inputTokens: Math.max(0, (inputTokens ?? 0) - cached),
    outputTokens: outputTokens ?? 0,
    totalTokens: (inputTokens ?? 0) + (outputTokens ?? 0),
    cacheReadInputTokens: cachedInputTokens,
    cacheWriteInputTokens,
  });
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["length", "max_tokens"],
  ["tool_calls", "tool_use"],
  ["content_filter", "content_filtered"],
]);

const stopReason = (reason: string | null): string => REASONS.get(reason ?? "stop") ?? "end_turn";

const isOwn = (proof: ReasoningProof): boolean => proof.format === CONVERSE_PROOFS;

function blocksOf({ message }: ChatResponse): readonly Fields[] {
  const text = textOf(message) + stringOf(message["refusal"]);
  return [
    ...reasoningBlocks(message),
    ...(text === "" ? [] : [{ text }]),
    ...(message.tool_calls ?? []).map((call) => ({
      toolUse: {
        toolUseId: callIdIn("tooluse", call.id ?? ""),
        name: call.function.name,
        input: argumentsObject(call.function.arguments),
      },
    })),
  ];
}

function reasoningBlocks(message: ChatResponse["message"]): readonly Fields[] {
  const blocks: Fields[] = [];
  let text = "";
  const flush = (signature?: string): void => {
    if (text !== "") blocks.push({ reasoningContent: { reasoningText: given({ text, signature }) } });
    text = "";
  };
  for (const step of reasoningSteps(message)) {
    if (step.type === "reasoning-delta") text += step.text;
    else if (step.type === "reasoning-proof") {
      const { signature, data } = isOwn(step.proof) ? step.proof : {};
      flush(signature);
      if (data !== undefined) blocks.push({ reasoningContent: { redactedContent: data } });
    }
  }
  flush();
  return blocks;
}

function frameWriter(): StepWriter {
  const framesOf = eventsOf();
  return {
    contentType: EVENT_STREAM_TYPE,
    push(step) {
      return Buffer.concat(
        framesOf(step)
          .map(([name, payload]) => frameOf("event", name, payload))
          .concat(errorFrames(step)),
      );
    },
  };
}

function errorFrames(step: AnswerStep): readonly Uint8Array[] {
  return step.type === "error" ? [exceptionFrame(step.status, messageIn(step.error))] : [];
}

function exceptionFrame(status: number, message: string): Uint8Array {
  const name = exceptionOf(status);
  return frameOf("exception", name[0].toLowerCase() + name.slice(1), { message });
}

type Event = readonly [name: string, payload: Fields];
type Kind = "text" | "reasoning" | "call";

function eventsOf(): (step: AnswerStep) => readonly Event[] {
  let open: Kind | null = null;
  let count = 0;
  const close = (): Event[] => {
    if (open === null) return [];
    open = null;
    return [["contentBlockStop", { contentBlockIndex: count - 1 }]];
  };
  const begin = (kind: Kind): Event[] => {
    const before = close();
    open = kind;
    count += 1;
    return before;
  };
  const delta = (fields: Fields): Event => [
    "contentBlockDelta",
    { contentBlockIndex: count - 1, delta: fields },
  ];
  const piece = (kind: Kind, fields: Fields): Event[] => [
    ...(open === kind ? [] : begin(kind)),
    delta(fields),
  ];
  return (step) => {
    switch (step.type) {
      case "start":
        return [["messageStart", { role: "assistant" }]];
      case "text-delta":
      case "refusal-delta":
        return piece("text", { text: step.text });
      case "reasoning-delta":
        return piece("reasoning", { reasoningContent: { text: step.text } });
      case "reasoning-proof": {
        const { signature, data } = isOwn(step.proof) ? step.proof : {};
        if (data !== undefined)
          return [...begin("reasoning"), delta({ reasoningContent: { redactedContent: data } }), ...close()];
        if (signature === undefined) return open === "reasoning" ? close() : [];
        return [...piece("reasoning", { reasoningContent: { signature } }), ...close()];
      }
      case "tool-call-start": {
        const start = { toolUse: { toolUseId: callIdIn("tooluse", step.id), name: step.name } };
        return [...begin("call"), ["contentBlockStart", { contentBlockIndex: count - 1, start }]];
      }
      case "tool-call-delta":
        return [delta({ toolUse: { input: step.arguments } })];
      case "tool-call-end":
        return close();
      case "other":
      case "error":
        return [];
      case "finish":
        return [
          ...close(),
          ["messageStop", { stopReason: stopReason(step.reason) }],
          ["metadata", { usage: usageOf(step.usage), metrics: { latencyMs: 0 } }],
        ];
    }
  };
}

/** Amazon Bedrock API, Converse, Errors. */
const EXCEPTIONS: ReadonlyMap<number, string> = new Map([
  [401, "UnrecognizedClientException"],
  [403, "AccessDeniedException"],
  [404, "ResourceNotFoundException"],
  [429, "ThrottlingException"],
  [503, "ServiceUnavailableException"],
  [504, "ModelTimeoutException"],
]);

function exceptionOf(status: number): string {
  return EXCEPTIONS.get(status) ?? (status < 500 ? "ValidationException" : "InternalServerException");
}

// Amazon says the kind in the header x-amzn-errortype; its clients take it from the body as well.
function errorBody(status: number, message: string): Fields {
  return { __type: exceptionOf(status), message };
}

export function converseError(code: ErrorCode, message: string): WrittenError {
  const { status } = ERROR_CODES[code];
  return { status, body: errorBody(status, message) };
}

export function converseStreamError(code: ErrorCode, message: string): Uint8Array {
  return exceptionFrame(ERROR_CODES[code].status, message);
}
