import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { readFileSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { connect as connectTls } from "node:tls";
import { connect, type AddressInfo, type Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { askedOf, type Answer, type Asked } from "../exchange.ts";
import { openLines, type Lines } from "./lines.ts";

const TIMES = { headersMs: 10_000, requestMs: 10_000, keepAliveMs: 75_000, checkMs: 1000 };
type Serve = (request: Asked, answer: Answer) => void;
type Opened = {
  readonly port: number;
  readonly server: Server;
  readonly lines: Lines | null;
  readonly short: string[];
};

const golden = (name: string): Buffer =>
  readFileSync(resolvePath(import.meta.dirname, "../../../test/golden/tls", name));

/** A server with lines before node:http, or without; `short`: addresses of the requests that came by the lines. */
async function open(serve: Serve, times: Partial<typeof TIMES> | null = {}, isTls = false): Promise<Opened> {
  const bounds = { ...TIMES, ...times };
  const short: string[] = [];
  const take: RequestListener = (request, response) => serve(askedOf(request), response);
  const options = { keepAliveTimeout: bounds.keepAliveMs };
  const server = isTls
    ? createTlsServer({ ...options, cert: golden("old-cert.pem"), key: golden("old-key.pem") }, take)
    : createServer(options, take);
  const lines =
    times === null
      ? null
      : openLines(server, {
          event: isTls ? "secureConnection" : "connection",
          isServed: (url) => url.startsWith("/short"),
          maxHeadBytes: 32_768,
          take(request, answer) {
            short.push(request.url);
            serve(request, answer);
          },
          times: bounds,
        });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    lines?.cutOff();
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, server, lines, short };
}

/** Answers with what was asked, in the way that the address names. */
const echo: Serve = (request, answer) => {
  const { method, url, headers } = request;
  const pieces: Buffer[] = [];
  const gone = (): void => {};
  if (url.includes("unread")) {
    answer.writeHead(401, ["content-length", "2"]);
    answer.end("no", "latin1");
    return;
  }
  request.receive({
    data: (piece) => void pieces.push(piece),
    gone,
    end() {
      const body = Buffer.concat(pieces);
      const text = Buffer.from(JSON.stringify({ method, url, headers, body: body.toString("latin1") }));
      const plain = ["content-type", "application/json", "content-length", String(text.length)];
      if (url.includes("stream")) {
        answer.writeHead(200, ["content-type", "text/event-stream"]);
        answer.flushHeaders();
        for (const piece of [text, Buffer.alloc(0), body]) if (piece.length > 0) answer.write(piece);
        answer.end("data: [DONE]\n\n", "latin1");
      } else if (url.includes("date")) {
        answer.writeHead(200, [...plain, "date", "Sat, 28 Nov 2026 14:00:00 GMT"]);
        answer.end(text);
      } else if (url.includes("nothing")) {
        answer.writeHead(204, ["x-a", "b"]);
        answer.end();
      } else if (url.includes("closing")) {
        answer.setHeader("connection", "close");
        answer.writeHead(429, [...plain, "retry-after", "1"]);
        answer.end(text);
      } else {
        answer.writeHead(200, plain);
        answer.end(text);
      }
    },
  });
};

async function dial(port: number, isTls = false): Promise<Socket> {
  const socket = isTls
    ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
    : connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.setNoDelay(true);
  await new Promise<void>((resolve) => socket.once(isTls ? "secureConnect" : "connect", resolve));
  return socket;
}

/** All that is said until the connection ends. */
function heard(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
  return new Promise((resolve) =>
    socket.on("close", () => resolve(text.replaceAll(/^Date: .*$/gm, "Date: D"))),
  );
}

const until = (socket: Socket, text: string): Promise<string> =>
  new Promise((resolve) => {
    let all = "";
    const take = (piece: string): void => {
      all += piece;
      if (!all.includes(text)) return;
      socket.off("data", take);
      resolve(all);
    };
    socket.setEncoding("latin1").on("data", take);
  });

const post = (url: string, body = "{}", ...lines: string[]): string =>
  [`POST ${url} HTTP/1.1`, "Host: a", ...lines, `Content-Length: ${body.length}`, "", body].join("\r\n");
const LAST = post("/short/last", "{}", "Connection: close");

const REQUESTS = [
  post("/short/one"),
  post("/short/one?a=b", "{}", "X-A: b", "Connection: keep-alive"),
  post("/short/empty", ""),
  post("/short/large", "x".repeat(200_000)),
  post("/short/stream", "y".repeat(3000)),
  post("/short/stream-large", "\u00e9".repeat(50_000)),
  post("/short/date"),
  post("/short/nothing"),
  post("/short/unread"),
  post("/long/one"),
  post("/short/two", "{}", "x-a: 1", "x-a: 2"),
  "GET /short/get HTTP/1.1\r\nhost: a\r\n\r\n",
  "POST /short/chunks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
];
const ENDS = [
  LAST,
  post("/short/stream", "y".repeat(3000), "connection: close"),
  post("/short/nothing", "{}", "connection: close"),
  post("/short/closing"),
  "POST /short/old HTTP/1.0\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}",
];
/** Over TLS node:http alone cuts off a large answer that is still going out when a pipelined one closes the connection. */
const requestsOf = (isTls: boolean): string[] => REQUESTS.filter((text) => !isTls || text.length < 20_000);
/** Each ends its connection. */
const BAD = [
  "POST /short/bad HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
  "POST /short/bad HTTP/1.1\r\nhost: a\r\nx y: 2\r\n\r\n{}",
  "nonsense\r\n\r\n",
];

/** What a client hears that sends these pieces. */
async function talk(port: number, pieces: readonly string[], isTls = false): Promise<string> {
  const socket = await dial(port, isTls);
  const said = heard(socket);
  for (const piece of pieces) {
    socket.write(piece, "latin1");
    await new Promise((resolve) => setImmediate(resolve));
  }
  return said;
}

describe("openLines", () => {
  test.each([
    ["plainly", false, 300],
    ["over TLS", true, 60],
  ])(
    "whatever comes %s, in whatever pieces: clients get the bytes that node:http alone sends",
    async (_, isTls, numRuns) => {
      const [ours, theirs] = [await open(echo, {}, isTls), await open(echo, null, isTls)];
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(...requestsOf(isTls)), { maxLength: 5 }),
          fc.constantFrom(...ENDS),
          fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
          fc.boolean(),
          async (requests, end, cuts, isOneByOne) => {
            const text = [...requests, end].join("");
            const places = cuts.map((cut) => Math.floor(cut * text.length)).sort((a, b) => a - b);
            const cut = [0, ...places].map((from, at) => text.slice(from, places[at]));
            const pieces = isOneByOne ? [...requests, end] : cut;
            expect(await talk(ours.port, pieces, isTls)).toBe(await talk(theirs.port, pieces, isTls));
          },
        ),
        { numRuns, seed: 5 },
      );
      expect(ours.short.length).toBeGreaterThan(numRuns / 2);
      expect(theirs.short).toEqual([]);
    },
  );

  test.each(BAD)("what is none of HTTP is refused as node:http refuses it: %j", async (text) => {
    const [ours, theirs] = [await open(echo), await open(echo, null)];
    const said = await talk(theirs.port, [text]);
    expect(said).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await talk(ours.port, [text])).toBe(said);
  });

  test("a connection goes to node:http at the first request that is not usual, and stays there", async () => {
    const { port, short } = await open(echo);
    const socket = await dial(port);
    const said = heard(socket);
    for (const text of [post("/short/1"), post("/short/2"), post("/long/3"), post("/short/4"), LAST]) {
      socket.write(text);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect([...(await said).matchAll(/"url":"([^"]*)"/g)].map(([, url]) => url)).toEqual([
      "/short/1",
      "/short/2",
      "/long/3",
      "/short/4",
      "/short/last",
    ]);
    expect(short).toEqual(["/short/1", "/short/2"]);
  });

  test("of a body that nobody has asked for, no more is read than the system holds", async () => {
    const waiting: Asked[] = [];
    const { port } = await open((request) => void waiting.push(request));
    const socket = await dial(port);
    const body = "x".repeat(60_000_000);
    socket.write(post("/short/one", body));
    await expect.poll(() => waiting.length).toBe(1);
    let before = -1;
    await expect
      .poll(
        () =>
          socket.bytesWritten - socket.writableLength === before ||
          ((before = socket.bytesWritten - socket.writableLength), false),
        { interval: 50 },
      )
      .toBe(true);
    expect(socket.writableLength).toBeGreaterThan(0);
    let size = 0;
    await new Promise<void>((resolve) =>
      waiting[0].receive({ data: ({ length }) => void (size += length), end: resolve, gone: resolve }),
    );
    expect(size).toBe(body.length);
  });

  test("an answer before the body has come: the rest is thrown away, and the next request served", async () => {
    const { port, short } = await open(echo);
    const socket = await dial(port);
    const text = post("/short/unread", "x".repeat(1_000_000));
    socket.write(text.slice(0, 1000));
    await until(socket, "no");
    const said = heard(socket);
    socket.write(text.slice(1000) + post("/short/next") + LAST);
    expect(await said).toContain('"url":"/short/next"');
    expect(short).toEqual(["/short/unread", "/short/next", "/short/last"]);
  });

  test("a client that reads slowly gets all of it, in order, and is told of only when it has", async () => {
    const large = Buffer.alloc(20_000_000, "z");
    const closed: boolean[] = [];
    const { port } = await open((request, answer) => {
      answer.on("close", () => closed.push(answer.destroyed));
      request.receive({
        data() {},
        gone() {},
        end() {
          answer.writeHead(200, ["content-length", String(large.length)]);
          answer.end(large);
        },
      });
    });
    const socket = await dial(port);
    socket.pause();
    socket.write(post("/short/1") + post("/short/2"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toEqual([]);
    let size = 0;
    socket.on("data", ({ length }: Buffer) => (size += length)).resume();
    await expect.poll(() => size > 2 * large.length).toBe(true);
    expect(closed).toEqual([true, true]);
  });

  test("a client that leaves is told of: its body and its answer are gone", async () => {
    const told: string[] = [];
    const { port } = await open((request, answer) => {
      answer.on("close", () => told.push("answer"));
      request.receive({ data() {}, end: () => told.push("end"), gone: () => told.push("gone") });
    });
    const [inBody, waiting] = [await dial(port), await dial(port)];
    inBody.write(post("/short/1", "x".repeat(100)).slice(0, -1));
    await new Promise((resolve) => setTimeout(resolve, 10));
    inBody.destroy();
    await expect.poll(() => told).toEqual(["gone", "answer"]);
    waiting.write(post("/short/2"));
    await expect.poll(() => told.length).toBe(3);
    // Closing its side is leaving, as node:http has it.
    waiting.end();
    await expect.poll(() => told.slice(2)).toEqual(["end", "answer"]);
  });

  test("who takes too long is cut off: for a first request, for a body, for the next; who waits for us is not", async () => {
    const times = { headersMs: 60, requestMs: 120, keepAliveMs: 240, checkMs: 10 };
    const answers: Answer[] = [];
    const { port } = await open((request, answer) => {
      if (request.url.includes("wait")) {
        answers.push(answer);
        return;
      }
      echo(request, answer);
    }, times);
    const [silent, inBody, idle, waiting] = [
      await dial(port),
      await dial(port),
      await dial(port),
      await dial(port),
    ];
    const said = [silent, inBody, idle].map(heard);
    inBody.write(post("/short/1").slice(0, -1));
    idle.write(post("/short/2"));
    waiting.write(post("/short/wait"));
    const [first, second, third] = await Promise.all(said);
    expect(first).toBe("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
    expect(second).toBe(first);
    expect(third).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"\/short\/2"[^]*\}$/);
    expect(waiting.destroyed).toBe(false);
    answers[0].writeHead(200, ["content-length", "0"]);
    answers[0].end();
    expect(await until(waiting, "\r\n\r\n")).toContain("200 OK");
  });

  test("closing: who is idle is let go at once, who waits for an answer after it", async () => {
    const answers: Answer[] = [];
    const { port, server, lines } = await open((request, answer) => {
      if (request.url.includes("wait")) answers.push(answer);
      else echo(request, answer);
    });
    const [idle, waiting] = [await dial(port), await dial(port)];
    idle.write(post("/short/1"));
    await until(idle, "}");
    const said = [idle, waiting].map(heard);
    waiting.write(post("/short/wait"));
    await expect.poll(() => answers.length).toBe(1);
    const isClosed = new Promise<void>((resolve) => server.close(() => resolve()));
    lines?.close();
    await said[0];
    answers[0].writeHead(200, ["content-length", "2"]);
    answers[0].end("ok", "latin1");
    expect(await said[1]).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\nok$/);
    await isClosed;
  });

  test("a header that HTTP cannot carry is refused, and another head may follow", async () => {
    const tried: unknown[] = [];
    const { port } = await open((_, answer) => {
      for (const bad of [
        ["x-a", "a\r\nx-b: c"],
        ["x-a", "\u0100"],
        ["x a", "b"],
      ]) {
        try {
          answer.writeHead(200, bad);
        } catch {
          tried.push(answer.headersSent);
        }
      }
      answer.writeHead(200, ["content-length", "0"]);
      answer.end();
    });
    const socket = await dial(port);
    socket.write(post("/short/1"));
    const text = await until(socket, "\r\n\r\n");
    expect(tried).toEqual([false, false, false]);
    expect(text).not.toContain("x-");
  });
});
