import type { ErrorCode } from "../../core/index.ts";
import type { AnswerSink, Exchange } from "./types.ts";

/** Who makes attempts, and decides whether one is the answer. */
export type AttemptOwner = {
  /** Whether anything is left to try but this attempt. */
  readonly hasMore: boolean;
  /** Where its answer goes. */
  readonly out: AnswerSink;
  /** An answer has begun with this status; true when it is dropped because another attempt is made. */
  missesHead(status: number, headers: { readonly [name: string]: string }): boolean;
  /** It failed before its answer began; true when another is made. */
  missesWhole(code: ErrorCode, message: string): boolean;
  /** It is the answer. */
  choose(): void;
  end(): void;
  fail(code: ErrorCode, message: string): void;
};

/** Of a dropped answer this much is read, so that its connection can be used again. */
const MAX_DROPPED_BYTES = 64 * 1024;

/** One attempt: passes on what it gets, unless the question goes on without it. */
export class Attempt implements AnswerSink {
  exchange: Exchange | null = null;
  readonly #ask: AttemptOwner;
  #head: { status: number; headers: { readonly [name: string]: string } } | null = null;
  #hasBegun = false;
  #isDropped = false;
  #droppedBytes = 0;

  constructor(ask: AttemptOwner) {
    this.#ask = ask;
  }

  head(status: number, headers: { readonly [name: string]: string }, isStream: boolean): void {
    if (status >= 300 && status < 400) {
      this.#refuseRedirect(status, headers);
    } else if (this.#ask.missesHead(status, headers)) {
      this.#isDropped = true;
    } else if (isStream && status < 300 && this.#ask.hasMore) {
      // Some providers say 200 and then, in the first event, that they cannot: that is no beginning of an answer.
      this.#head = { status, headers };
    } else {
      this.#begin(status, headers, isStream);
    }
  }

  data(bytes: Uint8Array): boolean {
    if (this.#isDropped) {
      this.#droppedBytes += bytes.length;
      if (this.#droppedBytes > MAX_DROPPED_BYTES) this.exchange?.cancel();
      return true;
    }
    if (this.#head !== null) {
      const { status, headers } = this.#head;
      this.#head = null;
      if (isErrorEvent(bytes) && this.#ask.missesHead(503, headers)) {
        this.#isDropped = true;
        return true;
      }
      this.#begin(status, headers, true);
    }
    return this.#ask.out.data(bytes);
  }

  end(): void {
    if (this.#isDropped) return;
    if (this.#head !== null) this.#begin(this.#head.status, this.#head.headers, true);
    this.#ask.end();
  }

  fail(code: ErrorCode, message: string): void {
    if (this.#isDropped) return;
    if (!this.#hasBegun && this.#ask.missesWhole(code, message)) {
      this.#isDropped = true;
      return;
    }
    if (!this.#hasBegun) this.#ask.choose();
    this.#ask.fail(code, message);
  }

  // A key that was meant for one address is not sent to another.
  #refuseRedirect(status: number, headers: { readonly [name: string]: string }): void {
    this.#isDropped = true;
    this.exchange?.cancel();
    const to = (headers["location"] ?? "nowhere").slice(0, 200);
    this.#ask.choose();
    this.#ask.fail(
      "upstream-broken",
      `Cannot complete the call: the provider redirects (${status}) to ${to}; set that as its url if it is right`,
    );
  }

  #begin(status: number, headers: { readonly [name: string]: string }, isStream: boolean): void {
    this.#hasBegun = true;
    this.#head = null;
    this.#ask.choose();
    this.#ask.out.head(status, headers, isStream);
  }
}

const ERROR_STARTS = ["event: error", "event:error", 'data: {"error"', 'data:{"error"'].map((text) =>
  Buffer.from(text),
);

/** Whether a stream begins with an error event. */
function isErrorEvent(bytes: Uint8Array): boolean {
  return ERROR_STARTS.some((start) => start.compare(bytes, 0, Math.min(start.length, bytes.length)) === 0);
}
