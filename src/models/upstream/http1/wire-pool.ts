import type { Socket } from "node:net";
import { buildConnector } from "undici";
import { Members, type Member } from "../../../core/index.ts";
import type { Timeouts } from "../types.ts";
import { SHARED_READING } from "./reading.ts";
import { KEEP_MS, Wire, type WireExchange, type WireOwner } from "./wire.ts";

/** An exchange with its times, in ticks of its pool; `expire` is called when one of them has come. */
export type TimedExchange = WireExchange &
  Member & {
    /** Until the first byte, then until the next; Infinity while the client is the one who is waited for. */
    dueTick: number;
    lastTick: number;
    expire(isInAll: boolean): void;
  };

/** Connections to one origin: above the gateway's own bound on calls in flight, so that calls queue in one place only. */
const MAX_CONNECTIONS = 1024;
/** Times are looked at so often: one timer for all, instead of some for each call. */
const MAX_TICK_MS = 500;
const MIN_TICK_MS = 5;
/** Of the shortest time, a tick is so small a part. */
const TICKS = 8;

/** Connections to one origin, and the calls on them. */
export class WirePool implements WireOwner {
  readonly origin: string;
  readonly host: string;
  tick = 0;
  readonly #address: buildConnector.Options;
  readonly #connect: buildConnector.connector;
  readonly #tickMs: number;
  readonly #timeouts: Timeouts;
  readonly #all = new Set<Wire>();
  readonly #idle: Wire[] = [];
  readonly #active = new Members<TimedExchange>();
  #waiting: TimedExchange[] = [];
  #connecting = 0;
  #isScheduled = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(origin: string, timeouts: Timeouts) {
    const { protocol, hostname, host, port } = new URL(origin);
    this.origin = origin;
    this.host = host;
    // An address of IPv6 stands in brackets in a URL, and nowhere else.
    this.#address = { protocol, hostname: hostname.replace(/^\[(.*)\]$/, "$1"), host, port };
    this.#timeouts = timeouts;
    this.#connect = buildConnector({
      timeout: timeouts.connectMs,
      allowH2: false,
      noDelay: true,
      onread: SHARED_READING,
    });
    const shortest = Math.min(timeouts.firstByteMs, timeouts.idleMs, timeouts.totalMs);
    this.#tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, Math.floor(shortest / TICKS)));
  }

  ask(exchange: TimedExchange): void {
    if (this.#isClosed) {
      exchange.broke(new Error("closed"));
      return;
    }
    exchange.lastTick = this.#in(this.#timeouts.totalMs);
    this.#active.add(exchange);
    this.#waiting.push(exchange);
    this.#timer ??= setInterval(() => this.#look(), this.#tickMs).unref();
    this.#schedule();
  }

  /** It has ended, one way or another. */
  leave(exchange: TimedExchange): void {
    this.#active.delete(exchange);
  }

  /** A piece has come, or is waited for again. */
  touch(exchange: TimedExchange): void {
    exchange.dueTick = this.#in(this.#timeouts.idleMs);
  }

  freed(wire: Wire, keepMs: number): void {
    if (this.#isClosed) return wire.destroy();
    wire.idleUntil = this.tick + Math.floor(keepMs / this.#tickMs);
    this.#idle.push(wire);
    if (this.#waiting.length > 0) this.#schedule();
  }

  closed(wire: Wire): void {
    this.#all.delete(wire);
    const at = this.#idle.indexOf(wire);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#waiting.length > 0) this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#waiting = [];
    for (const wire of this.#all) wire.destroy();
    for (const exchange of this.#active) exchange.broke(new Error("closed"));
  }

  #in(ms: number): number {
    return this.tick + Math.ceil(ms / this.#tickMs) + 1;
  }

  /**
   * Not at once: what waits to be read from a connection that lay idle, an end or bytes that nobody asked for, is read first and closes
   * it. All that came in one turn goes out together.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#deal();
    });
  }

  #deal(): void {
    const waiting = this.#waiting;
    let at = 0;
    for (; at < waiting.length; at += 1) {
      if (waiting[at].isOver) continue;
      const wire = this.#usable();
      if (wire === null) break;
      this.#send(wire, waiting[at]);
    }
    this.#waiting = at === waiting.length ? [] : waiting.slice(at);
    const room = MAX_CONNECTIONS - this.#all.size - this.#connecting;
    const lacking = Math.min(this.#waiting.length - this.#connecting, room);
    for (let count = 0; count < lacking; count += 1) this.#open();
  }

  /** The one used last: those that are not needed grow old. */
  #usable(): Wire | null {
    for (;;) {
      const wire = this.#idle.pop();
      if (wire === undefined) return null;
      if (wire.isUsable) return wire;
    }
  }

  #send(wire: Wire, exchange: TimedExchange): void {
    exchange.dueTick = this.#in(this.#timeouts.firstByteMs);
    wire.send(exchange);
  }

  #open(): void {
    this.#connecting += 1;
    this.#connect(this.#address, (...[error, socket]: buildConnector.CallbackArgs) => {
      this.#connecting -= 1;
      // Where there is an error there is no socket, whatever the type says of it.
      if (error === null) this.#opened(socket);
      else this.#unopened(error);
    });
  }

  #opened(socket: Socket): void {
    const wire = new Wire(socket, this);
    if (this.#isClosed) return wire.destroy();
    this.#all.add(wire);
    const exchange = this.#next();
    if (exchange === null) this.freed(wire, KEEP_MS);
    else this.#send(wire, exchange);
  }

  /** One attempt to connect that fails fails one call: each gets the answer that it waited for. */
  #unopened(error: Error): void {
    this.#next()?.broke(error);
    if (this.#waiting.length > 0) this.#schedule();
  }

  #next(): TimedExchange | null {
    for (;;) {
      const exchange = this.#waiting.shift();
      if (exchange === undefined) return null;
      if (!exchange.isOver) return exchange;
    }
  }

  #look(): void {
    this.tick += 1;
    for (const exchange of this.#active) {
      if (this.tick >= exchange.lastTick) exchange.expire(true);
      else if (this.tick >= exchange.dueTick) exchange.expire(false);
    }
    for (const wire of this.#idle) if (this.tick >= wire.idleUntil) wire.destroy();
    if (this.#active.size > 0 || this.#all.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
