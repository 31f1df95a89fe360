import { parseJson, type ChatResponse, type Message, type ToolCall, type Usage } from "../core/index.ts";
import { withFunctions } from "./openai-request.ts";
import type { FoldedAnswer } from "./provider.ts";
import { createSseParser } from "./sse.ts";

/** A longer plain answer is passed on but not read: the largest answers of today's models stay far below it. */
export const MAX_FOLD_BYTES = 64 * 1024 * 1024;

/** Answers and tool calls of one stream are counted by the provider; a broken one must not make us allocate. */
const MAX_PARTS = 256;

export type Fold = {
  /** Takes the next bytes of the answer. Returns true when the client has the whole answer with them. */
  push(bytes: Uint8Array): boolean;
  end(): FoldedAnswer;
};

type Fields = { readonly [field: string]: unknown };

const noUsage: Usage = { inputTokens: null, outputTokens: null };

/** Folds a plain answer. Any status: an error body becomes `error`. */
export function plainFold(status: number): Fold {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    push(bytes) {
      size += bytes.length;
      if (size <= MAX_FOLD_BYTES) chunks.push(bytes);
      return false;
    },
    end() {
      if (size > MAX_FOLD_BYTES) return failed(`answer of ${size} bytes, expected at most ${MAX_FOLD_BYTES}`);
      const text = Buffer.concat(chunks).toString("utf8");
      const body = parseJson(text);
      if (status >= 400) return { response: null, usage: noUsage, error: errorIn(body) ?? cut(text) };
      return isObject(body) ? foldBody(body) : failed(`answer is not a JSON object: ${cut(text)}`);
    },
  };
}

/** Folds a stream of chat-completion chunks, beside the bytes that pass. */
export function streamFold(): Fold {
  const parser = createSseParser();
  const choices = new Map<
    number,
    { message: { [field: string]: unknown }; fields: { [field: string]: unknown } }
  >();
  let shared: { [field: string]: unknown } = {};
  let error: unknown = null;
  let isDone = false;

  const take = (data: string): void => {
    if (data.trim() === "[DONE]") {
      isDone = true;
      return;
    }
    const chunk = parseJson(data);
    if (!isObject(chunk)) return;
    if (chunk["error"] !== undefined && chunk["error"] !== null) error = chunk["error"];
    shared = { ...shared, ...sharedFields(chunk) };
    for (const choice of objects(chunk["choices"])) {
      const index = typeof choice["index"] === "number" ? choice["index"] : 0;
      if (!choices.has(index) && choices.size >= MAX_PARTS) continue;
      const into = choices.get(index) ?? { message: { role: "assistant", content: null }, fields: {} };
      choices.set(index, into);
      if (isObject(choice["delta"])) addDelta(into.message, choice["delta"]);
      const { index: _, delta: __, ...fields } = choice;
      // Later nulls do not undo: some providers repeat finish_reason: null in the usage chunk.
      for (const [name, value] of Object.entries(fields)) if (value !== null) into.fields[name] = value;
    }
  };

  return {
    push(bytes) {
      for (const data of parser.push(bytes)) take(data);
      return isDone;
    },
    end() {
      if (error !== null) return { response: null, usage: usageIn(shared), error };
      const ordered = [...choices]
        .sort(([a], [b]) => a - b)
        .map(([, { message, fields }]) => ({ ...fields, message }));
      const isWhole = isDone || ordered.some((choice) => (choice as Fields)["finish_reason"] !== undefined);
      if (!isWhole) return failed("stream ended before the answer did");
      return foldBody({ ...shared, choices: ordered });
    },
  };
}

function foldBody(body: Fields): FoldedAnswer {
  const { choices, object: _, ...rest } = body;
  const [first, ...others] = objects(choices);
  const usage = usageIn(body);
  const error = errorIn(body);
  if (error !== null) return { response: null, usage, error };
  if (first === undefined || !isObject(first["message"]))
    return failed("answer has no choices[0].message", usage);
  const { index: __, message, finish_reason, ...fields } = first;
  const response: ChatResponse = {
    ...rest,
    ...fields,
    // A message of the wire; its role and content are checked where they are used.
    message: withFunctions(message as Message),
    finish_reason: typeof finish_reason === "string" ? finish_reason : null,
    ...(others.length > 0 ? { other_choices: others } : {}),
  };
  return { response, usage, error: null };
}

function addDelta(message: { [field: string]: unknown }, delta: Fields): void {
  for (const [name, value] of Object.entries(delta)) {
    if (name === "__proto__" || value === null || value === undefined) continue;
    if (name === "tool_calls") message["tool_calls"] = addToolCalls(message["tool_calls"], objects(value));
    else if (name === "role" || typeof value !== "string") message[name] = value;
    else message[name] = (typeof message[name] === "string" ? message[name] : "") + value;
  }
}

function addToolCalls(before: unknown, deltas: readonly Fields[]): ToolCall[] {
  // Only this function writes the field.
  const calls = (before ?? []) as {
    id?: string;
    type?: string;
    function: { name: string; arguments: string };
  }[];
  for (const delta of deltas) {
    const at = indexOf(delta, calls);
    if (at >= MAX_PARTS) continue;
    while (calls.length <= at) calls.push({ type: "function", function: { name: "", arguments: "" } });
    const call = calls[at];
    if (typeof delta["id"] === "string" && delta["id"] !== "") call.id = delta["id"];
    if (typeof delta["type"] === "string") call.type = delta["type"];
    const part = isObject(delta["function"]) ? delta["function"] : {};
    if (typeof part["name"] === "string" && part["name"] !== "") call.function.name = part["name"];
    if (typeof part["arguments"] === "string") call.function.arguments += part["arguments"];
  }
  return calls;
}

// Some compatible servers leave the index out: a new id then starts a new call.
function indexOf(delta: Fields, calls: readonly { id?: string }[]): number {
  if (typeof delta["index"] === "number" && delta["index"] >= 0) return Math.trunc(delta["index"]);
  const isNew = typeof delta["id"] === "string" && delta["id"] !== "" && delta["id"] !== calls.at(-1)?.id;
  return isNew || calls.length === 0 ? calls.length : calls.length - 1;
}

function sharedFields(chunk: Fields): Fields {
  const { choices: _, object: __, error: ___, obfuscation: ____, ...rest } = chunk;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
}

function usageIn(body: Fields): Usage {
  const usage = isObject(body["usage"]) ? body["usage"] : {};
  return { inputTokens: count(usage["prompt_tokens"]), outputTokens: count(usage["completion_tokens"]) };
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function errorIn(body: unknown): unknown {
  return isObject(body) ? (body["error"] ?? null) : null;
}

function failed(message: string, usage: Usage = noUsage): FoldedAnswer {
  return { response: null, usage, error: { type: "upstream_broken", message } };
}

// Enough of a foreign text to know it by; error pages can be long.
function cut(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}

function objects(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
