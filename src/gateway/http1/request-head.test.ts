import { createServer } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readUsualHead } from "./request-head.ts";

const MAX_BYTES = 4000;
const read = (text: string) => readUsualHead(Buffer.from(text, "latin1"), MAX_BYTES);

const HEAD = [
  "POST /v1/chat/completions?api-version=2024-10-21 HTTP/1.1",
  "Host: localhost:4141",
  "Content-Type: application/json",
  "content-length: 2",
  "Connection: keep-alive",
  "X-Stainless-Arch: \t x64 ",
  "x-empty:",
  "x-latin: caf\u00e9\u00a0",
];
const TEXT = `${HEAD.join("\r\n")}\r\n\r\n{}`;
const without = (start: string): string => TEXT.replace(new RegExp(`${start}[^\\r]*\\r\\n`), "");
const withLine = (...lines: string[]): string =>
  TEXT.replace("x-empty:\r\n", () => lines.map((line) => `${line}\r\n`).join(""));

describe("readUsualHead", () => {
  test("reads what every client sends", () => {
    expect(read(TEXT)).toEqual({
      url: "/v1/chat/completions?api-version=2024-10-21",
      headers: {
        host: "localhost:4141",
        "content-type": "application/json",
        "content-length": "2",
        connection: "keep-alive",
        "x-stainless-arch": "x64",
        "x-empty": "",
        "x-latin": "caf\u00e9\u00a0",
      },
      length: 2,
      end: TEXT.length - 2,
      isLast: false,
    });
  });

  test("tells that nothing more is asked", () => {
    expect(read(TEXT.replace("keep-alive", "close"))).toMatchObject({ isLast: true });
  });

  test("nothing before it is whole", () => {
    for (let end = 0; end < TEXT.length - 2; end += 1) expect(read(TEXT.slice(0, end))).toBeNull();
  });

  test.each([
    ["another method", TEXT.replace("POST", "GET")],
    ["a method in small letters", TEXT.replace("POST", "post")],
    ["HTTP/1.0", TEXT.replace("HTTP/1.1", "HTTP/1.0")],
    ["two spaces", TEXT.replace("POST ", "POST  ")],
    ["a space in the address", TEXT.replace("?", "? ")],
    ["a tab in the address", TEXT.replace("?", "?\t")],
    ["a whole address", TEXT.replace("/v1", "http://other/v1")],
    ["a fragment", TEXT.replace("?", "#")],
    ["characters of two bytes in the address", TEXT.replace("?", "?\u00e9")],
    ["an empty line first", `\r\n${TEXT}`],
    ["lines that end with LF", TEXT.replaceAll("\r\n", "\n")],
    ["a line that ends with LF", TEXT.replace("x-empty:\r\n", "x-empty:\n")],
    ["CR alone", TEXT.replace("x-empty:\r\n", "x-empty:\rcontent-length: 9\r\n")],
    ["no host", without("Host")],
    ["two hosts", withLine("host: other")],
    ["no length", without("content-length")],
    ["two lengths", withLine("Content-Length: 2")],
    ["a length with a sign", TEXT.replace("length: 2", "length: +2")],
    ["a length in hex", TEXT.replace("length: 2", "length: 0x2")],
    ["an empty length", TEXT.replace("length: 2", "length:")],
    ["a list of lengths", TEXT.replace("length: 2", "length: 2, 2")],
    ["a length that no number holds", TEXT.replace("length: 2", "length: 99999999999999999999")],
    ["chunks", withLine("transfer-encoding: chunked")],
    ["any coding", withLine("Transfer-Encoding: identity")],
    ["a name that is nearly a coding's", withLine("transfer-encoding : chunked")],
    ["a question before the body", withLine("Expect: 100-continue")],
    ["another protocol", withLine("Upgrade: h2c")],
    ["trailers", withLine("Trailer: x")],
    ["what node:http makes a list of", withLine("Set-Cookie: a=b")],
    ["the end of the connection in other letters", TEXT.replace("keep-alive", "Close")],
    ["headers of this hop", TEXT.replace("keep-alive", "keep-alive, authorization")],
    ["a name twice", withLine("x-a: 1", "X-A: 2")],
    ["a folded line", withLine("x-a: 1", " x-b: 2")],
    ["a line without a colon", withLine("x-a")],
    ["a line without a name", withLine(": a")],
    ["a space in a name", withLine("x a: 1")],
    ["a space before the colon", withLine("x-a : 1")],
    ["a name of unusual characters", withLine("x!a: 1")],
    ["a name that objects have by birth", withLine("constructor: 1")],
    ["the name of their kind", withLine("__proto__: 1")],
    ["a zero byte", withLine("x-a: a\0b")],
    ["a control character", withLine("x-a: a\u0007b")],
    ["a deletion", withLine("x-a: a\u007fb")],
    ["101 lines", withLine(...Array.from({ length: 101 }, (_, at) => `x-${at}: a`))],
    ["a head too long", withLine(`x-a: ${"a".repeat(MAX_BYTES)}`)],
  ])("leaves %s to node:http", (_, text) => {
    expect(text).not.toBe(TEXT);
    expect(read(text)).toBeNull();
  });

  test("what it reads is what node:http reads, whatever was changed", async () => {
    const bits = [
      "\r\n",
      "\n",
      "\r",
      " ",
      "\t",
      ":",
      "0",
      "2",
      "\0",
      "\u0080",
      "x-a: 1\r\n",
      "H",
      ",",
      "%",
      "chunked",
    ];
    const change = fc.record({ at: fc.nat(), drop: fc.nat(2), put: fc.constantFrom("", ...bits) });
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
        let text = TEXT;
        for (const { at, drop, put } of changes) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + put + text.slice(from + drop);
        }
        const ours = read(text);
        if (ours === null) return;
        taken += 1;
        const { url, headers, length, end } = ours;
        const body = text.slice(end, end + length);
        // node:http tells a body that has not come whole as a failure.
        if (body.length < length) return;
        expect(await readByNode(text.slice(0, end + length))).toEqual({ method: "POST", url, headers, body });
      }),
      { numRuns: 2000, seed: 11 },
    );
    expect(taken).toBeGreaterThan(200);
  });
});

/** The first request in these bytes, read by node:http; a text where it refuses it. */
function readByNode(text: string): Promise<object | string> {
  return new Promise((resolve) => {
    const server = createServer((request) => {
      const { method, url, headers } = request;
      let body = "";
      request.setEncoding("latin1");
      request.on("data", (piece: string) => (body += piece));
      request.on("end", () => resolve({ method, url, headers, body }));
    });
    server.on("clientError", (error) => resolve(error.message));
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    server.emit("connection", socket);
    socket.push(Buffer.from(text, "latin1"));
  });
}
