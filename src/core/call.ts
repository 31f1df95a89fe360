/** A message as the OpenAI chat form has it; fields we do not know are kept. */
export type Message = {
  readonly role: string;
  readonly content?: string | readonly ContentPart[] | null;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: string;
  readonly name?: string;
  readonly [field: string]: unknown;
};

export type ContentPart = {
  readonly type: string;
  readonly text?: string;
  readonly [field: string]: unknown;
};

export type ToolCall = {
  readonly id?: string;
  readonly type?: string;
  readonly function: { readonly name: string; readonly arguments: string };
};

export type Tool = {
  readonly type?: string;
  readonly function: { readonly name: string; readonly description?: string; readonly parameters?: unknown };
};

/** A request in the OpenAI chat-completions form. */
export type ChatRequest = {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly tool_choice?: unknown;
  readonly response_format?: unknown;
  readonly stream?: boolean;
  readonly [field: string]: unknown;
};

/** What the model said, folded from a plain body or a stream. */
export type ChatResponse = {
  readonly model?: string;
  readonly message: Message;
  /** `stop`, `length`, `tool_calls`, …; null when the provider did not say. */
  readonly finish_reason: string | null;
  readonly [field: string]: unknown;
};

/** Tokens as the provider counted them; null where it did not say. */
export type Usage = { readonly inputTokens: number | null; readonly outputTokens: number | null };

/** One request to a language model and its response. */
export type Call = {
  /** The log's own id where it has one, else `call_` and the hash of the content. */
  readonly id: string;
  /** The run of an agent this call belongs to; the call's own id where the log does not say. */
  readonly session: string;
  /** ISO 8601 UTC; null when the log does not say. */
  readonly at: string | null;
  /** Keyed pseudonym of user and client; null when the log names none. */
  readonly origin: string | null;
  readonly source: "import" | "gateway";
  readonly request: ChatRequest;
  /** Null when the call failed before an answer. */
  readonly response: ChatResponse | null;
  /** HTTP status; 200 where the log has an answer and no status. */
  readonly status: number;
  readonly error: unknown;
  readonly latencyMs: number | null;
  readonly usage: Usage;
  readonly servedBy: "provider" | "specialist";
  /** The task the gateway assigned at the time; null for imported calls. */
  readonly taskId: string | null;
  /** Fields of the log line that are not ours, as they came. */
  readonly foreign: { readonly [field: string]: unknown };
};

/** The text of a message: its content, or the text parts of its content joined. Empty when it has none. */
export function textOf(message: Message): string {
  const { content } = message;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: ContentPart) => (typeof part.text === "string" ? part.text : "")).join("\n");
}
