import { errors, Pool, type Dispatcher } from "undici";
import type { ErrorCode } from "../../core/index.ts";
import type { AnswerSink, Exchange, Outgoing, Timeouts, Transport } from "./types.ts";

/** As patient as the official clients, whose own limit is ten minutes: we must not be the one who gives up first. */
export const UPSTREAM_TIMEOUTS: Timeouts = {
  // A TCP and TLS handshake that takes longer will not come.
  connectMs: 10_000,
  // Reasoning models are silent for minutes before the first byte.
  firstByteMs: 600_000,
  // Between two pieces of a stream; providers send a comment or a piece at least every minute.
  idleMs: 180_000,
  totalMs: 900_000,
};

/** Connections to one origin: above the gateway's own bound on calls in flight, so that calls queue in one place only. */
const MAX_CONNECTIONS = 1024;

/** Headers of an answer; real ones have 1 to 3 KB. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Origins with a pool of their own; they come from the config alone. */
type Pools = Map<string, Pool>;

/**
 * HTTP/1.1 by undici's dispatch: callbacks, no streams and no promises. Bytes come as they were sent, not decompressed; redirects are
 * answers; a connection on which anything went wrong is not used again.
 */
export function httpTransport(): Transport {
  const pools: Pools = new Map();
  return {
    send(outgoing, timeouts, sink) {
      const exchange = new HttpExchange(outgoing, timeouts, sink);
      const { method, path, headers, body } = outgoing;
      const { firstByteMs: headersTimeout, idleMs: bodyTimeout } = timeouts;
      const options = {
        method,
        path,
        // undici takes it so; its types do not say that the object may be readonly.
        headers: headers as Record<string, string>,
        body: body.length === 0 ? null : body,
        headersTimeout,
        bodyTimeout,
      };
      try {
        poolOf(pools, outgoing.origin, timeouts.connectMs).dispatch(options, exchange);
      } catch (error) {
        // A header or path that HTTP cannot carry.
        exchange.onResponseError(null, error as Error);
      }
      return exchange;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

function poolOf(pools: Pools, origin: string, connectMs: number): Pool {
  const key = `${connectMs} ${origin}`;
  const known = pools.get(key);
  if (known !== undefined) return known;
  const pool = new Pool(origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    // One connection per call: its end is the end of the call, and cancelling is closing.
    allowH2: false,
    connect: { timeout: connectMs },
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  pools.set(key, pool);
  return pool;
}

type Controller = Dispatcher.DispatchController;

/** Undici's handler and our exchange in one object: one allocation per call. */
class HttpExchange implements Exchange {
  readonly #sink: AnswerSink;
  readonly #origin: string;
  readonly #deadline: NodeJS.Timeout;
  #controller: Controller | null = null;
  #hasHead = false;
  #isOver = false;

  constructor(outgoing: Outgoing, timeouts: Timeouts, sink: AnswerSink) {
    this.#sink = sink;
    this.#origin = outgoing.origin;
    this.#deadline = setTimeout(() => {
      this.#fail("upstream-timeout", "the answer took too long in all");
      this.#controller?.abort(new Error("too long in all"));
    }, timeouts.totalMs);
  }

  resume(): void {
    this.#controller?.resume();
  }

  cancel(): void {
    this.#fail("cancelled", "the client went away");
    this.#controller?.abort(new Error("cancelled"));
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // Cancelled while it waited for a connection.
    if (this.#isOver) controller.abort(new Error("cancelled"));
  }

  onResponseStart(_: Controller, status: number, headers: RawHeaders): void {
    // 103 and its like say nothing yet.
    if (status < 200 || this.#isOver) return;
    this.#hasHead = true;
    const type = headers["content-type"];
    const isStream = typeof type === "string" && STREAM_TYPES.some((start) => type.startsWith(start));
    this.#sink.head(status, singleValued(headers), isStream);
  }

  onResponseData(controller: Controller, bytes: Buffer): void {
    if (!this.#isOver && !this.#sink.data(bytes)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#sink.end();
  }

  onResponseError(_: Controller | null, error: Error): void {
    const { code, what } = meaningOf(error, this.#hasHead);
    this.#fail(code, what);
  }

  #fail(code: ErrorCode, what: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#sink.fail(code, `Cannot complete the call at ${hostOf(this.#origin)}: ${what}`);
  }
}

/** Server-sent events, and the frames of Amazon's. */
const STREAM_TYPES = ["text/event-stream", "application/vnd.amazon.eventstream"];

type RawHeaders = { readonly [name: string]: string | readonly string[] | undefined };

function singleValued(headers: RawHeaders): { readonly [name: string]: string } {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== "string") return joined(headers);
  }
  // Checked above: every value is a string.
  return headers as { readonly [name: string]: string };
}

function joined(headers: RawHeaders): { readonly [name: string]: string } {
  const single: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = typeof value === "string" ? value : value.join(", ");
  }
  return single;
}

const hostOf = (origin: string): string => origin.replace(/^https?:\/\//, "");

function meaningOf(error: Error, hasHead: boolean): { readonly code: ErrorCode; readonly what: string } {
  if (error instanceof errors.ConnectTimeoutError)
    return { code: "upstream-timeout", what: "no connection in time" };
  if (error instanceof errors.HeadersTimeoutError)
    return { code: "upstream-timeout", what: "no first byte in time" };
  if (error instanceof errors.BodyTimeoutError)
    return { code: "upstream-timeout", what: "the answer stopped coming" };
  const { code } = error as { code?: unknown };
  if (!hasHead && typeof code === "string" && UNREACHABLE.has(code))
    return { code: "upstream-unreachable", what: code };
  return { code: "upstream-broken", what: error.message };
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ETIMEDOUT",
]);
