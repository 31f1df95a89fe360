import type { z } from "zod";
import {
  contentHash,
  HouseError,
  jsonDepth,
  MAX_JSON_DEPTH,
  type Call,
  type ChatRequest,
  type ChatResponse,
  type Usage,
} from "../core/index.ts";
import { answerIn, protocolOfAnswer, protocolOfRequest, requestIn } from "./forms/protocol-bodies.ts";
import { listNamed } from "./elements.ts";
import { choiceForm, completionForm, messageForm, requestForm, usageForm } from "./wire.ts";

/** Why a line was not taken: one word to count by, and one line to read. */
export type Refusal = { readonly reason: RefusalReason; readonly detail: string };

export type RefusalReason =
  | "not-json"
  | "not-an-object"
  | "too-deep"
  | "line-too-long"
  | "unknown-form"
  | "bad-request"
  | "bad-response"
  | "no-request"
  | "no-content"
  | "unreadable"
  | "id-taken"
  | "unstorable";

type Fields = { readonly [field: string]: unknown };

/**
 * The records in a text: the object it is, or the elements of a list, or of the list that an object holds them in.
 * Throws a refusal.
 */
export function parseRecords(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal("not-json", "is not JSON");
  }
  if (jsonDepth(value) > MAX_JSON_DEPTH)
    throw refusal("too-deep", `nests deeper than ${MAX_JSON_DEPTH} levels`);
  if (Array.isArray(value)) return value;
  return isObject(value) ? listIn(value) : [value];
}

/** The object in a record. Throws a refusal. */
export function recordOf(value: unknown): Fields {
  if (!isObject(value)) throw refusal("not-an-object", "is not a JSON object");
  return value;
}

function listIn(value: Fields): readonly unknown[] {
  const names = new Set(Object.keys(value));
  for (const name of names) {
    const list = listNamed(name, names);
    const records = value[name];
    if (list !== null && !list.isNamed && Array.isArray(records)) return records;
  }
  return [value];
}

/** A refusal as an error, so that parsing can stop anywhere. */
export class RefusedLine extends HouseError {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super("bad-input", refusal.detail);
    this.refusal = refusal;
  }
}

export function refusal(reason: RefusalReason, detail: string): RefusedLine {
  return new RefusedLine({ reason, detail });
}

/** What the calls of one line have in common; the log's names for things, several habits accepted. */
const KNOWN_FIELDS = new Set([
  "id",
  "request",
  "response",
  "status",
  "status_code",
  "error",
  "latency_ms",
  "timestamp",
  "session",
]);
const SESSION_FIELDS = ["session", "session_id", "sessionId", "trace_id", "conversation_id", "thread_id"];
const TIME_FIELDS = ["timestamp", "created_at", "start_time", "created"];
const USER_FIELDS = ["user", "user_id", "userId", "end_user", "client", "client_id", "safety_identifier"];

/** Makes a keyed pseudonym of a value. */
type Pseudonym = (kind: "user" | "client" | "session", value: string) => string;

/** One call in the call form: `{request, response, …}`. `fallbackId` names the call when the line has no id. */
export function callOf(line: Fields, pseudonym: Pseudonym): Call {
  const request = requestOf(line["request"]);
  const response =
    line["response"] === null || line["response"] === undefined ? null : responseOf(line["response"]);
  const id =
    typeof line["id"] === "string" && line["id"] !== ""
      ? line["id"].slice(0, 200)
      : `call_${contentHash(line, 24)}`;
  const metadata = isObject(line["metadata"])
    ? line["metadata"]
    : isObject(request["metadata"])
      ? request["metadata"]
      : {};
  const user = firstText([line, request, metadata], USER_FIELDS);
  const status = statusOf(line["status"] ?? line["status_code"]);
  return {
    id,
    session: firstText([line, metadata], SESSION_FIELDS) ?? id,
    at: timeOf(line),
    origin: user === null ? null : pseudonym("user", user),
    source: "import",
    request: withoutOrigin(request, pseudonym),
    response,
    status: status ?? (response === null ? 500 : 200),
    error: line["error"] ?? null,
    latencyMs: numberOf(line["latency_ms"]),
    usage: usageOf(response ?? line["response"]),
    servedBy: "provider",
    taskId: null,
    foreign: foreignOf(line, pseudonym),
  };
}

/** The request, checked. Throws a refusal that names the first wrong field. */
export function requestOf(value: unknown): ChatRequest {
  const parsed = requestForm.safeParse(inChatForm(value));
  if (!parsed.success) throw refusal("bad-request", `request${where(parsed.error)}`);
  return parsed.data;
}

// Bodies of Anthropic Messages and OpenAI Responses are told by their fields.
function inChatForm(value: unknown): unknown {
  const protocol = isObject(value) ? protocolOfRequest(value) : null;
  return isObject(value) && protocol !== null ? (requestIn(protocol, value, {}) ?? value) : value;
}

function bodyAnswer(value: Fields): Fields | null {
  const protocol = protocolOfAnswer(value);
  return protocol === null ? null : answerIn(protocol, value);
}

/** The response in either form, checked. Throws a refusal. */
export function responseOf(value: unknown): ChatResponse {
  if (isObject(value) && Array.isArray(value["choices"])) {
    const body = completionForm.safeParse(value);
    if (!body.success) throw refusal("bad-response", `response${where(body.error)}`);
    const { choices, ...rest } = body.data;
    return { ...rest, ...choices[0] };
  }
  const isChoice = isObject(value) && value["message"] !== undefined;
  const parsed = choiceForm.safeParse(isChoice || !isObject(value) ? value : (bodyAnswer(value) ?? value));
  if (!parsed.success) throw refusal("bad-response", `response${where(parsed.error)}`);
  return parsed.data;
}

/** Tokens of a response body in OpenAI's or Anthropic's names. */
export function usageOf(response: unknown): Usage {
  const parsed = usageForm.safeParse(isObject(response) ? response["usage"] : undefined);
  if (!parsed.success) return { inputTokens: null, outputTokens: null };
  const { prompt_tokens, completion_tokens, input_tokens, output_tokens } = parsed.data;
  return {
    inputTokens: tokensOf(prompt_tokens ?? input_tokens),
    outputTokens: tokensOf(completion_tokens ?? output_tokens),
  };
}

const tokensOf = (value: number | undefined): number | null =>
  Number.isSafeInteger(value) ? Number(value) : null;

/** The calls of a fine-tuning line: one for each assistant message that is trained on (weight is not 0). */
export function callsOfFinetune(line: Fields, pseudonym: Pseudonym): Call[] {
  const { messages, ...rest } = line;
  const parsed = messageForm.array().safeParse(messages);
  if (!parsed.success) throw refusal("bad-request", `messages${where(parsed.error)}`);
  const session = typeof line["id"] === "string" ? line["id"] : `session_${contentHash(line, 24)}`;
  const calls = parsed.data.flatMap((message, at) => {
    if (message.role !== "assistant" || at === 0 || message["weight"] === 0) return [];
    const { tools, model, parallel_tool_calls, response_format, ...foreign } = rest;
    const request = {
      model: model ?? "unknown",
      messages: parsed.data.slice(0, at),
      tools,
      parallel_tool_calls,
      response_format,
    };
    const { weight: _, ...answer } = message;
    const response = { message: answer, finish_reason: "stop" };
    return [callOf({ ...foreign, id: undefined, session, request, response, turn: at }, pseudonym)];
  });
  if (calls.length === 0) throw refusal("bad-response", "messages has no assistant message to learn from");
  return calls;
}

/** The request with its users replaced by pseudonyms. */
export function withoutOrigin(request: ChatRequest, pseudonym: Pseudonym): ChatRequest {
  // Only values of users are replaced; the form stays what it was.
  return withoutUsers(request, pseudonym) as ChatRequest;
}

/** The fields with users and clients replaced by pseudonyms, in their metadata too. */
function withoutUsers(fields: Fields, pseudonym: Pseudonym): Fields {
  const safe = (name: string, value: unknown): unknown => {
    if (name === "metadata" && isObject(value)) return withoutUsers(value, pseudonym);
    const isUser = USER_FIELDS.includes(name) && (typeof value === "string" || typeof value === "number");
    return isUser && value !== "" ? pseudonym("user", String(value)) : value;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, safe(name, value)]));
}

function foreignOf(line: Fields, pseudonym: Pseudonym): Fields {
  const rest = Object.fromEntries(
    Object.entries(line).filter(([name, value]) => !KNOWN_FIELDS.has(name) && value !== undefined),
  );
  return withoutUsers(rest, pseudonym);
}

function firstText(places: readonly Fields[], names: readonly string[]): string | null {
  for (const place of places) {
    for (const name of names) {
      const value = place[name];
      if (typeof value === "string" && value !== "") return value.slice(0, 200);
      if (typeof value === "number" && Number.isFinite(value)) return String(value);
    }
  }
  return null;
}

function timeOf(line: Fields): string | null {
  for (const name of TIME_FIELDS) {
    const value = line[name];
    const time =
      typeof value === "number"
        ? new Date(value < 1e11 ? value * 1000 : value)
        : typeof value === "string"
          ? new Date(value)
          : null;
    if (time !== null && !Number.isNaN(time.getTime())) return time.toISOString();
  }
  return null;
}

/** An HTTP status; null for anything else. */
function statusOf(value: unknown): number | null {
  return Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599 ? Number(value) : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function where(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue.path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("");
  return `${path}: ${issue.message}`;
}
