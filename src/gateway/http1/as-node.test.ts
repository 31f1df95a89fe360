import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dial, echo, heard, LAST, open, post } from "./testing.ts";

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
  post("/short/late"),
  post("/short/late-large", "w".repeat(100_000)),
  `${post("/short/lines")}\r\n\r\n`,
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

describe("lines beside node:http", () => {
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
});
