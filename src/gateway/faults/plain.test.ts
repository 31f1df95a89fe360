import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  answer,
  ask,
  BODY,
  chunk,
  errorOf,
  head,
  JSON_TYPE,
  LAST_CHUNK,
  openFault,
  type Behave,
} from "../../../test/raw-upstream.ts";

const says =
  (...pieces: (string | Buffer)[]): Behave =>
  (socket) =>
    void socket.write(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
const saysAndCloses =
  (...pieces: string[]): Behave =>
  (socket) =>
    void socket.end(pieces.join(""));
const CHUNKED = head("200 OK", [JSON_TYPE, "transfer-encoding: chunked"]);

describe("a plain answer that is none ends as an error of the house, and is logged as one", () => {
  test.each<[string, Behave, string, object?]>([
    ["resets before it answers", (socket) => void socket.resetAndDestroy(), "502 upstream_broken"],
    ["closes before it answers", (socket) => void socket.end(), "502 upstream_broken"],
    [
      "closes after the head",
      saysAndCloses(head("200 OK", [JSON_TYPE, "content-length: 100"])),
      "502 upstream_broken",
    ],
    [
      "promises more bytes than it sends",
      saysAndCloses(head("200 OK", [JSON_TYPE, "content-length: 1000"]), BODY),
      "502 upstream_broken",
    ],
    ["closes in the middle of a chunk", saysAndCloses(CHUNKED, "64\r\nabc"), "502 upstream_broken"],
    ["closes without the last chunk", saysAndCloses(CHUNKED, chunk(BODY).toString()), "502 upstream_broken"],
    ["sends a chunk size that is no number", says(CHUNKED, "zz\r\nabc\r\n"), "502 upstream_broken"],
    ["speaks something else than HTTP", says("SSH-2.0-OpenSSH_9.6\r\n\r\n"), "502 upstream_broken"],
    ["sends a status that is none", says("HTTP/1.1 20 OK\r\n\r\n"), "502 upstream_broken"],
    [
      "says two lengths",
      says(head("200 OK", [JSON_TYPE, "content-length: 5", "content-length: 9"]), "{}   {}  "),
      "502 upstream_broken",
    ],
    [
      "says a length and sends chunks",
      says(
        head("200 OK", [JSON_TYPE, "content-length: 5", "transfer-encoding: chunked"]),
        chunk(BODY),
        LAST_CHUNK,
      ),
      "502 upstream_broken",
    ],
    [
      "sends headers of 100 KB",
      says(head("200 OK", [`x-long: ${"x".repeat(100_000)}`], BODY), BODY),
      "502 upstream_broken",
    ],
    [
      "sends headers without an end",
      (socket) => {
        const more = (): void =>
          void (socket.destroyed || (socket.write(`x-a: ${"y".repeat(4000)}\r\n`), setImmediate(more)));
        socket.write("HTTP/1.1 200 OK\r\n");
        more();
      },
      "502 upstream_broken",
    ],
    [
      "switches protocols",
      says(head("101 Switching Protocols", ["upgrade: websocket", "connection: upgrade"])),
      "502 upstream_broken",
    ],
    ["redirects", says(head("302 Found", ["location: http://127.0.0.1:1/steal"], "")), "502 upstream_broken"],
    ["says nothing", () => {}, "504 upstream_timeout", { firstByteMs: 30 }],
    [
      "stops in the middle of its head",
      says("HTTP/1.1 200 OK\r\ncontent-ty"),
      "504 upstream_timeout",
      { firstByteMs: 30 },
    ],
    [
      "stops in the middle of its body",
      says(head("200 OK", [JSON_TYPE, "content-length: 500"]), "{"),
      "504 upstream_timeout",
      { idleMs: 30 },
    ],
    [
      "takes too long in all",
      says(head("200 OK", [JSON_TYPE, "content-length: 500"]), "{"),
      "504 upstream_timeout",
      { totalMs: 30 },
    ],
  ])("the provider %s", async (_, behave, expected, timeouts = {}) => {
    const { url, calls } = await openFault(behave, timeouts);
    const outcome = await ask(url);
    expect([errorOf(outcome), outcome.isWhole]).toEqual([expected, true]);
    const [call] = calls();
    expect(`${call.status} ${(call.error as { code: string }).code.replaceAll("-", "_")}`).toBe(expected);
    expect(call.response).toBeNull();
  });
});

describe("what a provider says passes as it is, and is logged for what it is", () => {
  const unread = { status: 502, response: null };
  const read = { status: 200, response: { message: { content: "Hé" } } };
  test.each<[string, Behave, string, number, object]>([
    ["wrong JSON", says(answer('{"choices":[')), '{"choices":[', 200, unread],
    [
      "200 with an error",
      says(answer('{"error":{"message":"no","code":"x"}}')),
      '{"error":{"message":"no","code":"x"}}',
      200,
      { ...unread, error: { code: "x" } },
    ],
    [
      "an error page",
      says(answer("<html>Bad gateway</html>", "502 Bad Gateway")),
      "<html>Bad gateway</html>",
      502,
      unread,
    ],
    ["nothing", says(answer("")), "", 200, unread],
    ["204", says(head("204 No Content", [])), "", 204, unread],
    [
      "a body until it closes, in HTTP/1.0",
      saysAndCloses(`HTTP/1.0 200 OK\r\n${JSON_TYPE}\r\n\r\n`, BODY),
      BODY,
      200,
      read,
    ],
    [
      "chunks with extensions and trailers",
      says(
        CHUNKED,
        `${Buffer.byteLength(BODY).toString(16)};x=1\r\n${BODY}\r\n`,
        "0\r\nx-checksum: 1\r\n\r\n",
      ),
      BODY,
      200,
      read,
    ],
    [
      "a chunk for every byte",
      says(CHUNKED, ...[...Buffer.from(BODY)].map((byte) => chunk(Buffer.from([byte]))), LAST_CHUNK),
      BODY,
      200,
      read,
    ],
    [
      "early hints before the answer",
      says("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", answer()),
      BODY,
      200,
      read,
    ],
    ["less than it sends", says(head("200 OK", [JSON_TYPE], BODY), BODY, "garbage"), BODY, 200, read],
    [
      "lower-case names and spaces in its head",
      says(
        `HTTP/1.1 200\r\nContent-Type:application/json \r\nCONTENT-LENGTH:   ${Buffer.byteLength(BODY)}\r\n\r\n`,
        BODY,
      ),
      BODY,
      200,
      read,
    ],
  ])("%s", async (_, behave, ...expected) => {
    const [body, status, logged] = expected;
    const { url, calls } = await openFault(behave);
    const outcome = await ask(url);
    expect([outcome.body.toString(), outcome.status, outcome.isWhole]).toEqual([body, status, true]);
    expect(calls()).toMatchObject([logged]);
  });

  test("a compressed body is passed on compressed, and read for the log", async () => {
    const zipped = gzipSync(BODY);
    const { url, calls, requests } = await openFault(
      says(head("200 OK", [JSON_TYPE, "content-encoding: gzip"], zipped), zipped),
    );
    const outcome = await ask(url);
    expect(outcome.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(outcome.body).toString()).toBe(BODY);
    expect(requests[0]).toContain("accept-encoding: identity");
    expect(calls()).toMatchObject([{ status: 200, response: { message: { content: "Hé" } } }]);
  });

  test("an answer longer than what is held back as a whole passes whole", async () => {
    const long = JSON.stringify({
      choices: [{ message: { role: "assistant", content: "x".repeat(17 << 20) } }],
    });
    const { url, calls } = await openFault(says(answer(long)));
    const outcome = await ask(url);
    expect([outcome.body.length, outcome.isWhole]).toEqual([long.length, true]);
    expect(calls()[0].status).toBe(200);
  });

  test("headers are passed back, but for those of the hop, of browsers, and ours", async () => {
    const theirs = [
      "x-request-id: r1",
      "openai-version: 2020-10-01",
      "x-ratelimit-remaining: 5",
      "server: nginx",
    ];
    const dropped = [
      "set-cookie: a=b",
      "strict-transport-security: max-age=1",
      "keep-alive: timeout=5",
      "x-understudy-task: forged",
    ];
    const { url } = await openFault(says(head("200 OK", [JSON_TYPE, ...theirs, ...dropped], BODY), BODY));
    const { headers } = await ask(url);
    expect(headers).toMatchObject({
      "x-request-id": "r1",
      "openai-version": "2020-10-01",
      "x-ratelimit-remaining": "5",
    });
    expect([
      headers["set-cookie"],
      headers["strict-transport-security"],
      headers["x-understudy-task"],
    ]).toEqual([undefined, undefined, undefined]);
  });
});

describe("a connection on which something went wrong is not used again", () => {
  test("a second answer that nobody asked for is not given to the next request", async () => {
    const other = BODY.replace("Hé", "Another's");
    const { url, connections } = await openFault((socket, turn) =>
      socket.write(turn === 0 ? answer() + answer(other) : answer(BODY.replace("Hé", "Mine"))),
    );
    const first = await ask(url);
    const second = await ask(url);
    expect([first, second].map(({ body }) => /"content":"([^"]+)"/.exec(body.toString())?.[1])).toEqual([
      "Hé",
      "Mine",
    ]);
    expect(connections()).toBe(2);
  });

  test("a connection that the provider closes between two requests costs nothing", async () => {
    const { url, calls } = await openFault((socket) => {
      socket.write(answer());
      setImmediate(() => socket.end());
    });
    const statuses = [(await ask(url)).status, (await ask(url)).status, (await ask(url)).status];
    expect(statuses).toEqual([200, 200, 200]);
    expect(calls().map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("a kept connection that is closed instead of an answer is replaced by a new one, once", async () => {
    const { url, requests } = await openFault((socket, turn) => {
      if (turn === 1) socket.resetAndDestroy();
      else socket.write(answer());
    });
    expect([(await ask(url)).status, (await ask(url)).status]).toEqual([200, 200]);
    expect(requests.length).toBe(3);
  });
});
