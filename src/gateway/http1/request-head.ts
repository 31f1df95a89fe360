import type { IncomingHttpHeaders } from "node:http";
import { headerValue, UNFIT_IN_HEADER } from "../../models/index.ts";

/** The head of a usual request. */
export type RequestHead = {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Of the body, in bytes. */
  readonly length: number;
  /** Where the body begins. */
  readonly end: number;
  /** Its client asks nothing more on this connection. */
  readonly isLast: boolean;
};

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const METHOD = "POST ";
const VERSION = " HTTP/1.1";
/** Real requests have ten to forty. */
const MAX_LINES = 100;
const LENGTH = /^\d{1,15}$/;

/** A path and a query of characters that every parser takes for the same. */
const URL = /^\/[\w\-./~%?=&:@!$'()*+,;]*$/;
/** Stricter than HTTP's: a name that is written otherwise is another's to judge. */
const NAME = /^[\dA-Za-z]+(?:[-_][\dA-Za-z]+)*$/;

/** How a body is cut out, what is asked of the connection and what comes before an answer: not usual. */
const NOT_USUAL = new Set([
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  // A list in node:http, were there one or many.
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Names that were seen and found fit, with their lower case; null for those that are not usual. Clients use a few dozen. */
const known = new Map<string, string | null>();
const MAX_KNOWN = 500;
const MAX_KNOWN_CHARS = 60;

/**
 * Reads the head of a usual request (RFC 9112): a POST with a length, whole in these bytes, each name once, nothing that another reader could take
 * otherwise. Null for all else, right or wrong: node:http judges it. What is read here, node:http would read as the same.
 */
export function readUsualHead(bytes: Buffer, maxBytes: number): RequestHead | null {
  const textEnd = bytes.indexOf(END_OF_HEAD);
  if (textEnd < 0 || textEnd + END_OF_HEAD.length > maxBytes) return null;
  const text = bytes.toString("latin1", 0, textEnd);
  const lineEnd = text.indexOf("\r\n");
  if (lineEnd < 0 || !text.startsWith(METHOD)) return null;
  const urlEnd = lineEnd - VERSION.length;
  if (!text.startsWith(VERSION, urlEnd)) return null;
  const url = text.slice(METHOD.length, urlEnd);
  if (!URL.test(url)) return null;
  const headers: IncomingHttpHeaders = {};
  if (!readLines(text, lineEnd + 2, headers)) return null;
  const { host, connection, "content-length": length } = headers;
  if (host === undefined || length === undefined || !LENGTH.test(length)) return null;
  const isLast = connection === "close";
  if (connection !== undefined && !isLast && connection !== "keep-alive" && connection !== "Keep-Alive")
    return null;
  return { url, headers, length: Number(length), end: textEnd + END_OF_HEAD.length, isLast };
}

/** False when a line is not usual. */
function readLines(text: string, from: number, headers: IncomingHttpHeaders): boolean {
  let lines = 0;
  for (let at = from; at < text.length;) {
    lines += 1;
    if (lines > MAX_LINES) return false;
    let end = text.indexOf("\r\n", at);
    if (end < 0) end = text.length;
    const colon = text.indexOf(":", at);
    if (colon < 0 || colon >= end) return false;
    const name = nameOf(text.slice(at, colon));
    // What an object has by birth counts as having come before.
    if (name === null || headers[name] !== undefined) return false;
    const value = headerValue(text, colon + 1, end);
    if (UNFIT_IN_HEADER.test(value)) return false;
    headers[name] = value;
    at = end + 2;
  }
  return true;
}

function nameOf(text: string): string | null {
  const before = known.get(text);
  if (before !== undefined) return before;
  const lower = text.toLowerCase();
  const name = NAME.test(text) && !NOT_USUAL.has(lower) ? lower : null;
  // Names that somebody makes up do not keep out those that clients send.
  if (known.size >= MAX_KNOWN) known.clear();
  if (text.length <= MAX_KNOWN_CHARS) known.set(text, name);
  return name;
}
