import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { HttpClient } from "./client.ts";
import { protocolOf } from "./surfaces.ts";

/** What a client of this version of HTTP gets, byte for byte. */
async function got(version: string, answer: (client: HttpClient) => void): Promise<string> {
  const server = createServer((_, response) =>
    answer(new HttpClient(response, protocolOf("chat"), "call_1")),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
  socket.write(`GET / ${version}\r\nhost: a\r\nconnection: close\r\n\r\n`);
  await new Promise<void>((resolve) => socket.on("close", () => resolve()));
  return text;
}

const LARGE = Buffer.alloc(100_000, "\u00e9\u0000", "latin1");
const PIECES = [Buffer.from("data: é\n\n"), Buffer.alloc(0), LARGE, Buffer.from("data: [DONE]\n\n")];

describe("HttpClient", () => {
  const stream = (client: HttpClient): void => {
    client.head(200, { "content-type": "text/event-stream" }, true);
    for (const piece of PIECES) client.data(piece);
    client.end();
  };

  test("a stream goes out in chunks of what came, whatever its bytes and however long", async () => {
    const text = await got("HTTP/1.1", stream);
    const [head, ...body] = text.split("\r\n\r\n");
    expect(head.toLowerCase()).toContain("\r\ntransfer-encoding: chunked");
    const chunks = PIECES.filter(({ length }) => length > 0).map(
      (piece) => `${piece.length.toString(16)}\r\n${piece.toString("latin1")}\r\n`,
    );
    expect(body.join("\r\n\r\n")).toBe(`${chunks.join("")}0\r\n\r\n`);
  });

  test("to a client of HTTP/1.0 it goes as it is, and ends with the connection", async () => {
    const text = await got("HTTP/1.0", stream);
    const [head, ...body] = text.split("\r\n\r\n");
    expect(head.toLowerCase()).not.toContain("transfer-encoding");
    expect(body.join("\r\n\r\n")).toBe(Buffer.concat(PIECES).toString("latin1"));
  });

  test("a stream that breaks ends with an error as its last piece", async () => {
    const text = await got("HTTP/1.1", (client) => {
      client.head(200, { "content-type": "text/event-stream" }, true);
      client.data(PIECES[0]);
      client.fail("upstream-broken", "gone");
    });
    expect(text).toMatch(
      /\r\n\r\n[\da-f]+\r\ndata: [^\n]*\n\n\r\n[\da-f]+\r\ndata: \{"error".*\n\n\r\n0\r\n\r\n$/s,
    );
  });

  test.each([20, 100_000])("a plain answer of %i bytes goes out as it is", async (size) => {
    const bytes = Buffer.alloc(size, "\u00e9\u0000", "latin1");
    const text = await got("HTTP/1.1", (client) =>
      client.whole(200, {}, [bytes.subarray(0, 7), bytes.subarray(7)]),
    );
    expect(text).toContain(`content-length: ${size}\r\n`);
    expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toBe(bytes.toString("latin1"));
  });
});
