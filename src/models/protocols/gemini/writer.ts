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
import { given, nonEmpty, stringOf, type Fields } from "../fields.ts";
import { argumentsObject } from "../parts.ts";
import { reasoningSteps, signatureOf } from "../response-steps.ts";
import { messageIn, plainWriter, sseEvent, sseWriter } from "../writing.ts";
import { GEMINI_FORMAT } from "./request.ts";

/** Writes an answer as Gemini's generateContent, or streamGenerateContent with `alt=sse`, would give it. */
export function geminiWriter(request: ChatRequest, identity: AnswerIdentity): StepWriter {
  if (request.stream === true) return sseWriter(chunksOf(identity));
  return plainWriter({
    answer: (response, usage) => bodyOf(identity, partsOf(response), reasonOf(response.finish_reason), usage),
    error: (status, error) => errorBody(status, messageIn(error)),
  });
}

function bodyOf(
  identity: AnswerIdentity,
  parts: readonly Fields[],
  finishReason?: string,
  usage?: Counts,
): Fields {
  return given({
    candidates: [given({ content: { role: "model", parts }, finishReason, index: 0 })],
    usageMetadata: usage === undefined ? undefined : usageOf(usage),
    modelVersion: identity.model,
    responseId: identity.id,
  });
}

function usageOf(counts: Counts): Fields | undefined {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = counts;
  if (inputTokens === null && outputTokens === null) return undefined;
  return given({
    promptTokenCount: inputTokens ?? undefined,
    candidatesTokenCount: outputTokens === null ? undefined : outputTokens - (reasoningTokens ?? 0),
    thoughtsTokenCount: reasoningTokens,
    cachedContentTokenCount: cachedInputTokens,
    totalTokenCount: inputTokens === null || outputTokens === null ? undefined : inputTokens + outputTokens,
  });
}

function reasonOf(reason: string | null): string {
  if (reason === "length") return "MAX_TOKENS";
  return reason === "content_filter" ? "SAFETY" : "STOP";
}

function partsOf({ message }: ChatResponse): readonly Fields[] {
  const parts: Fields[] = [];
  let thought = "";
  const flush = (signature?: string): void => {
    if (thought !== "") parts.push(given({ text: thought, thought: true, thoughtSignature: signature }));
    thought = "";
  };
  let ofText: string | undefined;
  for (const step of reasoningSteps(message)) {
    if (step.type === "reasoning-delta") thought += step.text;
    else if (step.type === "reasoning-proof") {
      const signature = ownSignature(step.proof);
      if (thought === "") ofText = signature ?? ofText;
      flush(signature);
    }
  }
  flush();
  const text = textOf(message) + stringOf(message["refusal"]);
  if (text !== "") parts.push(given({ text, thoughtSignature: ofText }));
  for (const call of message.tool_calls ?? []) {
    const { name, arguments: args } = call.function;
    parts.push(callPart({ id: call.id ?? "", name, signature: signatureOf(call) }, args));
  }
  return parts;
}

const ownSignature = (proof: ReasoningProof): string | undefined =>
  proof.format === GEMINI_FORMAT ? nonEmpty(proof.signature) : undefined;

type Opening = { readonly id: string; readonly name: string; readonly signature?: string | undefined };

function callPart({ id, name, signature }: Opening, args: string): Fields {
  return given({ functionCall: { id, name, args: argumentsObject(args) }, thoughtSignature: signature });
}

// A function call goes out whole: Gemini streams no pieces of arguments.
function chunksOf(identity: AnswerIdentity): (step: AnswerStep) => readonly string[] {
  let call: Opening | null = null;
  let args = "";
  const chunk = (...parts: readonly Fields[]): string[] => [sseEvent(bodyOf(identity, parts))];
  return (step) => {
    switch (step.type) {
      case "text-delta":
      case "refusal-delta":
        return chunk({ text: step.text });
      case "reasoning-delta":
        return chunk({ text: step.text, thought: true });
      case "reasoning-proof": {
        const signature = ownSignature(step.proof);
        return signature === undefined ? [] : chunk({ text: "", thought: true, thoughtSignature: signature });
      }
      case "tool-call-start":
        call = step;
        args = "";
        return [];
      case "tool-call-delta":
        args += step.arguments;
        return [];
      case "tool-call-end":
        return call === null ? [] : chunk(callPart(call, args));
      case "start":
      case "other":
        return [];
      case "finish":
        return [sseEvent(bodyOf(identity, [{ text: "" }], reasonOf(step.reason), step.usage))];
      case "error":
        return [sseEvent(errorBody(step.status, messageIn(step.error)))];
    }
  };
}

/** Google APIs, google.rpc.Code and its HTTP mapping. */
const STATUSES: ReadonlyMap<number, string> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [409, "ABORTED"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

function errorBody(code: number, message: string): Fields {
  const status = STATUSES.get(code) ?? (code < 500 ? "FAILED_PRECONDITION" : "INTERNAL");
  return { error: { code, message, status } };
}

export function geminiError(code: ErrorCode, message: string): WrittenError {
  const { status } = ERROR_CODES[code];
  return { status, body: errorBody(status, message) };
}

export function geminiStreamError(code: ErrorCode, message: string): Uint8Array {
  return Buffer.from(sseEvent(geminiError(code, message).body));
}
