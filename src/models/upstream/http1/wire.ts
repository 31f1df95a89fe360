import type { Socket } from "node:net";
import { AnswerReader, type AnswerTaker, type Reading } from "./answer-reader.ts";
import { readWith } from "./reading.ts";

/** One question on a connection: what goes out, and who takes the answer. */
export type WireExchange = AnswerTaker & {
  readonly text: string;
  readonly body: Uint8Array;
  /** Set while it has a connection. */
  wire: Wire | null;
  /** Nobody waits for it any more. */
  readonly isOver: boolean;
  /** The answer has been taken whole; the connection is free. */
  whole(): void;
  broke(error: Error): void;
};

export type WireOwner = {
  /** The connection may be used again. */
  freed(wire: Wire, keepMs: number): void;
  closed(wire: Wire): void;
};

/** Headers of an answer; real ones have 1 to 3 KB. */
const MAX_HEADER_BYTES = 64 * 1024;
/** A longer body is not copied behind its head. */
const MAX_COPIED_BYTES = 64 * 1024;

/** How long a connection is kept when its server does not say; many close after 5 s. */
export const KEEP_MS = 4000;
/** A server's own time is taken for so much less: what is sent as it closes is lost. */
const KEEP_MARGIN_MS = 2000;
const MAX_KEEP_MS = 600_000;

/** One connection to a provider: one question at a time, and nothing is believed that nobody asked for. */
export class Wire {
  readonly #socket: Socket;
  readonly #owner: WireOwner;
  #exchange: WireExchange | null = null;
  #reader: AnswerReader | null = null;
  #error: Error | null = null;
  #keepMs = KEEP_MS;
  /** When it is closed if nothing is asked until then, in the pool's ticks. */
  idleUntil = 0;

  constructor(socket: Socket, owner: WireOwner) {
    this.#socket = socket;
    this.#owner = owner;
    readWith(socket, (bytes) => this.#take(bytes));
    socket.on("end", () => this.#end());
    socket.on("error", (error) => (this.#error ??= error));
    socket.on("close", () => this.#close());
  }

  get isUsable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#exchange === null;
  }

  send(exchange: WireExchange): void {
    const socket = this.#socket;
    const { text, body } = exchange;
    exchange.wire = this;
    this.#exchange = exchange;
    this.#keepMs = KEEP_MS;
    this.#reader = new AnswerReader(this, MAX_HEADER_BYTES);
    if (body.length > MAX_COPIED_BYTES) {
      socket.cork();
      socket.write(text, "latin1");
      socket.write(body);
      socket.uncork();
      return;
    }
    // One piece, one call to the system.
    const bytes = Buffer.allocUnsafe(text.length + body.length);
    bytes.write(text, 0, "latin1");
    bytes.set(body, text.length);
    socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Its exchange is told nothing any more. */
  destroy(): void {
    this.#exchange = null;
    this.#socket.destroy();
  }

  head(status: number, headers: { readonly [name: string]: string }): void {
    const hint = headers["keep-alive"];
    if (hint !== undefined) this.#keepMs = keptMs(hint);
    this.#exchange?.head(status, headers);
  }

  data(bytes: Buffer): void {
    this.#exchange?.data(bytes);
  }

  #take(bytes: Buffer): void {
    const exchange = this.#exchange;
    // An answer to nothing: whatever it is, it must not become the next one's.
    if (exchange === null || this.#reader === null) this.#socket.destroy();
    else this.#come(this.#reader.push(bytes), exchange);
  }

  #end(): void {
    const exchange = this.#exchange;
    if (exchange !== null && this.#reader !== null) this.#come(this.#reader.finish(), exchange);
    this.#socket.destroy();
  }

  #come(reading: Reading, exchange: WireExchange): void {
    // Cancelled by who took the bytes.
    if (this.#exchange !== exchange || reading.kind === "more") return;
    this.#exchange = null;
    this.#reader = null;
    if (reading.kind === "broken") {
      this.#socket.destroy();
      exchange.broke(this.#error ?? new Error(reading.why));
      return;
    }
    const socket = this.#socket;
    // An answer that did not wait for the whole question: the rest of it is still on its way.
    const isFree = reading.isClean && socket.writableLength === 0 && this.#keepMs > 0 && !socket.destroyed;
    if (isFree) {
      if (socket.isPaused()) socket.resume();
      this.#owner.freed(this, this.#keepMs);
    } else {
      socket.destroy();
    }
    exchange.whole();
  }

  #close(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#owner.closed(this);
    exchange?.broke(this.#error ?? new Error("other side closed"));
  }
}

const TIMEOUT = /(?:^|[,;])[\t ]*timeout=(\d{1,6})/i;

function keptMs(hint: string): number {
  const seconds = TIMEOUT.exec(hint)?.[1];
  return seconds === undefined ? KEEP_MS : Math.min(MAX_KEEP_MS, Number(seconds) * 1000 - KEEP_MARGIN_MS);
}
