import type { ChatResponse, Usage } from "../core/index.ts";

export type Headers = { readonly [name: string]: string | readonly string[] | undefined };

/** What an answer says, folded from a plain body or a stream. */
export type FoldedAnswer = {
  /** Null when the answer is an error or cannot be read. */
  readonly response: ChatResponse | null;
  readonly usage: Usage;
  /** The provider's error object; null when there is none. */
  readonly error: unknown;
};
