import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Answer, Asked, BodyTaker } from "../exchange.ts";
import { readUsualHead, type RequestHead } from "./request-head.ts";
import { UsualAnswer, type AnswerOwner } from "./usual-answer.ts";

/** What the lines of a server have in common. */
export type LineHouse = {
  readonly maxHeadBytes: number;
  readonly keepAliveS: number;
  readonly isClosing: boolean;
  /** Whether requests to this address are served here. */
  readonly isServed: (url: string) => boolean;
  readonly take: (request: Asked, answer: Answer) => void;
  /** All that comes from now on, these bytes first, is another's. The line is over. */
  readonly giveAway: (line: Line, bytes: Buffer) => void;
  readonly closed: (line: Line) => void;
};

const EMPTY = Buffer.alloc(0);
/** Of what is asked before its turn. Nobody pipelines calls to a model; who does is read on when it is. */
const MAX_REST_BYTES = 16 * 1024;
const CR = 0x0d;
const LF = 0x0a;

/**
 * One connection as long as all that comes on it are usual requests: one after the other, each answered before the next is read. The first that is
 * anything else goes to node:http, and the connection with it.
 */
export class Line implements AnswerOwner {
  readonly socket: Socket;
  readonly #house: LineHouse;
  #request: UsualRequest | null = null;
  #answer: UsualAnswer | null = null;
  /** What came after the request that is being answered. */
  #rest: Buffer = EMPTY;
  /** When it was made, when the last answer had gone out, or when the request began. Of a clock that never goes back. */
  sinceMs: number;
  #hasAnswered = false;
  /** What is kept of the next request is about to be read. */
  #isNextDue = false;
  /** Nothing more is read as a request. */
  #isOver = false;
  readonly #onData = (bytes: Buffer): void => this.#come(bytes);
  readonly #onEnd = (): void => this.#end();
  readonly #onClose = (): void => this.#close();

  constructor(socket: Socket, house: LineHouse) {
    this.socket = socket;
    this.#house = house;
    this.sinceMs = performance.now();
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    // What failed is told by its close.
    socket.on("error", nothing);
    socket.on("close", this.#onClose);
  }

  get keepAliveS(): number {
    return this.#house.keepAliveS;
  }

  get isClosing(): boolean {
    return this.#house.isClosing;
  }

  /** What a client may take its time for: its first request, the next one, or the body of one. Null while it waits for us. */
  get awaits(): "first" | "next" | "body" | null {
    if (this.#request !== null) return this.#request.isWhole ? null : "body";
    return this.#hasAnswered ? "next" : "first";
  }

  /** The client took too long: it is told (RFC 9110, section 15.5.9) where it waits for an answer and nothing else was said. */
  cutOff(): void {
    if (this.#isOver) {
      this.socket.destroy();
      return;
    }
    this.#isOver = true;
    const isTold = this.awaits === "next" || (this.#request !== null && this.#answer?.headersSent !== false);
    if (!isTold) this.socket.write("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n", "latin1");
    this.socket.destroySoon();
  }

  /** Of the body: the next piece may come. */
  resume(): void {
    this.socket.resume();
  }

  /** Of the body: no more for now. */
  pause(): void {
    this.socket.pause();
  }

  answered(isLast: boolean): void {
    const request = this.#request;
    this.#answer = null;
    if (isLast || this.#house.isClosing) {
      this.#isOver = true;
      this.socket.destroySoon();
    } else if (request?.isWhole === true) {
      this.#next();
    } else if (request?.isTaken === false) {
      // The rest of a body that nobody waits for.
      request.receive(NOBODY);
    }
  }

  /** The body of the request has come whole. */
  whole(): void {
    if (this.#answer === null && this.#request !== null && !this.#isOver) this.#next();
  }

  #come(bytes: Buffer): void {
    if (this.#request !== null) this.#request.push(bytes);
    else if (this.#isNextDue) this.keep(bytes);
    else if (!this.#isOver) this.#begin(bytes);
  }

  /** Asked before the answer to what came before: read when that has gone out. A client that leaves is seen as long as it is read on. */
  keep(rest: Buffer): void {
    this.#rest = this.#rest.length === 0 ? rest : Buffer.concat([this.#rest, rest]);
    if (this.#rest.length > MAX_REST_BYTES) this.pause();
  }

  #begin(came: Buffer): void {
    const house = this.#house;
    const bytes = this.#hasAnswered ? withoutEmptyLines(came) : came;
    if (bytes.length === 0) return;
    const head = readUsualHead(bytes, house.maxHeadBytes);
    if (head === null || !house.isServed(head.url)) {
      this.#letGo();
      house.giveAway(this, bytes);
      return;
    }
    this.sinceMs = performance.now();
    const request = new UsualRequest(head, this);
    const answer = new UsualAnswer(this, head.isLast);
    this.#request = request;
    this.#answer = answer;
    request.push(head.end === bytes.length ? EMPTY : bytes.subarray(head.end));
    house.take(request, answer);
  }

  #next(): void {
    this.#request = null;
    this.#hasAnswered = true;
    this.sinceMs = performance.now();
    if (this.#rest.length === 0) return;
    this.#isNextDue = true;
    // Not at once: a thousand requests in one piece would be a thousand calls deep.
    setImmediate(() => {
      this.#isNextDue = false;
      if (this.#isOver || this.socket.destroyed) return;
      const rest = this.#rest;
      this.#rest = EMPTY;
      this.resume();
      this.#begin(rest);
    });
  }

  #letGo(): void {
    const { socket } = this;
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("error", nothing);
    socket.off("close", this.#onClose);
  }

  /** A client that closes its side does not wait for an answer: so node:http has it, too. */
  #end(): void {
    this.#isOver = true;
    this.socket.destroySoon();
  }

  #close(): void {
    this.#house.closed(this);
    this.#request?.gone();
    this.#answer?.close();
  }
}

const nothing = (): void => {};

/** Some clients end a body with a line of its own; it belongs to no request (RFC 9112, section 2.2). */
function withoutEmptyLines(bytes: Buffer): Buffer {
  let from = 0;
  while (bytes[from] === CR && bytes[from + 1] === LF) from += 2;
  return from === 0 ? bytes : bytes.subarray(from);
}
const NOBODY: BodyTaker = { data: nothing, end: nothing, gone: nothing };

/** A request of known length. Until its body is asked for, no more of it is read than came with the head. */
class UsualRequest implements Asked {
  readonly method = "POST";
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly #line: Line;
  #left: number;
  #held: Buffer = EMPTY;
  #taker: BodyTaker | null = null;
  #isTold = false;

  constructor({ url, headers, length }: RequestHead, line: Line) {
    this.url = url;
    this.headers = headers;
    this.#left = length;
    this.#line = line;
  }

  get isWhole(): boolean {
    return this.#left === 0;
  }

  get isTaken(): boolean {
    return this.#taker !== null;
  }

  receive(taker: BodyTaker): void {
    this.#taker = taker;
    const held = this.#held;
    this.#held = EMPTY;
    if (held.length > 0) taker.data(held);
    if (this.isWhole) this.#tellEnd();
    else this.#line.resume();
  }

  /** What came on the connection: of this body, then of what is asked next. */
  push(bytes: Buffer): void {
    const isAll = bytes.length <= this.#left;
    const piece = isAll ? bytes : bytes.subarray(0, this.#left);
    if (!isAll) this.#line.keep(bytes.subarray(piece.length));
    const wasWhole = this.isWhole;
    this.#left -= piece.length;
    if (this.#taker === null) {
      if (piece.length > 0) this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
      if (!this.isWhole) this.#line.pause();
    } else {
      if (piece.length > 0) this.#taker.data(piece);
      if (this.isWhole && !wasWhole) this.#tellEnd();
    }
  }

  gone(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#taker?.gone();
  }

  #tellEnd(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#taker?.end();
    this.#line.whole();
  }
}
