import type { ErrorCode } from "../../core/index.ts";
import type { Headers } from "../provider.ts";
import type { ProtocolName } from "../protocol.ts";

/** What is asked of a provider: an answer, or one of the plain endpoints beside it, which pass through as they are. */
export type Operation = "generate" | "models" | "embeddings" | "completions" | "count-tokens" | "moderations";

/** A call as a provider file sees it. */
export type UpstreamCall = {
  readonly operation: Operation;
  /** Of the body; one of those that the provider speaks. */
  readonly protocol: ProtocolName;
  /** The provider's own name of the model, with aliases resolved. Of `models`: the one that is asked about; empty for the list. */
  readonly model: string;
  readonly isStream: boolean;
  /** Untouched where client and provider speak the same protocol and the model keeps its name. Empty for a GET. */
  readonly body: Uint8Array;
  /** The client's headers, names in lower case. */
  readonly headers: Headers;
  /** Of the client's path, with its `?`; empty when there is none. */
  readonly query: string;
};

/** A request as it goes out. */
export type Outgoing = {
  /** `https://api.openai.com` */
  readonly origin: string;
  readonly method: "GET" | "POST";
  /** With the query. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
};

/** One set of credentials at one address. */
export type Account = {
  /** Base URL with the version; null where the provider's own default is meant. */
  readonly url: string | null;
  /** Used when the client sends no credentials of its own, or when keys of ours are required; null when there is none. */
  readonly key: string | null;
  /** Further settings of the provider: `region`, `apiVersion`, … */
  readonly settings: { readonly [name: string]: string };
  /** Sent with every request, after the provider's own. */
  readonly headers: { readonly [name: string]: string };
};

/** One kind of provider, one file: where a call goes, and how it is signed. Knows nothing of sockets. */
export type ProviderFile = {
  readonly type: string;
  /** The protocols that it speaks, best first. */
  readonly protocols: readonly ProtocolName[];
  readonly defaultUrl: string | null;
  /** `hasOwnKey`: the client's credentials are for us, not for the provider, and must not be passed on. At once or later (signing). */
  prepare(call: UpstreamCall, account: Account, hasOwnKey: boolean): Outgoing | Promise<Outgoing>;
};

/**
 * Takes an answer as it comes: `head` at most once and first, then `data`, then exactly one of `end` and `fail`, last.
 * Callbacks, not a generator: this is the hot path.
 */
export type AnswerSink = {
  head(status: number, headers: { readonly [name: string]: string }, isStream: boolean): void;
  /** False asks to pause until `resume` of the exchange is called. */
  data(bytes: Uint8Array): boolean;
  end(): void;
  fail(code: ErrorCode, message: string): void;
};

/** An exchange under way. */
export type Exchange = {
  resume(): void;
  /** The client has gone: the provider's connection is closed; `fail("cancelled")` follows unless the end has been told. */
  cancel(): void;
};

export type Timeouts = {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** Between two pieces. */
  readonly idleMs: number;
  readonly totalMs: number;
};

export type Transport = {
  send(outgoing: Outgoing, timeouts: Timeouts, sink: AnswerSink): Exchange;
  close(): Promise<void>;
};
