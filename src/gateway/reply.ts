import { ERROR_CODES, type ErrorCode } from "../core/index.ts";
import { NOT_KEPT, SECURITY_HEADERS } from "./secure-headers.ts";
import type { Answer } from "./exchange.ts";

export type ErrorBody = {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string;
};

/** A JSON reply, whole. Does nothing when the client is gone. */
export function replyJson(response: Answer, status: number, body: unknown): void {
  replyText(response, status, "application/json", JSON.stringify(body));
}

/** A reply of ours, whole. Does nothing when the client is gone. */
export function replyText(response: Answer, status: number, type: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(text);
  const length = String(bytes.length);
  response.writeHead(status, [
    "content-type",
    type,
    "content-length",
    length,
    ...SECURITY_HEADERS,
    ...NOT_KEPT,
  ]);
  response.end(bytes);
}

/** An error before any protocol is known, in the form of OpenAI's: official clients read type, code and message from it. */
export function replyError(response: Answer, status: number, error: ErrorBody): void {
  replyJson(response, status, { error });
}

export function errorBody(code: ErrorCode, message: string, param: string | null = null): ErrorBody {
  const type = ERROR_CODES[code].status < 500 ? "invalid_request_error" : "server_error";
  return { message, type, param, code: code.replaceAll("-", "_") };
}
