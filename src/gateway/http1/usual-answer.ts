import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { HEADER_NAME, UNFIT_IN_HEADER } from "../../models/index.ts";
import type { Answer } from "../exchange.ts";
import { MAX_TEXT_BYTES, textOf } from "../latin1.ts";

const LAST_CHUNK = "0\r\n\r\n";
const EMPTY = new Uint8Array();

/** Whose connection an answer goes out on. */
export type AnswerOwner = {
  readonly socket: Socket;
  /** Seconds for which a connection without a question is kept, as clients are told. */
  readonly keepAliveS: number;
  /** No more is asked on this connection. */
  readonly isClosing: boolean;
  /** The answer is whole and has gone out. `isLast`: the client was told that the connection ends. */
  answered(isLast: boolean): void;
};

/** The answer to a usual request: of HTTP/1.1, to a POST. The same bytes as node:http sends, in fewer pieces. */
export class UsualAnswer implements Answer {
  /** Pieces are framed here. */
  chunkedEncoding = false;
  readonly #owner: AnswerOwner;
  readonly #socket: Socket;
  #set: string[] | null = null;
  /** Until it has gone out. */
  #head: string | null = null;
  #isWritten = false;
  #isLast: boolean;
  #hasBody = true;
  #isChunked = false;
  #isEnded = false;
  #isOver = false;
  readonly #closed: (() => void)[] = [];
  readonly #drains = new Set<() => void>();

  /** `isLast`: nothing more is asked on this connection. */
  constructor(owner: AnswerOwner, isLast: boolean) {
    this.#owner = owner;
    this.#isLast = isLast;
    this.#socket = owner.socket;
  }

  get destroyed(): boolean {
    return this.#isOver || this.#socket.destroyed;
  }

  get headersSent(): boolean {
    return this.#isWritten;
  }

  get writableLength(): number {
    return this.#isOver ? 0 : this.#socket.writableLength;
  }

  setHeader(name: string, value: string): void {
    (this.#set ??= []).push(name, value);
  }

  writeHead(status: number, headers: string[]): void {
    if (this.#isWritten) throw new Error("The head of this answer was written before");
    this.#head = this.#headText(status, headers);
    this.#isWritten = true;
  }

  flushHeaders(): void {
    const head = this.#taken();
    if (head !== "") this.#socket.write(head, "latin1");
  }

  write(piece: Uint8Array | string, _encoding?: "latin1"): boolean {
    if (this.#isOver || this.#isEnded) return false;
    // An empty piece would be the last one.
    if (piece.length === 0) return !this.#socket.writableNeedDrain;
    if (!this.#hasBody) {
      this.flushHeaders();
      return true;
    }
    if (!this.#isChunked) return this.#send(this.#taken(), piece, "");
    return this.#send(`${this.#taken()}${piece.length.toString(16)}\r\n`, piece, "\r\n");
  }

  end(piece: Uint8Array | string = EMPTY, _encoding?: "latin1"): void {
    if (this.#isOver || this.#isEnded) return;
    this.#isEnded = true;
    const head = this.#taken();
    if (piece.length === 0 || !this.#hasBody) this.#send(head, EMPTY, this.#isChunked ? LAST_CHUNK : "");
    else if (this.#isChunked)
      this.#send(`${head}${piece.length.toString(16)}\r\n`, piece, `\r\n${LAST_CHUNK}`);
    else this.#send(head, piece, "");
    // What the system has not taken at once is written when this is: pieces go out in order.
    if (this.#socket.writableLength === 0) this.#finish();
    else this.#socket.write(EMPTY, () => this.#finish());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  once(event: "drain", listener: () => void): void {
    const drained = (): void => {
      this.#drains.delete(drained);
      listener();
    };
    this.#drains.add(drained);
    this.#socket.once(event, drained);
  }

  on(_event: "close", listener: () => void): void {
    this.#closed.push(listener);
  }

  /** The connection is gone. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // The next answer on this connection is not theirs.
    for (const listener of this.#drains) this.#socket.off("drain", listener);
    for (const listener of this.#closed) listener();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.close();
    this.#owner.answered(this.#isLast);
  }

  #taken(): string {
    if (!this.#isWritten) throw new Error("This answer has no head");
    const head = this.#head ?? "";
    this.#head = null;
    return head;
  }

  /** `before` and `after` are characters that each stand for a byte. */
  #send(before: string, piece: Uint8Array | string, after: string): boolean {
    const socket = this.#socket;
    if (typeof piece === "string") return socket.write(before + piece + after, "latin1");
    if (piece.length === 0) return before + after === "" || socket.write(before + after, "latin1");
    if (piece.length <= MAX_TEXT_BYTES) return socket.write(before + textOf(piece) + after, "latin1");
    socket.cork();
    if (before !== "") socket.write(before, "latin1");
    let takes = socket.write(piece);
    if (after !== "") takes = socket.write(after, "latin1");
    socket.uncork();
    return takes;
  }

  #headText(status: number, headers: readonly string[]): string {
    if (status < 200 || status > 999) throw new Error(`Cannot send the status ${status}`);
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`;
    let hasDate = false;
    let hasLength = false;
    let connection: string | null = null;
    const all = this.#set === null ? headers : [...this.#set, ...headers];
    for (let at = 0; at + 1 < all.length; at += 2) {
      const name = all[at];
      const value = all[at + 1];
      if (!HEADER_NAME.test(name) || UNFIT_IN_HEADER.test(value))
        throw new Error(`Cannot send the header ${name}`);
      text += `${name}: ${value}\r\n`;
      const lower = name.toLowerCase();
      if (lower === "date") hasDate = true;
      else if (lower === "content-length") hasLength = true;
      else if (lower === "connection") connection = value.toLowerCase();
      // How the pieces are framed is said here alone.
      else if (lower === "transfer-encoding") throw new Error(`Cannot send the header ${name}`);
    }
    if (!hasDate) text += `Date: ${dateNow()}\r\n`;
    this.#isLast = this.#isLast || connection === "close" || this.#owner.isClosing;
    if (connection === null && this.#isLast) text += "Connection: close\r\n";
    else if (connection === null)
      text += `Connection: keep-alive\r\nKeep-Alive: timeout=${this.#owner.keepAliveS}\r\n`;
    this.#hasBody = status !== 204 && status !== 304;
    this.#isChunked = this.#hasBody && !hasLength;
    return this.#isChunked ? `${text}Transfer-Encoding: chunked\r\n\r\n` : `${text}\r\n`;
  }
}

let second = 0;
let date = "";

/** As HTTP writes it, which is to the second. */
function dateNow(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}
