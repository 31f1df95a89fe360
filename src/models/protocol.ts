import type { ChatRequest, ErrorCode, Usage } from "../core/index.ts";
import type { Fold } from "./openai-fold.ts";
import type { ParsedRequest } from "./openai-request.ts";

/**
 * The wire protocols that a client or a provider can speak: OpenAI Chat Completions, OpenAI Responses, Anthropic Messages,
 * Gemini generateContent, Bedrock Converse. The first three are also surfaces of the gateway.
 */
export type ProtocolName = "chat" | "responses" | "messages" | "gemini" | "converse";

/**
 * One step of an answer, freed from its protocol: what a translation passes from the reader of one protocol to the writer of
 * another. `start` first, exactly one of `finish` and `error` last; tool calls are numbered from 0 in the order in which they begin.
 */
export type AnswerStep =
  | { readonly type: "start"; readonly id: string | null; readonly model: string | null }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "refusal-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string; readonly signature?: string }
  | { readonly type: "tool-call-start"; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: "tool-call-delta"; readonly index: number; readonly arguments: string }
  | { readonly type: "tool-call-end"; readonly index: number }
  /** `reason` in the words of Chat Completions: `stop`, `length`, `tool_calls`, `content_filter`; null when not said. */
  | { readonly type: "finish"; readonly reason: string | null; readonly usage: Usage }
  | { readonly type: "error"; readonly status: number; readonly error: unknown };

/** Reads an answer, plain or streamed, from bytes cut anywhere. */
export type StepReader = {
  push(bytes: Uint8Array): readonly AnswerStep[];
  /** What is left; an answer that broke off ends with an `error` step. */
  end(): readonly AnswerStep[];
};

/** Writes an answer. A plain answer comes whole, with its last step; a stream piece by piece. */
export type StepWriter = {
  readonly contentType: string;
  push(step: AnswerStep): Uint8Array;
};

export type AnswerIdentity = { readonly id: string; readonly createdS: number; readonly model: string };

/** A request written for another protocol, and the fields of ours that it has no words for. */
export type WrittenRequest = { readonly body: Uint8Array; readonly lost: readonly string[] };

/** All that the gateway must know of a wire protocol. Pure. */
export type Protocol = {
  readonly name: ProtocolName;
  /** A request body in our form. */
  parse(body: Uint8Array): ParsedRequest;
  /** A request of ours as a body of this protocol. */
  writeRequest(request: ChatRequest): WrittenRequest;
  /** Builds what the answer says beside the bytes that pass. */
  fold(status: number, isStream: boolean): Fold;
  reader(status: number, isStream: boolean): StepReader;
  writer(request: ChatRequest, identity: AnswerIdentity): StepWriter;
  /** The body of an error of the house in this protocol's form. */
  writeError(code: ErrorCode, message: string, param?: string | null): unknown;
  /** The same as the last event of a stream that has begun. */
  streamError(code: ErrorCode, message: string): Uint8Array;
};
