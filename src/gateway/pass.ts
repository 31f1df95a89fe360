import type { CallDecision } from "../call.ts";
import { ERROR_CODES, parseJson, type ErrorCode } from "../core/index.ts";
import type { Exchange, Place, Question, UpstreamSink } from "../models/index.ts";
import { HttpClient, replyIn } from "./client.ts";
import { tokensIn } from "./estimate.ts";
import type { Arrival, Parts } from "./parts.ts";
import { protocolOf } from "./surfaces.ts";
import { withBody } from "./with-body.ts";

const NO_UPSTREAM =
  "No upstream is configured: start the gateway with --upstream URL, for example understudy serve --upstream https://api.openai.com/v1";

/** An endpoint beside the models: goes to the provider and back as it is, counted but not recorded. `done` is called once. */
export function pass(arrival: Arrival, parts: Parts, done: () => void): void {
  const { response, surface } = arrival;
  withBody(arrival, parts, done, ({ bytes, free }) => {
    const model = surface.operation === "models" ? arrival.model : modelIn(bytes);
    const refusal = model === null ? NO_JSON : parts.mayAsk(arrival.caller, model);
    if (model === null || refusal !== null) {
      replyIn(response, protocolOf(surface.protocol), refusal ?? NO_JSON);
      free();
      return;
    }
    relay(arrival, parts, { model, body: bytes, free });
  });
}

const NO_JSON = { code: "bad-input", message: "Cannot read the body as a JSON object" } as const;

/** Empty where none is named; null when the body is no JSON object. */
function modelIn(body: Buffer): string | null {
  const value = parseJson(body.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { model } = value as { model?: unknown };
  return typeof model === "string" ? model : "";
}

type Passed = { readonly model: string; readonly body: Buffer; readonly free: () => void };

function relay(arrival: Arrival, parts: Parts, { model, body, free }: Passed): void {
  const { request, response, surface, caller, query } = arrival;
  const { effects, upstreams } = parts;
  const protocol = protocolOf(surface.protocol);
  if (upstreams === null) {
    replyIn(response, protocol, { code: "no-upstream", message: NO_UPSTREAM });
    free();
    return;
  }
  const targets = upstreams.modelsFor(model);
  const size = { inputTokens: tokensIn(body), outputTokens: 0 };
  const held = parts.accountant.reserve({ keyId: caller.keyId, taskId: null, model, targets, ...size });
  if ("code" in held) {
    replyIn(response, protocol, held);
    free();
    return;
  }
  const id = effects.newId("call");
  const client = new HttpClient(response, protocol, id);
  const question: Question = {
    operation: surface.operation,
    protocol: surface.protocol,
    model,
    isStream: false,
    body,
    headers: request.headers,
    query,
    hasOwnKey: caller.hasKey,
    session: null,
    pins: [],
    request: null,
  };
  const startedMs = effects.nowMs();
  parts.clients.add(client);
  const sink = new Relay(
    client,
    (end) => {
      parts.clients.delete(client);
      const isRefused = end.failure === null && end.status >= 400;
      if (end.place === null && end.failure !== null) held.release();
      else held.settle(isRefused ? NO_TOKENS : UNKNOWN, "provider", end.place?.model);
      const { traceparent } = request.headers;
      parts.observe({
        callId: id,
        session: { id },
        keyId: caller.keyId,
        surface: surface.path,
        operation: surface.operation,
        model,
        upstreamModel: end.place?.model ?? null,
        provider: end.place?.provider ?? null,
        decision: DECISION,
        isStream: false,
        startedMs,
        firstByteMs: end.firstByteMs,
        endedMs: effects.nowMs(),
        status: end.status,
        failure: end.failure,
        usage: isRefused ? NO_TOKENS : UNKNOWN,
        attempts: end.attempts,
        traceparent: typeof traceparent === "string" ? traceparent : null,
      });
      free();
    },
    effects.nowMs,
  );
  client.decided(DECISION, sink);
  sink.exchange = upstreams.ask(question, sink);
}

/** Nothing is known of such a request. */
const DECISION: CallDecision = { servedBy: "provider", reason: "novel", taskId: null, score: null };
const NO_TOKENS = { inputTokens: 0, outputTokens: 0 };
const UNKNOWN = { inputTokens: null, outputTokens: null };

type RelayEnd = {
  readonly place: Place | null;
  readonly attempts: number;
  readonly status: number;
  readonly failure: ErrorCode | null;
  readonly firstByteMs: number | null;
};

/** From the provider to the client and nothing between. */
class Relay implements UpstreamSink, Exchange {
  exchange: Exchange | null = null;
  readonly lost: readonly string[] = [];
  readonly #client: HttpClient;
  readonly #done: (end: RelayEnd) => void;
  readonly #nowMs: () => number;
  #place: Place | null = null;
  #attempts = 0;
  #status = 0;
  #firstByteMs: number | null = null;

  constructor(client: HttpClient, done: (end: RelayEnd) => void, nowMs: () => number) {
    this.#client = client;
    this.#done = done;
    this.#nowMs = nowMs;
  }

  resume(): void {
    this.exchange?.resume();
  }

  cancel(): void {
    this.exchange?.cancel();
  }

  chosen(place: Place, attempts: number): void {
    this.#place = place;
    this.#attempts = attempts;
  }

  /** Nothing here is translated. */
  counted(): void {}

  head(status: number, headers: { readonly [name: string]: string }, isStream: boolean): void {
    this.#status = status;
    this.#firstByteMs = this.#nowMs();
    this.#client.head(status, headers, isStream);
  }

  data(bytes: Uint8Array): boolean {
    return this.#client.data(bytes);
  }

  end(): void {
    this.#client.end();
    this.#tell(this.#status, null);
  }

  fail(code: ErrorCode, message: string): void {
    this.#client.fail(code, message);
    this.#tell(ERROR_CODES[code].status, code);
  }

  #tell(status: number, failure: ErrorCode | null): void {
    this.#done({
      place: this.#place,
      attempts: this.#attempts,
      status,
      failure,
      firstByteMs: this.#firstByteMs,
    });
  }
}
