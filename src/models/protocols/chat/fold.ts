import { parseJson, type ChatResponse, type ToolCall } from "../../../core/index.ts";
import type { Counts, Fold } from "../../protocol.ts";
import type { FoldedAnswer } from "../../provider.ts";
import { createSseParser } from "../../sse.ts";
import { cut, fieldsOf, isFields, objects, type Fields } from "../fields.ts";
import { noCounts } from "../fold-steps.ts";
import { errorIn, MAX_ANSWER_BYTES, withoutNulls } from "../reading.ts";
import { countsInChat, usageIn } from "../response-steps.ts";
import { isAnswer } from "./reader.ts";
import { withFunctions } from "./request.ts";

/** Answers and tool calls of one stream are counted by the provider; a broken one must not make us allocate. */
const MAX_PARTS = 256;

/** Folds a plain answer. Any status: an error body becomes `error`. */
export function plainFold(status: number): Fold {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    push(bytes) {
      size += bytes.length;
      if (size <= MAX_ANSWER_BYTES) chunks.push(bytes);
      return false;
    },
    end() {
      if (size > MAX_ANSWER_BYTES)
        return failed(`answer of ${size} bytes, expected at most ${MAX_ANSWER_BYTES}`);
      const text = Buffer.concat(chunks).toString("utf8");
      const body = parseJson(text);
      if (status >= 400) return { response: null, usage: noCounts, error: errorIn(body) ?? cut(text) };
      return isFields(body) ? foldBody(body) : failed(`answer is not a JSON object: ${cut(text)}`);
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
    if (!isFields(chunk)) return;
    if (chunk["error"] !== undefined && chunk["error"] !== null) error = chunk["error"];
    shared = { ...shared, ...sharedFields(chunk) };
    for (const choice of objects(chunk["choices"])) {
      const index = typeof choice["index"] === "number" ? choice["index"] : 0;
      if (!choices.has(index) && choices.size >= MAX_PARTS) continue;
      const into = choices.get(index) ?? { message: { role: "assistant", content: null }, fields: {} };
      choices.set(index, into);
      if (isFields(choice["delta"])) addDelta(into.message, choice["delta"]);
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
      if (error !== null) return { response: null, usage: countsInChat(usageIn(shared)), error };
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
  const usage = countsInChat(usageIn(body));
  const error = body["error"] ?? null;
  if (error !== null) return { response: null, usage, error };
  if (first === undefined || !isAnswer(first)) return failed("answer has no choices[0].message", usage);
  const { index: __, message: ___, finish_reason, ...fields } = first;
  const response: ChatResponse = {
    ...withoutNulls(rest),
    ...withoutNulls(fields),
    // A message of the wire; its role and content are checked where they are used.
    message: withFunctions({
      role: "assistant",
      content: null,
      ...withoutNulls(fieldsOf(first["message"])),
    }),
    finish_reason: typeof finish_reason === "string" ? finish_reason : null,
    ...(others.length > 0 ? { other_choices: others } : {}),
  };
  return { response, usage, error: null };
}

function addDelta(message: { [field: string]: unknown }, delta: Fields): void {
  for (const [name, value] of Object.entries(delta)) {
    if (name === "__proto__" || value === null || value === undefined) continue;
    if (name === "tool_calls") message["tool_calls"] = addToolCalls(message["tool_calls"], objects(value));
    else if (Array.isArray(value)) message[name] = joined(message[name], value);
    else if (Array.isArray(message[name]) && typeof value === "string")
      message[name] = joined(message[name], [{ type: "text", text: value }]);
    else if (name === "role" || typeof value !== "string") message[name] = value;
    else message[name] = (typeof message[name] === "string" ? message[name] : "") + value;
  }
}

// Lists grow: content in parts (Mistral), reasoning_details (OpenRouter), annotations. Pieces of one text become one text.
function joined(before: unknown, more: readonly unknown[]): unknown[] {
  const list: unknown[] =
    typeof before === "string" && before !== ""
      ? [{ type: "text", text: before }]
      : Array.isArray(before)
        ? before
        : [];
  for (const part of more) {
    const last = list.at(-1);
    const name = TEXTS.find((text) => isFields(part) && typeof part[text] === "string");
    const isNext = name !== undefined && isFields(part) && isFields(last) && typeof last[name] === "string";
    if (isNext && last["type"] === part["type"] && last["index"] === part["index"]) {
      list[list.length - 1] = {
        ...last,
        ...withoutNulls(part),
        [name]: `${String(last[name])}${String(part[name])}`,
      };
    } else list.push(part);
  }
  return list;
}

const TEXTS = ["text", "summary", "data"] as const;

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
    const part = isFields(delta["function"]) ? delta["function"] : {};
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
  return withoutNulls(rest);
}

function failed(message: string, usage: Counts = noCounts): FoldedAnswer {
  return { response: null, usage, error: { type: "upstream_broken", message } };
}
