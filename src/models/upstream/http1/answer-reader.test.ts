import { Duplex } from "node:stream";
import { request } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerReader } from "./answer-reader.ts";

const MAX_HEAD = 2000;

/** What a reader says of these pieces, and of the connection's end when it waits for more. */
function read(pieces: readonly Buffer[]) {
  const heads: { readonly status: number; readonly headers: object }[] = [];
  const body: Buffer[] = [];
  const taker = {
    head: (status: number, headers: object) => void heads.push({ status, headers }),
    data: (bytes: Buffer) => void body.push(bytes),
  };
  const reader = new AnswerReader(taker, MAX_HEAD);
  let end: ReturnType<AnswerReader["push"]> = { kind: "more" };
  for (const piece of pieces) if (end.kind === "more") end = reader.push(piece);
  if (end.kind === "more") end = reader.finish();
  return { end, head: heads.at(-1), body: Buffer.concat(body).toString("latin1") };
}

const readText = (text: string) => read([Buffer.from(text, "latin1")]);

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKS =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b;c="d"\r\n world\r\n0\r\n';

describe("AnswerReader", () => {
  test.each<[string, string, { status: number; headers?: object; body?: string; isClean: boolean }]>([
    ["a length", LENGTH, { status: 200, body: "hello", isClean: true }],
    ["chunks", `${CHUNKS}\r\n`, { status: 200, body: "hello world", isClean: true }],
    [
      "chunks and trailers",
      `${CHUNKS}x-a: 1\r\nx-b: 2\r\n\r\n`,
      { status: 200, body: "hello world", isClean: true },
    ],
    ["nothing", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", { status: 200, body: "", isClean: true }],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n", { status: 204, body: "", isClean: true }],
    [
      "304 with the length of another",
      "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
      { status: 304, body: "", isClean: true },
    ],
    ["no reason", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", { status: 200, body: "", isClean: true }],
    [
      "the end of the connection",
      "HTTP/1.1 200 OK\r\n\r\nhello",
      { status: 200, body: "hello", isClean: false },
    ],
    [
      "answers before the answer",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${LENGTH}`,
      { status: 200, body: "hello", isClean: true },
    ],
    [
      "connection: close",
      "HTTP/1.1 200 OK\r\nConnection: x, close\r\ncontent-length: 1\r\n\r\n{",
      { status: 200, body: "{", isClean: false },
    ],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n{", { status: 200, body: "{", isClean: false }],
    [
      "HTTP/1.0 that stays",
      "HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 1\r\n\r\n{",
      { status: 200, body: "{", isClean: true },
    ],
    [
      "a name that comes twice",
      "HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: \t2 \r\nconstructor: c\r\ncontent-length: 0\r\n\r\n",
      { status: 200, headers: { "x-a": "1, 2", constructor: "c", "content-length": "0" }, isClean: true },
    ],
    [
      "what is no space in HTTP",
      "HTTP/1.1 200 OK\r\nx-a: \u00a0b\u00a0\r\ncontent-length: 0\r\n\r\n",
      { status: 200, headers: { "x-a": "\u00a0b\u00a0", "content-length": "0" }, isClean: true },
    ],
  ])("reads %s, however it is cut", (_, text, { isClean, ...expected }) => {
    const bytes = Buffer.from(text, "latin1");
    const whole = read([bytes]);
    expect(whole.end).toEqual({ kind: "whole", isClean });
    expect({ ...whole.head, body: whole.body }).toMatchObject(expected);
    for (let at = 1; at < bytes.length; at += 1)
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    expect(read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test("does not use a connection again that has more than the answer on it", () => {
    expect(readText(`${LENGTH}HTTP/1.1 200 OK\r\n`)).toMatchObject({
      end: { kind: "whole", isClean: false },
      body: "hello",
    });
  });

  const head = (...lines: string[]): string => `HTTP/1.1 200 OK\r\n${lines.join("\r\n")}\r\n\r\n`;
  const sized = (size: string, rest = "hello\r\n0\r\n\r\n"): string =>
    `${head("transfer-encoding: chunked")}${size}\r\n${rest}`;
  test.each<[string, string]>([
    ["lines that end with LF", "HTTP/1.1 200 OK\ncontent-length: 5\n\nhello"],
    ["a line that ends with LF among others", "HTTP/1.1 200 OK\r\nx: a\ncontent-length: 5\r\n\r\nhello"],
    ["CR alone", head("x: a\rcontent-length: 3", "content-length: 5") + "hello"],
    ["two lengths", head("content-length: 5", "content-length: 9") + "hello"],
    ["the same length twice", head("content-length: 5", "content-length: 5") + "hello"],
    ["a list of lengths", head("content-length: 5, 5") + "hello"],
    ["a length with a sign", head("content-length: +5") + "hello"],
    ["a length below nothing", head("content-length: -1") + "hello"],
    ["a length in hex", head("content-length: 0x5") + "hello"],
    ["a length that no number holds", head("content-length: 99999999999999999999") + "hello"],
    ["an empty length", head("content-length:") + "hello"],
    ["a length and chunks", head("content-length: 5", "transfer-encoding: chunked") + "0\r\n\r\n"],
    ["another coding", head("transfer-encoding: gzip") + "hello"],
    ["two codings", head("transfer-encoding: gzip, chunked") + "0\r\n\r\n"],
    ["chunks twice", head("transfer-encoding: chunked", "transfer-encoding: chunked") + "0\r\n\r\n"],
    ["nearly chunks", head("transfer-encoding: xchunked") + "0\r\n\r\n"],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a space before the colon", head("content-length : 5") + "hello"],
    ["a folded line", head("x: a", " content-length: 9", "content-length: 5") + "hello"],
    ["a line without a name", head(": a") + "hello"],
    ["a line without a colon", head("content-length 5") + "hello"],
    ["a name that is none", head("x y: a") + "hello"],
    ["a zero byte", head("x: a\0b", "content-length: 5") + "hello"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
    ["another version", "HTTP/2.0 200 OK\r\n\r\n"],
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["a switch of protocols", "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n"],
    ["an empty line first", `\r\n${LENGTH}`],
    ["a head too long", head(`x: ${"y".repeat(MAX_HEAD)}`)],
    ["answers before the answer without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100) + LENGTH],
    ["trailers too long", `${CHUNKS}x: ${"y".repeat(MAX_HEAD)}\r\n\r\n`],
    ["a trailer that is none", `${CHUNKS}x y\r\n\r\n`],
    ["trailers with a length", `${CHUNKS}content-length: 5\r\n\r\n`],
    ["trailers with a coding", `${CHUNKS}transfer-encoding: chunked\r\n\r\n`],
    ["a chunk size that is none", sized("zz")],
    ["a chunk size with a sign", sized("+5")],
    ["a chunk size below nothing", sized("-1")],
    ["a chunk size with 0x", sized("0x5")],
    ["an empty chunk size", sized("")],
    ["a space before the size", sized(" 5")],
    ["a space after the size", sized("5 ")],
    ["a space in an extension", sized("5; a=b")],
    ["a chunk size that no number holds", sized("fffffffffffff")],
    ["a size line that ends with LF", `${head("transfer-encoding: chunked")}5\nhello\r\n0\r\n\r\n`],
    ["a size line too long", sized(`5;${"x".repeat(5000)}`)],
    ["a chunk longer than it says", sized("4")],
    ["a chunk shorter than it says", sized("6")],
    ["an end in the middle of the head", "HTTP/1.1 200 OK\r\ncontent-le"],
    ["an end in the middle of the body", head("content-length: 6") + "hello"],
    ["an end in the middle of a chunk", `${head("transfer-encoding: chunked")}5\r\nhel`],
    ["an end without the last chunk", `${head("transfer-encoding: chunked")}5\r\nhello\r\n`],
    ["an end before the last line", CHUNKS],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(readText(text).end.kind).toBe("broken");
  });

  test("takes for whole only what Node's own parser takes for the same", async () => {
    const bits = [
      "\r\n",
      "\n",
      "\r",
      " ",
      ":",
      "0",
      "5",
      "\0",
      "chunked",
      "content-length: 5\r\n",
      "x",
      ";",
      ",",
    ];
    const change = fc.record({ at: fc.nat(), drop: fc.nat(3), put: fc.constantFrom("", ...bits) });
    const start = fc.constantFrom(
      LENGTH,
      `${CHUNKS}\r\n`,
      `${CHUNKS}x-a: 1\r\n\r\n`,
      `HTTP/1.1 103 E\r\n\r\n${LENGTH}`,
    );
    await fc.assert(
      fc.asyncProperty(start, fc.array(change, { maxLength: 3 }), async (text, changes) => {
        let changed = text;
        for (const { at, drop, put } of changes) {
          const from = at % (changed.length + 1);
          changed = changed.slice(0, from) + put + changed.slice(from + drop);
        }
        const ours = readText(changed);
        // What comes after the answer closes the connection: another parser may say so before it tells the answer.
        if (ours.end.kind !== "whole" || !ours.end.isClean) return;
        const theirs = await readByNode(changed);
        expect(theirs).toEqual({ status: ours.head?.status, body: ours.body });
      }),
      { numRuns: 1500, seed: 7 },
    );
  });
});

/** The same bytes read by node:http; a text where it refuses them. */
function readByNode(text: string): Promise<object | string> {
  const socket = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      this.push(Buffer.from(text, "latin1"));
      this.push(null);
      done();
    },
  });
  return new Promise((resolve) => {
    const asked = request({ createConnection: () => socket, method: "POST" }, (answer) => {
      let body = "";
      answer.setEncoding("latin1");
      answer.on("data", (piece: string) => (body += piece));
      answer.on("error", (error) => resolve(error.message));
      answer.on("end", () => resolve({ status: answer.statusCode, body }));
    });
    asked.on("error", (error) => resolve(error.message));
    asked.end("{}");
  });
}
