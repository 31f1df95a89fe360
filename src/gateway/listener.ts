import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { HouseError } from "../core/index.ts";
import type { Answer, Asked } from "./exchange.ts";
import { openLines } from "./http1/lines.ts";
import type { TlsWatch } from "./tls.ts";

/** A header that takes longer comes from no client we know. */
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request with its body, over a slow line. */
const REQUEST_TIMEOUT_MS = 120_000;
/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 2000;
/** Above the pools of the usual clients, which keep connections for about a minute or less. */
const KEEP_ALIVE_MS = 75_000;
/**
 * Connections that the system holds until they are taken (Linux bounds it by net.core.somaxconn). With Node's 511 a rush of clients has its first
 * packets dropped and sent again seconds later, when the time for a head may be over.
 */
const BACKLOG = 4096;
/** Real requests have 1 to 4 KB of headers. */
const MAX_HEADER_BYTES = 32 * 1024;

/** Of a request's head, of all of it, and how often they are looked at. */
export type ClientTimeouts = {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly checkMs: number;
};

export type ListenOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly maxConnections: number;
  readonly clientTimeouts?: ClientTimeouts;
  /** Other processes of this machine listen on the same port; the system deals connections out. */
  readonly reusePort: boolean;
  /** Null without TLS. */
  readonly tls: TlsWatch | null;
};

/** Who takes what was read. */
export type Reception = {
  /** Whether usual requests to this address, those that every client of a model sends, may be taken by the short way. */
  readonly isServed: (url: string) => boolean;
  readonly takeUsual: (request: Asked, answer: Answer) => void;
  /** All others. */
  readonly take: (request: IncomingMessage, response: ServerResponse) => void;
};

export type Listener = {
  readonly url: string;
  /** No new connections, and those that wait for nothing end; `done` when the last one has. */
  close(done: () => void): void;
  /** Whatever is under way. */
  cutOff(): void;
};

/** A server with the bounds of the house. Throws HouseError bad-config when the address cannot be used. */
export async function openListener(options: ListenOptions, reception: Reception): Promise<Listener> {
  const { host, tls, clientTimeouts } = options;
  const { take } = reception;
  const times = {
    headersMs: clientTimeouts?.headersMs ?? HEADERS_TIMEOUT_MS,
    requestMs: clientTimeouts?.requestMs ?? REQUEST_TIMEOUT_MS,
    checkMs: clientTimeouts?.checkMs ?? TIMEOUT_CHECK_MS,
    keepAliveMs: KEEP_ALIVE_MS,
  };
  const bounds = {
    headersTimeout: times.headersMs,
    requestTimeout: times.requestMs,
    connectionsCheckingInterval: times.checkMs,
    keepAliveTimeout: times.keepAliveMs,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server =
    tls === null ? createServer(bounds, take) : createTlsServer({ ...bounds, ...tls.current() }, take);
  if (tls !== null && "setSecureContext" in server) tls.follow((pair) => server.setSecureContext(pair));
  server.maxConnections = options.maxConnections;
  const lines = openLines(server, {
    event: tls === null ? "connection" : "secureConnection",
    isServed: reception.isServed,
    take: reception.takeUsual,
    maxHeadBytes: MAX_HEADER_BYTES,
    times,
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${tls === null ? "http" : "https"}://${name}:${port}`,
    close(done) {
      server.close(() => done());
      server.closeIdleConnections();
      lines.close();
    },
    cutOff() {
      server.closeAllConnections();
      lines.cutOff();
    },
  };
}

async function listen(server: Server, { host, port, reusePort }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host, reusePort, exclusive: true, backlog: BACKLOG }, () => resolve());
  try {
    await promise;
  } catch (error) {
    const isTaken = (error as { code?: string }).code === "EADDRINUSE";
    const what = isTaken ? "the port is in use; choose another with --port" : (error as Error).message;
    throw new HouseError("bad-config", `Cannot listen on ${host}:${port}: ${what}`, { cause: error });
  } finally {
    server.off("error", reject);
  }
}
