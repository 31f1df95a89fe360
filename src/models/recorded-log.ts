import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { answerOf, HouseError, parseJson, type ChatRequest, type ChatResponse } from "../core/index.ts";

/** A longer line is passed over: the largest contexts of today's models stay below this as JSON. */
export const MAX_RECORDED_LINE_BYTES = 32 * 1024 * 1024;

/** A call as a log has it: the request unchanged, so that it can be sent again. */
export type RecordedCall = {
  /** Counts from 1. */
  readonly line: number;
  readonly id: string | null;
  readonly session: string | null;
  readonly request: ChatRequest;
  /** Null when the log has no answer that can be read. */
  readonly response: ChatResponse | null;
  readonly status: number;
  readonly error: unknown;
};

/**
 * The calls of a JSONL file, plain or gzip'd, with `request`, `response` and perhaps `status`, in order.
 * Lines that are no such call are passed over. Throws HouseError bad-input when the file cannot be read.
 */
export async function* readRecordedCalls(path: string): AsyncGenerator<RecordedCall, void> {
  let line = 0;
  try {
    for await (const text of linesOf(path)) {
      line += 1;
      const call = recordedCall(text, line);
      if (call !== null) yield call;
    }
  } catch (error) {
    const what =
      (error as { code?: string }).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new HouseError("bad-input", `Cannot read "${path}" after line ${line}: ${what}`, { cause: error });
  }
}

type Fields = { readonly [field: string]: unknown };

function recordedCall(text: string, line: number): RecordedCall | null {
  const value = parseJson(text);
  if (!isFields(value) || !isFields(value["request"]) || !Array.isArray(value["request"]["messages"]))
    return null;
  const response = responseOf(value["response"]);
  const status = value["status"];
  return {
    line,
    id: textOrNull(value["id"]),
    session: textOrNull(value["session"]),
    // The provider and the gateway check the rest where they read it.
    request: value["request"] as ChatRequest,
    response,
    status: typeof status === "number" ? status : response === null ? 500 : 200,
    error: value["error"] ?? null,
  };
}

// Also a whole completion body, with choices.
function responseOf(value: unknown): ChatResponse | null {
  if (!isFields(value)) return null;
  const { choices, ...rest } = value;
  const answer: Fields = Array.isArray(choices) && isFields(choices[0]) ? { ...rest, ...choices[0] } : value;
  const { message, finish_reason } = answer;
  if (!isFields(message)) return null;
  const response = {
    ...answer,
    message,
    finish_reason: typeof finish_reason === "string" ? finish_reason : null,
  };
  try {
    answerOf(response.message as ChatResponse["message"]);
  } catch {
    return null;
  }
  return response as ChatResponse;
}

async function* linesOf(path: string): AsyncGenerator<string, void> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (): string => {
    const text = size > MAX_RECORDED_LINE_BYTES ? "" : Buffer.concat(parts).toString("utf8");
    parts = [];
    size = 0;
    return text;
  };
  const hold = (bytes: Buffer): void => {
    size += bytes.length;
    if (size <= MAX_RECORDED_LINE_BYTES) parts.push(bytes);
  };
  for await (const chunk of await bytesOf(path)) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      hold(chunk.subarray(from, at));
      yield take();
      from = at + 1;
    }
    hold(chunk.subarray(from));
  }
  if (size > 0) yield take();
}

// gzip is told by its first bytes, not by the name.
async function bytesOf(path: string): Promise<AsyncIterable<Buffer>> {
  const file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  await file.close();
  const stream = createReadStream(path);
  if (bytesRead < 2 || buffer[0] !== 0x1f || buffer[1] !== 0x8b) return stream;
  const gunzip = createGunzip();
  stream.on("error", (error) => gunzip.destroy(error));
  return stream.pipe(gunzip);
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
