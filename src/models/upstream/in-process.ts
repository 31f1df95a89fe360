import type { ErrorCode } from "../../core/index.ts";
import type { AnswerSink, Exchange, Outgoing, ProviderFile, Transport } from "./types.ts";

/** An answer made in this process: its bytes in the pieces given, or a failure after them. */
export type MadeAnswer = {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly isStream?: boolean;
  readonly pieces: readonly (string | Uint8Array)[];
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
  /** Waited for before the first byte, for tests of order and cancelling. */
  readonly gate?: Promise<void>;
};

/** Where outgoing requests of providers in this process point to. */
const ORIGIN = "inprocess:";

/** A provider file for answers made in this process: it speaks what it is told to, and passes on what it gets. */
export function inProcessFile(type: string, protocols: ProviderFile["protocols"]): ProviderFile {
  return {
    type,
    protocols,
    defaultUrl: null,
    prepare: ({ operation, protocol, body, headers }) => {
      const sent: { [name: string]: string } = {};
      for (const [name, value] of Object.entries(headers)) if (typeof value === "string") sent[name] = value;
      const path = operation === "generate" ? `/${protocol}` : `/${operation}`;
      return { origin: ORIGIN, method: body.length === 0 ? "GET" : "POST", path, headers: sent, body };
    },
  };
}

/** A transport that asks a function instead of a network. Never answers before `send` has returned. */
export function inProcessTransport(answer: (outgoing: Outgoing) => MadeAnswer): Transport {
  return {
    send(outgoing, _, sink) {
      const exchange = new MadeExchange(sink);
      queueMicrotask(() => exchange.begin(answer, outgoing));
      return exchange;
    },
    close: () => Promise.resolve(),
  };
}

class MadeExchange implements Exchange {
  readonly #sink: AnswerSink;
  #answer: MadeAnswer | null = null;
  #next = 0;
  #isOver = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  begin(answer: (outgoing: Outgoing) => MadeAnswer, outgoing: Outgoing): void {
    if (this.#isOver) return;
    const made = answer(outgoing);
    this.#answer = made;
    const start = (): void => this.#start(made);
    if (made.gate === undefined) start();
    else made.gate.then(start, start);
  }

  resume(): void {
    this.#play();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.fail("cancelled", "Cannot complete the call: the client went away");
  }

  #start(made: MadeAnswer): void {
    if (this.#isOver) return;
    const { status = 200, headers = {}, isStream = false, pieces, failure } = made;
    if (failure === undefined || pieces.length > 0) {
      const type = isStream ? "text/event-stream; charset=utf-8" : "application/json";
      this.#sink.head(status, { "content-type": type, ...headers }, isStream);
    }
    this.#play();
  }

  #play(): void {
    const made = this.#answer;
    if (made === null) return;
    while (!this.#isOver) {
      if (this.#next >= made.pieces.length) {
        this.#isOver = true;
        if (made.failure === undefined) this.#sink.end();
        else this.#sink.fail(made.failure.code, made.failure.message);
        return;
      }
      const piece = made.pieces[this.#next];
      this.#next += 1;
      if (!this.#sink.data(typeof piece === "string" ? Buffer.from(piece) : piece)) return;
    }
  }
}
