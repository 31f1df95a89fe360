import { errors } from "undici";
import { NOWHERE, type ErrorCode } from "../../core/index.ts";
import { requestText } from "./http1/request-text.ts";
import type { Wire } from "./http1/wire.ts";
import { WirePool, type TimedExchange } from "./http1/wire-pool.ts";
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

/**
 * HTTP/1.1 by callbacks, no streams and no promises. Bytes come as they were sent, not decompressed; redirects are answers; a connection
 * on which anything went wrong is not used again.
 */
export function httpTransport(): Transport {
  // Origins and time-outs come from the config alone.
  const pools = new Map<Timeouts, Map<string, WirePool>>();
  const poolOf = (origin: string, timeouts: Timeouts): WirePool => {
    let byOrigin = pools.get(timeouts);
    if (byOrigin === undefined) pools.set(timeouts, (byOrigin = new Map()));
    let pool = byOrigin.get(origin);
    if (pool === undefined) byOrigin.set(origin, (pool = new WirePool(origin, timeouts)));
    return pool;
  };
  return {
    send(outgoing, timeouts, sink) {
      const pool = poolOf(outgoing.origin, timeouts);
      const exchange = new HttpExchange(outgoing, pool, sink);
      exchange.begin();
      return exchange;
    },
    close() {
      for (const byOrigin of pools.values()) for (const pool of byOrigin.values()) pool.close();
      return Promise.resolve();
    },
  };
}

/** The connection's exchange and ours in one object: one allocation per call. */
class HttpExchange implements Exchange, TimedExchange {
  readonly #sink: AnswerSink;
  readonly #pool: WirePool;
  readonly #outgoing: Outgoing;
  readonly body: Uint8Array;
  text = "";
  wire: Wire | null = null;
  place = NOWHERE;
  dueTick = Infinity;
  lastTick = Infinity;
  isOver = false;
  #hasHead = false;
  #isPaused = false;

  constructor(outgoing: Outgoing, pool: WirePool, sink: AnswerSink) {
    this.#outgoing = outgoing;
    this.body = outgoing.body;
    this.#pool = pool;
    this.#sink = sink;
  }

  begin(): void {
    try {
      this.text = requestText(this.#outgoing, this.#pool.host);
    } catch (error) {
      // A header or path that HTTP cannot carry.
      this.broke(error as Error);
      return;
    }
    this.#pool.ask(this);
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.isOver) return;
    this.#pool.touch(this);
    this.wire?.resume();
  }

  cancel(): void {
    this.#fail("cancelled", "the client went away");
  }

  expire(isInAll: boolean): void {
    if (isInAll) this.#fail("upstream-timeout", "the answer took too long in all");
    else
      this.#fail("upstream-timeout", this.#hasHead ? "the answer stopped coming" : "no first byte in time");
  }

  head(status: number, headers: { readonly [name: string]: string }): void {
    if (this.isOver) return;
    this.#hasHead = true;
    this.#pool.touch(this);
    const type = headers["content-type"];
    const isStream = type !== undefined && STREAM_TYPES.some((start) => type.startsWith(start));
    this.#sink.head(status, headers, isStream);
  }

  data(bytes: Buffer): void {
    if (this.isOver) return;
    this.#pool.touch(this);
    if (this.#sink.data(bytes) || this.isOver) return;
    this.#isPaused = true;
    // It is the client who is waited for.
    this.dueTick = Infinity;
    this.wire?.pause();
  }

  whole(): void {
    if (!this.#close()) return;
    this.#sink.end();
  }

  broke(error: Error): void {
    const { code, what } = meaningOf(error, this.#hasHead);
    this.#fail(code, what);
  }

  #fail(code: ErrorCode, what: string): void {
    const wire = this.wire;
    if (!this.#close()) return;
    wire?.destroy();
    this.#sink.fail(code, `Cannot complete the call at ${hostOf(this.#pool.origin)}: ${what}`);
  }

  /** False when it was over already. */
  #close(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    // It may be another's from now on.
    this.wire = null;
    this.#pool.leave(this);
    return true;
  }
}

/** Server-sent events, and the frames of Amazon's. */
const STREAM_TYPES = ["text/event-stream", "application/vnd.amazon.eventstream"];

const hostOf = (origin: string): string => origin.replace(/^https?:\/\//, "");

function meaningOf(error: Error, hasHead: boolean): { readonly code: ErrorCode; readonly what: string } {
  if (error instanceof errors.ConnectTimeoutError)
    return { code: "upstream-timeout", what: "no connection in time" };
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
