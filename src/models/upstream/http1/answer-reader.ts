import { framingOf, isKept, readHead, type AnswerHead } from "./answer-head.ts";

/** Told what an answer says, as it comes. */
export type AnswerTaker = {
  head(status: number, headers: { readonly [name: string]: string }): void;
  data(bytes: Buffer): void;
};

/** What the bytes so far come to: more must come, the answer is whole, or it is none. */
export type Reading =
  | { readonly kind: "more" }
  /** `isClean`: the connection may be used again. */
  | { readonly kind: "whole"; readonly isClean: boolean }
  | { readonly kind: "broken"; readonly why: string };

/** Of one line with a chunk's size and its extensions. */
const MAX_SIZE_LINE_BYTES = 4096;
/** Hex digits of a chunk's size, up to 2^48, and its extensions. */
const SIZE =
  /^([\da-f]{1,12})(?:;[!#$%&'*+.^_`|~\w-]+(?:=(?:[!#$%&'*+.^_`|~\w-]+|"[\t\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*$/i;

const CR = 0x0d;
const LF = 0x0a;
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const EMPTY = Buffer.alloc(0);
const MORE: Reading = { kind: "more" };

type State = "head" | "length" | "size" | "chunk" | "chunk-end" | "trailers" | "close" | "over";

/**
 * Reads one answer to a GET or POST from bytes cut anywhere. Strict: what is not by the letter of RFC 9112 is broken, and nothing of a
 * connection is read after it. The body is handed on as it lies in the bytes that came, not copied.
 */
export class AnswerReader {
  readonly #taker: AnswerTaker;
  readonly #maxHeadBytes: number;
  #state: State = "head";
  /** The beginning of a head or of a line that is not whole yet. */
  #rest: Buffer = EMPTY;
  /** Of heads and trailers. */
  #headBytes = 0;
  /** Of the body or the chunk. */
  #left = 0;
  #mayKeep = false;

  constructor(taker: AnswerTaker, maxHeadBytes: number) {
    this.#taker = taker;
    this.#maxHeadBytes = maxHeadBytes;
  }

  push(bytes: Buffer): Reading {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case "head":
        case "size":
        case "trailers": {
          const step = this.#takeText(bytes, at);
          if (typeof step !== "number") return step;
          at = step;
          break;
        }
        case "length":
        case "chunk":
        case "close":
          at = this.#takeBody(bytes, at);
          break;
        case "chunk-end":
          if (bytes[at] !== (this.#left === 2 ? CR : LF)) return broken("a chunk is longer than it says");
          this.#left -= 1;
          at += 1;
          if (this.#left === 0) this.#state = "size";
          break;
        default:
      }
      if (this.#state === "over") return { kind: "whole", isClean: this.#mayKeep && at === bytes.length };
    }
    return MORE;
  }

  /** The connection has ended. */
  finish(): Reading {
    if (this.#state === "close") return { kind: "whole", isClean: false };
    return broken("other side closed");
  }

  /** A head, a line with a size, or trailers: where what follows begins, or what came of it. */
  #takeText(bytes: Buffer, from: number): number | Reading {
    const before = this.#rest;
    const all = before.length === 0 ? bytes.subarray(from) : Buffer.concat([before, bytes.subarray(from)]);
    const end = this.#endOfText(all, before.length);
    const most = this.#state === "size" ? MAX_SIZE_LINE_BYTES : this.#maxHeadBytes - this.#headBytes;
    if ((end < 0 ? all.length : end) > most) return broken("its head is too long");
    if (end < 0) {
      // Not a view: what is looked through again and again must not hold all that it came with.
      this.#rest = before.length === 0 ? Buffer.from(all) : all;
      return MORE;
    }
    this.#rest = EMPTY;
    const wrong = this.#readText(all, end);
    return wrong === null ? from + end - before.length : broken(wrong);
  }

  /** One past the end of what is looked for; -1 when it is not there yet. */
  #endOfText(all: Buffer, known: number): number {
    if (this.#state === "size") {
      const end = all.indexOf(LF, known);
      return end < 0 ? -1 : end + 1;
    }
    if (this.#state === "trailers" && all[0] === CR && all[1] === LF) return 2;
    const end = all.indexOf(END_OF_HEAD, Math.max(0, known - 3));
    return end < 0 ? -1 : end + END_OF_HEAD.length;
  }

  /** Null, or what is wrong. */
  #readText(all: Buffer, end: number): string | null {
    if (this.#state === "size") return this.#readSize(all.toString("latin1", 0, end));
    this.#headBytes += end;
    if (this.#state === "head") return this.#readHead(all.toString("latin1", 0, end - END_OF_HEAD.length));
    this.#state = "over";
    if (end === 2) return null;
    // Nobody asked for trailers: read as headers are, and left out.
    const lines = readHead(`HTTP/1.1 200 OK\r\n${all.toString("latin1", 0, end - END_OF_HEAD.length)}`);
    if (typeof lines === "string") return lines;
    const { "content-length": length, "transfer-encoding": coding } = lines.headers;
    return length === undefined && coding === undefined ? null : "its trailers say how it ends";
  }

  #readHead(text: string): string | null {
    const head = readHead(text);
    if (typeof head === "string") return head;
    if (head.status < 200) return head.status === 101 ? "it changes the protocol unasked" : null;
    const framing = framingOf(head);
    if (typeof framing === "string") return framing;
    this.#begin(head, framing);
    return null;
  }

  #begin(head: AnswerHead, framing: Exclude<ReturnType<typeof framingOf>, string>): void {
    this.#mayKeep = framing.kind !== "close" && isKept(head);
    if (framing.kind === "length") this.#left = framing.bytes;
    this.#state = STATES[framing.kind];
    this.#taker.head(head.status, head.headers);
  }

  #readSize(line: string): string | null {
    const size = line.endsWith("\r\n") ? SIZE.exec(line.slice(0, -2)) : null;
    if (size === null) return "the size of a chunk is no number";
    this.#left = Number.parseInt(size[1], 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk";
    return null;
  }

  #takeBody(bytes: Buffer, from: number): number {
    const end = this.#state === "close" ? bytes.length : Math.min(bytes.length, from + this.#left);
    if (this.#state !== "close") {
      this.#left -= end - from;
      if (this.#left === 0 && this.#state === "length") this.#state = "over";
      else if (this.#left === 0) {
        this.#state = "chunk-end";
        this.#left = 2;
      }
    }
    this.#taker.data(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    return end;
  }
}

const STATES = { none: "over", length: "length", chunks: "size", close: "close" } as const;

function broken(why: string): Reading {
  return { kind: "broken", why };
}
