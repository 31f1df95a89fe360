import type { ErrorCode } from "../core/index.ts";
import type { KeptBytes, Protocol } from "../models/index.ts";
import { readBody } from "./body.ts";
import { replyIn } from "./client.ts";
import type { Answer } from "./exchange.ts";
import type { Arrival, Parts } from "./parts.ts";
import { protocolOf } from "./surfaces.ts";

/** A body that was read, the room that it takes in memory, and the place of its request among those under way. */
export class HeldBody {
  readonly bytes: Buffer;
  readonly #memory: KeptBytes;
  readonly #done: () => void;
  #kept: number;
  #isFree = false;

  constructor(bytes: Buffer, memory: KeptBytes, done: () => void) {
    this.bytes = bytes;
    this.#memory = memory;
    this.#done = done;
    this.#kept = bytes.length;
  }

  /** The request keeps so many bytes now. */
  grow(bytes: number): void {
    this.#memory.bytes += bytes - this.#kept;
    this.#kept = bytes;
  }

  /** Gives room and place back: once, however often it is called. */
  readonly free = (): void => {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#memory.bytes -= this.#kept;
    this.#done();
  };
}

/** Reads the body of a request and begins the work on it; what cannot be read is refused, and so is what fails here. */
export function withBody(
  arrival: Arrival,
  parts: Parts,
  done: () => void,
  work: (body: HeldBody) => void,
): void {
  const { request, response, surface } = arrival;
  const protocol = protocolOf(surface.protocol);
  readBody(request, parts.memory, (bytes, failure) => {
    if (bytes === null) {
      refuse(response, protocol, failure ?? { code: "cancelled", message: "" });
      done();
      return;
    }
    const body = new HeldBody(bytes, parts.memory, done);
    try {
      work(body);
    } catch (error) {
      parts.effects.log.error({ event: "request-failed", message: (error as Error).message });
      refuse(response, protocol, { code: "store-broken", message: "The gateway failed; its log says why" });
      body.free();
    }
  });
}

/** An error before a call has begun. The rest of the body is not read: the connection cannot be used again. */
function refuse(
  response: Answer,
  protocol: Protocol,
  refusal: { readonly code: ErrorCode; readonly message: string },
): void {
  if (!response.headersSent) response.setHeader("connection", "close");
  replyIn(response, protocol, refusal);
}
