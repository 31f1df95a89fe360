import { describe, expect, test } from "vitest";
import type { Answer, Asked } from "../exchange.ts";
import { dial, echo, heard, LAST, open, post, until } from "./testing.ts";

describe("openLines()", () => {
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

  test("a body that waits is whole, whatever comes behind it", async () => {
    const { port, short } = await open(echo);
    const socket = await dial(port);
    const said = heard(socket);
    for (const text of [post("/short/late", "one"), post("/short/late", "two"), "\r\n", LAST]) {
      socket.write(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([...(await said).matchAll(/"body":"(\w*)/g)].map(([, body]) => body)).toEqual(["one", "two", ""]);
    expect(short).toEqual(["/short/late", "/short/late", "/short/last"]);
  });

  test("a line break behind a body begins no request: the connection stays idle", async () => {
    const { port, server, lines } = await open(echo, { headersMs: 20, checkMs: 5 });
    const socket = await dial(port);
    socket.write(post("/short/1"));
    await until(socket, "}");
    socket.write("\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 60));
    socket.write(post("/short/2"));
    await until(socket, "/short/2");
    socket.write("\r\n");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const isClosed = new Promise<void>((resolve) => server.close(() => resolve()));
    lines?.close();
    await isClosed;
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

  test.each([1, 2, 3, 8])("a client that leaves is told of with %i more requests behind", async (more) => {
    const told: string[] = [];
    const { port } = await open((request, answer) => {
      answer.on("close", () => told.push("answer"));
      request.receive({ data() {}, end: () => told.push("end"), gone: () => told.push("gone") });
    });
    for (const leave of ["destroy", "resetAndDestroy", "end"] as const) {
      const socket = await dial(port);
      for (let sent = 0; sent <= more; sent += 1) {
        socket.write(post("/short/1", "x".repeat(500)));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      socket[leave]();
      await expect.poll(() => told).toEqual(["end", "answer"]);
      told.length = 0;
    }
    // And nobody begins what they left behind.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual([]);
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
    const fromMs = performance.now();
    inBody.write(post("/short/1").slice(0, -1));
    idle.write(post("/short/2"));
    waiting.write(post("/short/wait"));
    const [first, second, third] = await Promise.all(said);
    expect(first).toBe("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
    expect(second).toBe(first);
    expect(third).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"\/short\/2"[^]*\}$/);
    // A second longer than clients are told: what is on its way by then is served.
    expect(performance.now() - fromMs).toBeGreaterThan(times.keepAliveMs + 1000);
    expect(waiting.destroyed).toBe(false);
    answers[0].writeHead(200, ["content-length", "0"]);
    answers[0].end();
    expect(await until(waiting, "\r\n\r\n")).toContain("200 OK");
  });

  test.each([
    ["usual", post("/short/1")],
    ["other", "GET /short/1 HTTP/1.1\r\nhost: a\r\n\r\n"],
  ])(
    "a request that has come while the thread was busy is served, however late it is read: the %s one",
    async (_, text) => {
      const { port } = await open(echo, { headersMs: 30, checkMs: 10 });
      const socket = await dial(port);
      await new Promise((resolve) => setTimeout(resolve, 5));
      // Timers come next, and sockets after them.
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(text);
      const untilMs = performance.now() + 100;
      while (performance.now() < untilMs);
      expect(await until(socket, "\r\n\r\n")).toContain("200 OK");
      // And so is the next one on the same connection.
      socket.write(text);
      expect(await until(socket, "\r\n\r\n")).toContain("200 OK");
    },
  );

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

  test("a head that HTTP cannot carry is refused, and another may follow", async () => {
    const tried: unknown[] = [];
    const { port } = await open((_, answer) => {
      const heads: [number, string[]][] = [
        [200, ["x-a", "a\r\nx-b: c"]],
        [200, ["x-a", "\u0100"]],
        [200, ["x a", "b"]],
        [200, ["Transfer-Encoding", "gzip"]],
        [103, ["x-a", "b"]],
        [1000, ["x-a", "b"]],
      ];
      for (const [status, headers] of heads) {
        try {
          answer.writeHead(status, headers);
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
    expect(tried).toEqual(Array(6).fill(false));
    expect(text).not.toContain("x-");
  });
});
