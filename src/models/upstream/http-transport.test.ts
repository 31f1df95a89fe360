import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { resolve } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { httpTransport } from "./http-transport.ts";
import type { Exchange, Outgoing, Timeouts } from "./types.ts";

const TIMEOUTS: Timeouts = { connectMs: 2000, firstByteMs: 5000, idleMs: 5000, totalMs: 10_000 };

type Got = { readonly said: string; readonly body: string; readonly headers: object };

type Provider = {
  /** Asks, and gives how it ended. */
  readonly ask: (more?: Partial<Outgoing>, takes?: (exchange: Exchange) => boolean) => Promise<Got>;
  /** `0: POST /` by connection. */
  readonly seen: readonly string[];
  readonly sockets: readonly Socket[];
};

/** A provider that hands each whole request to `behave`, and a transport that asks it. */
async function provider(
  behave: (socket: Socket, turn: number, request: string) => void,
  timeouts: Partial<Timeouts> = {},
): Promise<Provider> {
  const seen: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = sockets.push(socket) - 1;
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      seen.push(`${connection}: ${text.slice(0, text.indexOf(" HTTP"))}`);
      const request = text;
      text = "";
      behave(socket, seen.length - 1, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = httpTransport();
  onTestFinished(async () => {
    await transport.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const times = { ...TIMEOUTS, ...timeouts };
  return {
    seen,
    sockets,
    ask(more = {}, takes = () => true) {
      const outgoing: Outgoing = {
        origin,
        method: "POST",
        path: "/",
        headers: {},
        body: Buffer.from("{}"),
        ...more,
      };
      let body = "";
      let said = "";
      let headers: object = {};
      return new Promise((resolve) => {
        const exchange: Exchange = transport.send(outgoing, times, {
          head(status, given) {
            said = `${status} `;
            headers = given;
          },
          data(bytes) {
            body += Buffer.from(bytes).toString("latin1");
            return takes(exchange);
          },
          end: () => resolve({ said: `${said}end`, body, headers }),
          fail: (code) => resolve({ said: `${said}${code}`, body, headers }),
        });
      });
    },
  };
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const turns = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe("httpTransport()", () => {
  test("asks again on the connection of an answer that was whole", async () => {
    const { ask, seen } = await provider((socket) => socket.write(OK));
    for (const path of ["/a", "/b", "/c"]) expect((await ask({ path })).body).toBe("ok");
    expect(seen).toEqual(["0: POST /a", "0: POST /b", "0: POST /c"]);
  });

  test("many at once get each its own answer", async () => {
    const { ask } = await provider((socket, turn, request) => {
      const body = /POST (\S+)/.exec(request)?.[1] ?? "";
      const say = (): void =>
        void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      if (turn % 3 === 0) setTimeout(say, turn % 7);
      else say();
    });
    const paths = Array.from({ length: 300 }, (_, at) => `/${at}`);
    const bodies: string[] = [];
    for (let at = 0; at < paths.length; at += 60) {
      const some = await Promise.all(paths.slice(at, at + 60).map((path) => ask({ path })));
      bodies.push(...some.map(({ body }) => body));
    }
    expect(bodies).toEqual(paths);
  });

  const stray = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray";
  test.each<[string, (socket: Socket, turn: number) => void]>([
    ["with the answer", (socket, turn) => socket.write(turn === 0 ? OK + stray : OK)],
    [
      "while nothing is asked",
      (socket, turn) => {
        socket.write(OK);
        if (turn === 0) setTimeout(() => socket.write(stray), 5);
      },
    ],
  ])("an answer that nobody asked for becomes nobody's: it comes %s", async (_, behave) => {
    const { ask, seen } = await provider(behave);
    expect((await ask()).body).toBe("ok");
    await turns();
    expect((await ask()).body).toBe("ok");
    expect(seen).toEqual(["0: POST /", "1: POST /"]);
  });

  test("an answer that lies unread on a connection as it is chosen becomes nobody's", async () => {
    const { ask, sockets, seen } = await provider((socket) => socket.write(OK));
    await ask();
    await turns();
    const asked = new Promise<Got>((resolve) => {
      setTimeout(() => {
        sockets[0].write(stray);
        // It is on its way before this thread reads again.
        const until = performance.now() + 20;
        while (performance.now() < until);
        resolve(ask());
      }, 1);
    });
    expect((await asked).body).toBe("ok");
    expect(seen).toEqual(["0: POST /", "1: POST /"]);
  });

  test.each<[string, string]>([
    ["it says so", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"],
    ["it speaks HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    [
      "it closes idle connections soon",
      "HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 2\r\n\r\nok",
    ],
  ])("a connection is not used again when %s", async (_, answer) => {
    const { ask, seen } = await provider((socket) => socket.write(answer));
    await ask();
    expect((await ask()).body).toBe("ok");
    expect(seen).toEqual(["0: POST /", "1: POST /"]);
  });

  test("a provider that closes an idle connection costs nobody an answer", async () => {
    const { ask, seen } = await provider((socket, turn) => {
      socket.write(OK);
      if (turn === 0) socket.end();
    });
    await ask();
    await turns();
    expect((await ask()).said).toBe("200 end");
    expect(seen).toEqual(["0: POST /", "1: POST /"]);
  });

  test("an answer that comes before all of the question was taken is told, and its connection closed", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    let connections = 0;
    server.on("connection", () => (connections += 1));
    onTestFinished(() => void server.close());
    const { ask } = await provider(() => {});
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const got = await ask({ origin, body: Buffer.alloc(16 * 1024 * 1024) });
    expect([got.said, got.body]).toEqual(["413 end", "no"]);
    expect((await ask({ origin })).said).toBe("413 end");
    expect(connections).toBe(2);
  });

  test("who does not take more is sent no more, and the connection serves the next afterwards", async () => {
    const size = 16 * 1024 * 1024;
    const { ask, sockets } = await provider((socket, turn) => {
      socket.write(turn === 0 ? `HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n` : OK);
      if (turn === 0) socket.write(Buffer.alloc(size, "x"));
    });
    let held: Exchange | null = null;
    let pauses = 0;
    const asked = ask({}, (exchange) => {
      pauses += 1;
      held = exchange;
      return false;
    });
    await expect.poll(() => pauses).toBeGreaterThan(0);
    await turns();
    expect(pauses).toBeLessThan(5);
    expect(sockets[0].writableLength).toBeGreaterThan(0);
    const push = setInterval(() => held?.resume(), 0);
    const got = await asked;
    clearInterval(push);
    expect([got.said, got.body.length]).toEqual(["200 end", size]);
    expect((await ask()).body).toBe("ok");
    expect(sockets).toHaveLength(1);
  });

  test("a client that is slow is not taken for a provider that has stopped", async () => {
    const { ask } = await provider(
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no");
        setTimeout(() => socket.write("k"), 5);
      },
      { idleMs: 60 },
    );
    let isFirst = true;
    const got = await ask({}, (exchange) => {
      if (!isFirst) return true;
      isFirst = false;
      setTimeout(() => exchange.resume(), 250);
      return false;
    });
    expect([got.said, got.body]).toEqual(["200 end", "ok"]);
  });

  test("what is let go closes its connection, and says so once", async () => {
    const { ask, sockets } = await provider((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"),
    );
    const got = await ask({}, (exchange) => {
      exchange.cancel();
      exchange.cancel();
      return true;
    });
    expect(got.said).toBe("200 cancelled");
    await expect.poll(() => sockets[0].destroyed).toBe(true);
  });

  test.each<[string, Partial<Outgoing>]>([
    ["a line break in a value", { headers: { "x-a": "1\r\nx-b: 2" } }],
    ["a zero byte in a value", { headers: { "x-a": "1\0" } }],
    ["a character beyond a byte", { headers: { "x-a": "ł" } }],
    ["a name that is none", { headers: { "x a": "1" } }],
    ["an empty name", { headers: { "": "1" } }],
    ["a length of its own", { headers: { "content-length": "1" } }],
    ["a coding of its own", { headers: { "Transfer-Encoding": "chunked" } }],
    ["a line break in the path", { path: "/ HTTP/1.1\r\nx-b: 2" }],
    ["a path that is none", { path: "http://elsewhere/" }],
  ])("nothing goes out with %s", async (_, outgoing) => {
    const { ask, sockets } = await provider((socket) => socket.write(OK));
    expect((await ask(outgoing)).said).toBe("upstream-broken");
    await turns();
    expect(sockets).toHaveLength(0);
  });

  test("sends what it is given and no more than HTTP needs", async () => {
    let sent = "";
    const { ask } = await provider((socket, _, request) => {
      sent = request;
      socket.write(OK);
    });
    await ask({ headers: { "x-a": "\u00e9", host: "gateway.local" }, body: Buffer.from("hé") });
    expect(sent).toBe(
      "POST / HTTP/1.1\r\nconnection: keep-alive\r\nx-a: \u00e9\r\nhost: gateway.local\r\ncontent-length: 3\r\n\r\nh\u00c3\u00a9",
    );
    await ask({ method: "GET", path: "/v1/models?a=%20", body: Buffer.alloc(0) });
    expect(sent).toMatch(
      /^GET \/v1\/models\?a=%20 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nconnection: keep-alive\r\n\r\n$/,
    );
  });

  test("who asks of nobody is told so, each of them", async () => {
    const { ask } = await provider(() => {});
    const origin = "http://127.0.0.1:1";
    const all = await Promise.all(Array.from({ length: 20 }, () => ask({ origin })));
    expect(new Set(all.map(({ said }) => said))).toEqual(new Set(["upstream-unreachable"]));
  });

  test("idle connections are closed after a while", async () => {
    const { ask, sockets } = await provider(
      (socket) => socket.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=3\r\ncontent-length: 2\r\n\r\nok"),
      { idleMs: 200 },
    );
    await ask();
    expect(sockets[0].destroyed).toBe(false);
    await expect.poll(() => sockets[0].destroyed, { timeout: 4000 }).toBe(true);
  });

  test("over TLS a provider is asked whose certificate is trusted, and no other", async () => {
    const golden = (part: string): string =>
      readFileSync(resolve(import.meta.dirname, `../../../test/golden/tls/old-${part}.pem`), "utf8");
    const server = createTlsServer({ cert: golden("cert"), key: golden("key") }, (_, response) =>
      response.end("ok"),
    );
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => void server.close());
    const { ask } = await provider(() => {});
    const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
    expect((await ask({ origin })).said).toBe("upstream-broken");
    const before = getCACertificates("default");
    setDefaultCACertificates([golden("cert")]);
    onTestFinished(() => setDefaultCACertificates(before));
    expect(await ask({ origin })).toMatchObject({ said: "200 end", body: "ok" });
  });

  test("an end of the transport is told to who still waits", async () => {
    const transport = httpTransport();
    const { sockets } = await provider(() => {});
    const server = createServer((socket) => void socket.on("error", () => {}));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const said = new Promise<string>((resolve) => {
      const outgoing: Outgoing = { origin, method: "POST", path: "/", headers: {}, body: Buffer.from("{}") };
      const sink = { head: () => {}, data: () => true, end: () => resolve("end"), fail: resolve };
      transport.send(outgoing, TIMEOUTS, sink);
    });
    await turns();
    await transport.close();
    expect(await said).toBe("upstream-broken");
    expect(sockets).toHaveLength(0);
  });
});
