import { HouseError, type ChatRequest } from "../../core/index.ts";
import type {
  AnswerIdentity,
  AnswerStep,
  Counts,
  Protocol,
  StepReader,
  StepWriter,
  WrittenRequest,
} from "../protocol.ts";
import type { AnswerSink } from "./types.ts";

/** Context that only the provider has whose protocol says so: without it the answer would be to another question. */
const ELSEWHERE = ["previous_response_id", "conversation", "prompt"] as const;

/** A request in another protocol than the client's, and what it loses. Throws HouseError bad-input where it cannot be said there. */
export function translatedRequest(
  request: ChatRequest,
  from: Protocol,
  to: Protocol,
  model: string,
): WrittenRequest {
  const away = from.name === "responses" ? ELSEWHERE.find((field) => isGiven(request[field])) : undefined;
  if (away !== undefined) {
    throw new HouseError(
      "bad-input",
      `Cannot ask "${model}" with ${away}: its provider does not speak ${from.name}; send the messages themselves`,
    );
  }
  return to.writeRequest({ ...request, model });
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

export type TranslationParts = {
  /** Of the provider. */
  readonly from: Protocol;
  /** Of the client. */
  readonly to: Protocol;
  readonly request: ChatRequest;
  readonly identity: AnswerIdentity;
  /** Told once, before the last bytes. */
  readonly counted: (counts: Counts) => void;
};

/** What speaks of the bytes as the provider wrote them. */
const OF_THE_BYTES = ["content-type", "content-length", "content-encoding", "content-md5", "etag"];

/** An answer of one protocol on its way to a client of another: read to steps and written anew, piece by piece. */
export class Translation implements AnswerSink {
  readonly #sink: AnswerSink;
  readonly #parts: TranslationParts;
  #reader: StepReader | null = null;
  #writer: StepWriter | null = null;
  #status = 0;
  #headers: { readonly [name: string]: string } = {};
  #isStream = false;
  #hasToldHead = false;
  #isOver = false;

  constructor(sink: AnswerSink, parts: TranslationParts) {
    this.#sink = sink;
    this.#parts = parts;
  }

  head(status: number, headers: { readonly [name: string]: string }, isStream: boolean): void {
    const { from, to, request, identity } = this.#parts;
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") {
      this.#break(`answers in content-encoding ${encoding}, which cannot be translated`);
      return;
    }
    // An error is said plainly, whatever was asked for.
    this.#isStream = request.stream === true && status < 400;
    this.#status = status;
    this.#reader = from.reader(status, isStream);
    this.#writer = to.writer({ ...request, stream: this.#isStream }, identity);
    this.#headers = { ...without(headers, OF_THE_BYTES), "content-type": this.#writer.contentType };
    if (this.#isStream) this.#tellHead(status);
  }

  data(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#reader === null) return true;
    try {
      return this.#write(this.#reader.push(bytes));
    } catch (error) {
      return this.#break((error as Error).message);
    }
  }

  end(): void {
    if (this.#isOver || this.#reader === null) return;
    try {
      this.#write(this.#reader.end());
    } catch (error) {
      this.#break((error as Error).message);
      return;
    }
    this.#isOver = true;
    this.#tellHead(this.#status);
    this.#sink.end();
  }

  fail(code: Parameters<AnswerSink["fail"]>[0], message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.fail(code, message);
  }

  #write(steps: readonly AnswerStep[]): boolean {
    let isTaking = true;
    for (const step of steps) {
      if (step.type === "finish") this.#parts.counted(step.usage);
      // Set with the reader.
      const bytes = this.#writer?.push(step) ?? new Uint8Array(0);
      if (bytes.length === 0) continue;
      // A plain answer says with its last step whether it is one.
      this.#tellHead(step.type === "error" && this.#status < 400 ? step.status : this.#status);
      isTaking = this.#sink.data(bytes) && isTaking;
    }
    return isTaking;
  }

  #tellHead(status: number): void {
    if (this.#hasToldHead) return;
    this.#hasToldHead = true;
    this.#sink.head(status, this.#headers, this.#isStream);
  }

  #break(what: string): true {
    this.#isOver = true;
    this.#sink.fail("upstream-broken", `Cannot translate the answer of the provider: ${what}`);
    return true;
  }
}

function without(
  headers: { readonly [name: string]: string },
  names: readonly string[],
): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
