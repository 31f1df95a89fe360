import type { ChatRequest, ChatResponse, ErrorCode, Usage } from "../core/index.ts";

/** A call on its way to a model: parsed for us, and as it came, so that nothing has to be written again. */
export type ProviderCall = {
  readonly request: ChatRequest;
  /** The body as the client sent it. */
  readonly body: Uint8Array;
  /** The client's headers, names in lower case. */
  readonly headers: Headers;
};

export type Headers = { readonly [name: string]: string | readonly string[] | undefined };

/** What an answer says, folded from a plain body or a stream. */
export type FoldedAnswer = {
  /** Null when the answer is an error or cannot be read. */
  readonly response: ChatResponse | null;
  readonly usage: Usage;
  /** The provider's error object; null when there is none. */
  readonly error: unknown;
};

/**
 * One answer as a stream: `answer-start` at most once and first, then the bytes of the answer as they came,
 * then exactly one of `answer-end` and `answer-error`, last. An answer with status 400 or above is an answer.
 */
export type ProviderEvent =
  | {
      readonly type: "answer-start";
      readonly status: number;
      readonly headers: { readonly [name: string]: string };
      readonly isStream: boolean;
    }
  /** `isLast`: with these bytes the client has the whole answer; what follows is empty or a formality. */
  | { readonly type: "answer-delta"; readonly bytes: Uint8Array; readonly isLast: boolean }
  | { readonly type: "answer-end"; readonly answer: FoldedAnswer }
  | { readonly type: "answer-error"; readonly code: ErrorCode; readonly message: string };

/** Where models are served. `complete` never throws and obeys the signal. */
export type Provider = {
  readonly name: string;
  complete(call: ProviderCall, signal: AbortSignal): AsyncGenerator<ProviderEvent, void>;
  /** The body of `GET /models`. */
  models(
    headers: Headers,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: Uint8Array }>;
  close(): Promise<void>;
};
