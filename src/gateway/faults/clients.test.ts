import { describe, expect, test } from "vitest";
import {
  answer,
  ask,
  chunk,
  DONE,
  event,
  EVENTS,
  LAST_CHUNK,
  openFault,
  rawClient,
  requestText,
  STREAM_HEAD,
} from "../../../test/raw-upstream.ts";

const STREAMED = { stream: true };
const statuses = (calls: readonly { readonly status: number }[]): number[] =>
  calls.map(({ status }) => status);

describe("a client that leaves", () => {
  test("while it sends its request: nobody is asked, nothing is logged", async () => {
    const { url, calls, requests } = await openFault(() => {});
    const client = await rawClient(url);
    client.write(requestText().slice(0, -10));
    await new Promise<void>((resolve) => client.end(resolve));
    client.destroy();
    // What comes later is served: the gateway has seen the first one leave.
    await rawClient(url);
    expect([requests, calls()]).toEqual([[], []]);
  });

  test("before the first byte: the provider's connection is closed", async () => {
    const asked = Promise.withResolvers<void>();
    const { url, calls, closed } = await openFault(() => asked.resolve());
    const client = await rawClient(url);
    client.write(requestText());
    await asked.promise;
    client.destroy();
    await closed(0);
    await expect.poll(() => statuses(calls())).toEqual([499]);
  });

  test("in the middle of a stream: the provider's connection is closed", async () => {
    const { url, calls, closed } = await openFault((socket) =>
      socket.write(STREAM_HEAD + chunk(EVENTS).toString()),
    );
    const client = await rawClient(url);
    client.write(requestText(STREAMED));
    await new Promise((resolve) => client.once("data", resolve));
    client.destroy();
    await closed(0);
    await expect.poll(() => statuses(calls())).toEqual([499]);
  });

  test("in the middle of an endless stream: the provider's connection is closed and what was kept is freed", async () => {
    const piece = chunk(event({ content: "x".repeat(10_000) }));
    const { url, calls, closed } = await openFault((socket) => {
      socket.write(STREAM_HEAD);
      const pump = (): void => {
        while (!socket.destroyed && socket.write(piece));
        socket.once("drain", pump);
      };
      pump();
    });
    const client = await rawClient(url);
    client.write(requestText(STREAMED));
    let bytes = 0;
    await new Promise<void>((resolve) => {
      client.on("data", (data: Buffer) => {
        bytes += data.length;
        if (bytes > 5_000_000) resolve();
      });
    });
    client.destroy();
    await closed(0);
    await expect.poll(() => statuses(calls())).toEqual([499]);
  });
});

describe("a client that reads slowly", () => {
  test("holds its provider back, and gets everything in the end", async () => {
    const piece = chunk(event({ content: "x".repeat(60_000) }));
    const pieces = 400;
    let written = 0;
    const { url } = await openFault((socket) => {
      socket.write(STREAM_HEAD);
      const pump = (): void => {
        while (written < pieces) {
          written += 1;
          if (!socket.write(piece)) {
            socket.once("drain", pump);
            return;
          }
        }
        socket.write(Buffer.concat([chunk(EVENTS), chunk(DONE), Buffer.from(LAST_CHUNK)]));
      };
      pump();
    });
    const client = await rawClient(url);
    client.write(requestText(STREAMED));
    await new Promise((resolve) => client.once("data", resolve));
    client.pause();
    let before = -1;
    // Nothing moves any more: all buffers between are full.
    await expect.poll(() => written === before || ((before = written), false), { interval: 100 }).toBe(true);
    expect(written).toBeLessThan(pieces);
    const isOver = new Promise<void>((resolve) => {
      let text = "";
      client.on("data", (data: Buffer) => {
        text = (text + data.toString("latin1")).slice(-100);
        if (text.endsWith(`[DONE]\n\n\r\n${LAST_CHUNK}`)) resolve();
      });
    });
    client.resume();
    await isOver;
    expect(written).toBe(pieces);
  });
});

describe("a client that sends strangely", () => {
  test.each([
    ["two lengths", "content-length: 5\r\ncontent-length: 9"],
    ["a length and chunks", "content-length: 5\r\ntransfer-encoding: chunked"],
    ["a header without a name", ": x"],
    ["headers of 100 KB", `x-long: ${"x".repeat(100_000)}`],
  ])("%s: is refused, and nobody is asked", async (_, header) => {
    const { url, requests } = await openFault((socket) => socket.write(answer()));
    const client = await rawClient(url);
    client.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${header}\r\n\r\n`);
    const reply = await new Promise<Buffer>((resolve) => client.once("data", resolve));
    expect(reply.toString()).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(requests).toEqual([]);
  });

  test("byte by byte within its time: is served", async () => {
    const { url } = await openFault((socket) => socket.write(answer()));
    const client = await rawClient(url);
    client.setNoDelay(true);
    for (const byte of requestText()) client.write(byte);
    const reply = await new Promise<Buffer>((resolve) => client.once("data", resolve));
    expect(reply.toString()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("more slowly than its time: is cut off, and nobody is asked", async () => {
    const options = { clientTimeouts: { headersMs: 40, requestMs: 80, checkMs: 20 } };
    const { url, requests } = await openFault((socket) => socket.write(answer()), {}, { options });
    const [inHead, inBody] = [await rawClient(url), await rawClient(url)];
    const replies = Promise.all(
      [inHead, inBody].map((one) => new Promise<Buffer>((resolve) => one.once("data", resolve))),
    );
    inHead.write("POST /v1/chat/completions HTTP/1.1\r\nhost: local");
    inBody.write(requestText().slice(0, -5));
    expect((await replies).map((reply) => reply.toString().slice(9, 12))).toEqual(["408", "408"]);
    expect(requests).toEqual([]);
  });

  test("several requests at once on one connection: each gets its own answer, in order", async () => {
    const { url } = await openFault((socket, _, request) =>
      socket.write(answer(`{"choices":[],"echo":"${/"content":"(\w+)"/.exec(request)?.[1] ?? ""}"}`)),
    );
    const client = await rawClient(url);
    const of = (name: string): string => requestText({ messages: [{ role: "user", content: name }] });
    client.write(of("one") + of("two") + of("three"));
    let text = "";
    await new Promise<void>((resolve) => {
      client.on("data", (data: Buffer) => {
        text += data.toString();
        if (text.includes('"three"')) resolve();
      });
    });
    expect([...text.matchAll(/"echo":"(\w+)"/g)].map(([, name]) => name)).toEqual(["one", "two", "three"]);
  });

  test("a whole answer after a failed one, on the same connection", async () => {
    const { url } = await openFault((socket, turn) =>
      socket.write(turn === 0 ? "HTTP/9 nonsense\r\n\r\n" : answer()),
    );
    const outcomes = [await ask(url), await ask(url)];
    expect(outcomes.map(({ status }) => status)).toEqual([200, 200]);
  });
});
