import type { CallDecision, Client, NotHeld } from "../call.ts";
import { ERROR_CODES, NOWHERE, type ErrorCode, type Member } from "../core/index.ts";
import { MAX_TEXT_BYTES, textOf } from "./latin1.ts";
import { NOT_KEPT, SECURITY_HEADERS } from "./secure-headers.ts";
import { passedBack, type Protocol } from "../models/index.ts";
import type { Answer } from "./exchange.ts";

/** A client that takes nothing for so long is gone in all but name; its call, its upstream and their memory are freed. */
const CLIENT_STALL_MS = 60_000;

/** One client of one call: takes the answer in pieces, holds its upstream back when it is slow, and lets it go when it leaves. */
export class HttpClient implements Client, Member {
  place = NOWHERE;
  readonly #response: Answer;
  readonly #protocol: Protocol;
  readonly #callId: string;
  #exchange: Decided | null = null;
  #own: readonly string[] = [];
  #isStream = false;
  /** The pieces of a stream are framed here: Node writes four times for each. */
  #framesItself = false;
  #isEnded = false;
  #stall: NodeJS.Timeout | null = null;

  constructor(response: Answer, protocol: Protocol, callId: string) {
    this.#response = response;
    this.#protocol = protocol;
    this.#callId = callId;
    response.on("close", () => {
      this.#clearStall();
      if (!this.#isEnded) this.leave();
    });
  }

  /** As if the client had gone. */
  leave(): void {
    this.#exchange?.cancel();
  }

  decided(decision: CallDecision, exchange: Decided): void {
    this.#exchange = exchange;
    const { servedBy, reason, taskId, score } = decision;
    const own = [
      "x-understudy-call",
      this.#callId,
      "x-understudy-served-by",
      servedBy,
      "x-understudy-reason",
      reason,
    ];
    if (taskId !== null) own.push("x-understudy-task", encodeURIComponent(taskId));
    if (score !== null) own.push("x-understudy-score", score.toFixed(6));
    this.#own = own;
    if (this.#response.destroyed) this.leave();
  }

  unrecorded(): void {
    this.#own = [...this.#own, "x-understudy-recorded", "no"];
  }

  head(status: number, headers: { readonly [name: string]: string }, isStream: boolean): void {
    this.#isStream = isStream;
    if (this.#response.destroyed) return;
    const sent = passedBack(headers);
    // Known only of what passes untouched, else the provider's would not be among them.
    if (headers["content-length"] !== undefined && !isStream)
      sent.push("content-length", headers["content-length"]);
    this.#writeHead(status, sent);
    if (!isStream) return;
    // The client knows at once that it has begun.
    this.#response.flushHeaders();
    // False for a client of HTTP/1.0, whose answer ends with its connection.
    this.#framesItself = this.#response.chunkedEncoding;
    if (this.#framesItself) this.#response.chunkedEncoding = false;
  }

  data(bytes: Uint8Array): boolean {
    if (this.#response.destroyed || this.#write(bytes)) return true;
    this.#startStall();
    return false;
  }

  whole(status: number, headers: { readonly [name: string]: string }, pieces: readonly Uint8Array[]): void {
    this.#isEnded = true;
    if (this.#response.destroyed) return;
    const sent = passedBack(headers);
    const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    if (status !== 204 && status !== 304) sent.push("content-length", String(body.length));
    this.#writeHead(status, sent);
    this.#endWith(body);
  }

  end(): void {
    this.#isEnded = true;
    if (!this.#response.destroyed) this.#endWith(null);
  }

  refuse({ code, message, retryAfterS }: NotHeld): void {
    this.#isEnded = true;
    replyIn(this.#response, this.#protocol, { code, message, retryAfterS });
  }

  fail(code: ErrorCode, message: string): void {
    this.#isEnded = true;
    const response = this.#response;
    if (response.destroyed) return;
    if (!response.headersSent) replyIn(response, this.#protocol, { code, message }, this.#own);
    // A stream that has begun: the error is its last event.
    else if (this.#isStream) this.#endWith(this.#protocol.streamError(code, message));
    // Its length was promised: only a broken connection says that it is not whole.
    else response.destroy();
  }

  #write(bytes: Uint8Array): boolean {
    const response = this.#response;
    if (!this.#framesItself) return response.write(bytes);
    // An empty piece would be the last one.
    if (bytes.length === 0) return true;
    const size = `${bytes.length.toString(16)}\r\n`;
    if (bytes.length <= MAX_TEXT_BYTES) return response.write(`${size}${textOf(bytes)}\r\n`, "latin1");
    response.write(size, "latin1");
    response.write(bytes);
    return response.write("\r\n", "latin1");
  }

  #endWith(body: Uint8Array | null): void {
    const response = this.#response;
    if (this.#framesItself) {
      if (body !== null) this.#write(body);
      response.end("0\r\n\r\n", "latin1");
    } else if (body === null || body.length === 0) {
      response.end();
    } else if (body.length <= MAX_TEXT_BYTES) {
      response.end(textOf(body), "latin1");
    } else {
      response.end(body);
    }
    if (response.writableLength > 0) this.#startStall();
  }

  #writeHead(status: number, headers: string[]): void {
    for (const part of this.#own) headers.push(part);
    const lost = this.#exchange?.lost ?? [];
    if (lost.length > 0) headers.push("x-understudy-lost", lostText(lost));
    for (const part of SECURITY_HEADERS) headers.push(part);
    if (!headers.includes("cache-control")) headers.push(...NOT_KEPT);
    try {
      this.#response.writeHead(status, headers);
    } catch {
      // A value that HTTP cannot carry: the provider's answer is still worth having.
      this.#response.writeHead(status, sendable(headers));
    }
  }

  #startStall(): void {
    if (this.#stall !== null) return;
    this.#stall = setTimeout(() => this.#response.destroy(), CLIENT_STALL_MS);
    this.#response.once("drain", () => {
      this.#clearStall();
      this.#exchange?.resume();
    });
  }

  #clearStall(): void {
    if (this.#stall === null) return;
    clearTimeout(this.#stall);
    this.#stall = null;
  }
}

type Decided = Parameters<Client["decided"]>[1];

/** Names of fields are the client's own, of any number and length: so much of them is said. */
const MAX_LOST_NAMES = 20;
const MAX_LOST_NAME_CHARS = 60;

function lostText(lost: readonly string[]): string {
  const names = lost
    .slice(0, MAX_LOST_NAMES)
    .map((name) => name.slice(0, MAX_LOST_NAME_CHARS).replaceAll(/[^\w. -]/g, "_"));
  return [...names, ...(lost.length > MAX_LOST_NAMES ? ["..."] : [])].join(", ");
}

const UNSENDABLE = /[^\t\u0020-\u007e\u0080-\u00ff]/;

function sendable(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (!UNSENDABLE.test(headers[at + 1])) kept.push(headers[at], headers[at + 1]);
  }
  return kept;
}

const SECURED = [...SECURITY_HEADERS, ...NOT_KEPT];

/** An error of the house in a protocol's form, with its own status. Does nothing when the client is gone. */
export function replyIn(
  response: Answer,
  protocol: Protocol,
  { code, message, retryAfterS, param }: NotHeld & { readonly param?: string | null },
  own: readonly string[] = [],
): void {
  if (response.headersSent || response.destroyed) return;
  const { status, body } = protocol.writeError(code, message, param ?? null);
  const bytes = Buffer.from(JSON.stringify(body));
  const length = String(bytes.length);
  const headers = ["content-type", "application/json", "content-length", length, ...own, ...SECURED];
  const waitS = retryAfterS ?? (ERROR_CODES[code].retryable ? 1 : null);
  if (waitS !== null) headers.push("retry-after", String(waitS));
  response.writeHead(status, headers);
  response.end(bytes);
}
