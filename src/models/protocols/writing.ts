import type { ChatResponse } from "../../core/index.ts";
import type { AnswerStep, Counts, Protocol, ProtocolName, AnswerIdentity, StepWriter } from "../protocol.ts";
import type { ChatRequest } from "../../core/index.ts";
import { cut, isFields } from "./fields.ts";
import { foldSteps } from "./fold-steps.ts";
import { stepsOf } from "./response-steps.ts";

export const JSON_TYPE = "application/json";
export const SSE_TYPE = "text/event-stream; charset=utf-8";

const NOTHING = new Uint8Array(0);

export type PlainForms = {
  /** The body of an answer. */
  answer(response: ChatResponse, usage: Counts): unknown;
  /** The body of an error. */
  error(status: number, error: unknown): unknown;
};

/** Writes a plain answer with its last step. */
export function plainWriter(forms: PlainForms): StepWriter {
  const folding = foldSteps();
  return {
    contentType: JSON_TYPE,
    push(step) {
      folding.push(step);
      if (step.type === "error") return jsonBytes(forms.error(step.status, step.error));
      if (step.type !== "finish") return NOTHING;
      const { response, usage } = folding.end();
      // The last step is no error, so there is a response.
      return jsonBytes(forms.answer(response as ChatResponse, usage));
    },
  };
}

/** Writes a stream of server-sent events: each step becomes some. */
export function sseWriter(eventsOf: (step: AnswerStep) => readonly string[]): StepWriter {
  return {
    contentType: SSE_TYPE,
    push(step) {
      const events = eventsOf(step);
      return events.length === 0 ? NOTHING : Buffer.from(events.join(""));
    },
  };
}

/** One server-sent event. */
export function sseEvent(data: unknown, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}

export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** The words of an error of any provider. */
export function messageIn(error: unknown): string {
  if (typeof error === "string") return cut(error);
  if (!isFields(error)) return "the provider answered with an error";
  for (const part of [error["message"], error["Message"], error["detail"]]) {
    if (typeof part === "string" && part !== "") return cut(part);
  }
  return isFields(error["error"]) || typeof error["error"] === "string"
    ? messageIn(error["error"])
    : cut(JSON.stringify(error));
}

/** The headers of an answer of ours. */
export function answerHead(isStream: boolean): { readonly [name: string]: string } {
  return { "content-type": isStream ? SSE_TYPE : JSON_TYPE };
}

/** Marks the ids of responses that were written here and not by a provider: a client may go on from one, and the provider does not know it. */
export const OWN_RESPONSE_PREFIX = "resp_understudy_";

/** The id of an answer of ours, in the form of the protocol's own. */
export function answerId(protocol: ProtocolName, callId: string): string {
  if (protocol === "chat") return `chatcmpl-${callId}`;
  if (protocol === "responses") return `${OWN_RESPONSE_PREFIX}${callId}`;
  return protocol === "messages" ? `msg_${callId}` : callId;
}

/** An answer of ours, whole, as the protocol's own provider would send it: the pieces of its bytes, in order. */
export function* writeResponse(
  protocol: Protocol,
  request: ChatRequest,
  response: ChatResponse,
  identity: AnswerIdentity,
): Generator<Uint8Array, void> {
  const writer = protocol.writer(request, identity);
  for (const step of stepsOf(response)) {
    const bytes = writer.push(step);
    if (bytes.length > 0) yield bytes;
  }
}
