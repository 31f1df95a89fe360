import type { ChatRequest, ErrorCode, Usage } from "../core/index.ts";
import type { FoldedAnswer } from "./provider.ts";

/**
 * The wire protocols that a client or a provider can speak: OpenAI Chat Completions, OpenAI Responses, Anthropic Messages,
 * Gemini generateContent, Bedrock Converse. The first three are also surfaces of the gateway.
 */
export type ProtocolName = "chat" | "responses" | "messages" | "gemini" | "converse";

/** A request that was read, or what is wrong with it. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: ChatRequest }
  | { readonly ok: false; readonly message: string; readonly param: string | null };

/** What some protocols say in the path instead of the body (Gemini, Converse, Azure's deployments). */
export type SaidInPath = { readonly model?: string; readonly isStream?: boolean };

/** Tokens of an answer, with the parts that are priced apart. A field is left out where the provider did not say. */
export type Counts = Usage & {
  /** Part of `inputTokens`: read from the provider's prompt cache. */
  readonly cachedInputTokens?: number;
  /** Part of `inputTokens`: written to the provider's prompt cache. */
  readonly cacheWriteInputTokens?: number;
  /** Part of `outputTokens`. */
  readonly reasoningTokens?: number;
};

/**
 * One step of an answer, freed from its protocol: what a translation passes from the reader of one protocol to the writer of
 * another. `start` first, exactly one of `finish` and `error` last. Tool calls are numbered from 0 in the order in which they
 * begin, and come one after another: nothing stands between the start of one and its end but its own deltas.
 */
export type AnswerStep =
  | { readonly type: "start"; readonly id: string | null; readonly model: string | null }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "refusal-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  /** A piece of reasoning as its provider wants it back, whole: a signature, an encrypted text. After the text it belongs to. */
  | { readonly type: "reasoning-proof"; readonly proof: ReasoningProof }
  | {
      readonly type: "tool-call-start";
      readonly index: number;
      readonly id: string;
      readonly name: string;
      /** Of Gemini: its thought signature, wanted back with the call. */
      readonly signature?: string;
    }
  | { readonly type: "tool-call-delta"; readonly index: number; readonly arguments: string }
  | { readonly type: "tool-call-end"; readonly index: number }
  /** Content of the protocol that has no words here, as it came: results of hosted tools, images, citations. */
  | { readonly type: "other"; readonly protocol: ProtocolName; readonly content: unknown }
  /** `reason` in the words of Chat Completions: `stop`, `length`, `tool_calls`, `content_filter`; null when not said. */
  | { readonly type: "finish"; readonly reason: string | null; readonly usage: Counts }
  | { readonly type: "error"; readonly status: number; readonly error: unknown };

/** What only the provider that made it can read; others leave it out. */
export type ReasoningProof = {
  readonly format: "anthropic-claude-v1" | "openai-responses-v1" | "google-gemini-v1" | "unknown";
  readonly signature?: string;
  /** Encrypted reasoning. */
  readonly data?: string;
  readonly id?: string;
};

/** Reads an answer, plain or streamed, from bytes cut anywhere. */
export type StepReader = {
  push(bytes: Uint8Array): readonly AnswerStep[];
  /** What is left; an answer that broke off ends with an `error` step. */
  end(): readonly AnswerStep[];
};

/** Builds what an answer says from its bytes. */
export type Fold = {
  /** Takes the next bytes of the answer. Returns true when the client has the whole answer with them. */
  push(bytes: Uint8Array): boolean;
  end(): FoldedAnswer;
};

/** Writes an answer. A plain answer comes whole, with its last step; a stream piece by piece; a piece may be empty. */
export type StepWriter = {
  readonly contentType: string;
  push(step: AnswerStep): Uint8Array;
};

export type AnswerIdentity = { readonly id: string; readonly createdS: number; readonly model: string };

/** A request written for another protocol, and the fields of ours that it has no words for. */
export type WrittenRequest = { readonly body: Uint8Array; readonly lost: readonly string[] };

/** An error as a provider of the protocol would send it. */
export type WrittenError = { readonly status: number; readonly body: unknown };

/** All that the gateway must know of a wire protocol. Pure. */
export type Protocol = {
  readonly name: ProtocolName;
  /** A request body in our form: what is asked comes out the same as if it had been asked over Chat Completions. */
  parse(body: Uint8Array, path?: SaidInPath): ParsedRequest;
  /** A request of ours as a body of this protocol. */
  writeRequest(request: ChatRequest): WrittenRequest;
  /** Builds what the answer says beside the bytes that pass. */
  fold(status: number, isStream: boolean): Fold;
  /** Only the counts of an answer, from the pieces of its bytes: looks at their end, for budgets. Nulls where it does not say. */
  usageOf(pieces: readonly Uint8Array[], isStream: boolean): Counts;
  reader(status: number, isStream: boolean): StepReader;
  writer(request: ChatRequest, identity: AnswerIdentity): StepWriter;
  /** An error of the house in this protocol's form. */
  writeError(code: ErrorCode, message: string, param?: string | null): WrittenError;
  /** The same as the last event of a stream that has begun. */
  streamError(code: ErrorCode, message: string): Uint8Array;
};
