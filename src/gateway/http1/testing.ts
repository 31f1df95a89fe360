import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { readFileSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { connect as connectTls } from "node:tls";
import { connect, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { askedOf, type Answer, type Asked, type BodyTaker } from "../exchange.ts";
import { openLines, type Lines } from "./lines.ts";

const TIMES = { headersMs: 10_000, requestMs: 10_000, keepAliveMs: 75_000, checkMs: 1000 };
export type Serve = (request: Asked, answer: Answer) => void;
type Opened = {
  readonly port: number;
  readonly server: Server;
  readonly lines: Lines | null;
  readonly short: string[];
};

const golden = (name: string): Buffer =>
  readFileSync(resolvePath(import.meta.dirname, "../../../test/golden/tls", name));

/** A server with lines before node:http, or without; `short`: addresses of the requests that came by the lines. */
export async function open(
  serve: Serve,
  times: Partial<typeof TIMES> | null = {},
  isTls = false,
): Promise<Opened> {
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
export const echo: Serve = (request, answer) => {
  const { method, url, headers } = request;
  const pieces: Buffer[] = [];
  const gone = (): void => {};
  if (url.includes("unread")) {
    answer.writeHead(401, ["content-length", "2"]);
    answer.end("no", "latin1");
    return;
  }
  const receive = (taker: BodyTaker): void => {
    // As a request that waits for room.
    if (url.includes("late")) setTimeout(() => request.receive(taker), 2);
    else request.receive(taker);
  };
  receive({
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

export async function dial(port: number, isTls = false): Promise<Socket> {
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
export function heard(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
  return new Promise((resolve) =>
    socket.on("close", () => resolve(text.replaceAll(/^Date: .*$/gm, "Date: D"))),
  );
}

export const until = (socket: Socket, text: string): Promise<string> =>
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

export const post = (url: string, body = "{}", ...lines: string[]): string =>
  [`POST ${url} HTTP/1.1`, "Host: a", ...lines, `Content-Length: ${body.length}`, "", body].join("\r\n");
export const LAST = post("/short/last", "{}", "Connection: close");
