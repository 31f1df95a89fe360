import { headerValue, NAME, UNFIT_IN_VALUE } from "./header-text.ts";

/** The head of an answer as it was read. */
export type AnswerHead = {
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minor: number;
  readonly status: number;
  /** Names in lower case; the values of a name that comes twice are joined. */
  readonly headers: { readonly [name: string]: string };
};

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/** Names that were seen and found fit, with their lower case: providers use a few dozen. */
const known = new Map<string, string>();
const MAX_KNOWN = 500;

/**
 * Reads a head: its lines, each ended by CR LF, without the empty one at the end. A text with what is wrong with it; RFC 9112 is
 * taken by its letter, since what two readers of one answer take for its end must be the same.
 */
export function readHead(text: string): AnswerHead | string {
  const firstEnd = text.indexOf("\r\n");
  const line = STATUS_LINE.exec(firstEnd < 0 ? text : text.slice(0, firstEnd));
  if (line === null) return "its status line is none";
  const headers: { [name: string]: string } = {};
  for (let at = firstEnd < 0 ? text.length : firstEnd + 2; at < text.length;) {
    let end = text.indexOf("\r\n", at);
    if (end < 0) end = text.length;
    const colon = text.indexOf(":", at);
    if (colon < 0 || colon >= end) return "a line of its head has no name";
    const name = nameOf(text.slice(at, colon));
    if (name === null) return "a name in its head is none";
    const value = headerValue(text, colon + 1, end);
    if (UNFIT_IN_VALUE.test(value)) return `its header ${name} has a character that none may have`;
    const before: unknown = headers[name];
    // What an object has by birth is no header.
    if (typeof before !== "string") headers[name] = value;
    else if (name === "content-length") return "it says its length twice";
    else headers[name] = `${before}, ${value}`;
    at = end + 2;
  }
  return { minor: Number(line[1]), status: Number(line[2]), headers };
}

function nameOf(text: string): string | null {
  const name = known.get(text);
  if (name !== undefined) return name;
  if (!NAME.test(text)) return null;
  const lower = text.toLowerCase();
  if (known.size < MAX_KNOWN) known.set(text, lower);
  return lower;
}

/** How the end of an answer's body is known. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunks" }
  /** The end of the connection. */
  | { readonly kind: "close" };

const NONE: Framing = { kind: "none" };
const CHUNKS: Framing = { kind: "chunks" };
const CLOSE: Framing = { kind: "close" };
const DIGITS = /^\d{1,15}$/;

/** How a body after this head ends (RFC 9112, section 6.3); a text with what is wrong. Of an answer to GET or POST that is not 1xx. */
export function framingOf({ status, minor, headers }: AnswerHead): Framing | string {
  const { "transfer-encoding": coding, "content-length": length } = headers;
  if (coding !== undefined) {
    if (length !== undefined) return "it says a length and sends chunks";
    if (minor === 0 || coding.toLowerCase() !== "chunked") return "its transfer-encoding is not known";
  }
  if (length !== undefined && !DIGITS.test(length)) return "its length is no number";
  if (status === 204 || status === 304) return NONE;
  if (coding !== undefined) return CHUNKS;
  if (length === undefined) return CLOSE;
  return length === "0" ? NONE : { kind: "length", bytes: Number(length) };
}

const CLOSES = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
const KEEPS = /(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/i;

/** Whether the connection may be used again after an answer with this head. */
export function isKept({ minor, headers: { connection } }: AnswerHead): boolean {
  if (connection === undefined) return minor === 1;
  return !CLOSES.test(connection) && (minor === 1 || KEEPS.test(connection));
}
