import type { ErrorCode } from "../../core/index.ts";
import type {
  Account,
  AnswerSink,
  Exchange,
  Outgoing,
  ProviderFile,
  Timeouts,
  Transport,
  UpstreamCall,
} from "./types.ts";
import type { UpstreamProvider } from "./upstreams.ts";

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

/** What a provider in this process is asked. */
export type MadeQuestion = Pick<UpstreamCall, "operation" | "protocol" | "model" | "body" | "headers"> & {
  /** The account's; null when there is none. */
  readonly key: string | null;
};

/** The timeouts of a provider that needs none. */
const PATIENT: Timeouts = { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 };
const NO_ACCOUNT: Account = { url: null, key: null, settings: {}, headers: {} };

/** A provider that asks a function instead of a network, in any protocol of the gateway's surfaces. Never answers at once. */
export function inProcessProvider(
  name: string,
  answer: (question: MadeQuestion) => MadeAnswer,
): UpstreamProvider {
  // An outgoing request is told apart by itself: what was asked need not be written and read again.
  const questions = new WeakMap<Outgoing, MadeQuestion>();
  const file: ProviderFile = {
    type: name,
    protocols: ["chat", "responses", "messages"],
    defaultUrl: null,
    prepare: ({ operation, protocol, model, body, headers }, { key }) => {
      const outgoing: Outgoing = { origin: name, method: "POST", path: "/", headers: {}, body };
      questions.set(outgoing, { operation, protocol, model, body, headers, key });
      return outgoing;
    },
  };
  const transport: Transport = {
    send(outgoing, _, sink) {
      const exchange = new MadeExchange(sink);
      // Set by `prepare`.
      const question = questions.get(outgoing) as MadeQuestion;
      queueMicrotask(() => exchange.begin(answer, question));
      return exchange;
    },
    close: () => Promise.resolve(),
  };
  return { name, file, accounts: [NO_ACCOUNT], timeouts: PATIENT, transport };
}

class MadeExchange implements Exchange {
  readonly #sink: AnswerSink;
  #answer: MadeAnswer | null = null;
  #next = 0;
  #isOver = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  begin(answer: (question: MadeQuestion) => MadeAnswer, question: MadeQuestion): void {
    if (this.#isOver) return;
    const made = answer(question);
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
