import { errors, Pool, type Dispatcher } from "undici";
import { HouseError, type ErrorCode } from "../core/index.ts";
import { plainFold, streamFold } from "./protocols/chat/fold.ts";
import type { Headers, Provider, ProviderCall, ProviderEvent } from "./provider.ts";

export type UpstreamTimeouts = {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
};

/** As patient as the official clients, whose own limit is ten minutes: we must not be the one who gives up first. */
export const UPSTREAM_TIMEOUTS: UpstreamTimeouts = {
  // A TCP and TLS handshake that takes longer will not come.
  connectMs: 10_000,
  // Reasoning models are silent for minutes before the first byte.
  firstByteMs: 600_000,
  // Between two pieces of a stream; providers send a comment or a piece at least every minute.
  idleMs: 180_000,
  totalMs: 900_000,
};

/** Connections to one upstream: above the gateway's own bound on calls in flight, so that calls queue in one place only. */
const MAX_CONNECTIONS = 512;

/** A list of models is small; an endless one is not ours to hold. */
const MAX_MODELS_BYTES = 4 * 1024 * 1024;

export type UpstreamOptions = {
  /** With the version: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Used when the client sends no `authorization` of its own. */
  readonly key?: string;
  readonly timeouts?: Partial<UpstreamTimeouts>;
};

/** Any OpenAI-compatible endpoint. Bytes pass untouched in both directions; the answer is folded beside them. */
export function openaiUpstream(options: UpstreamOptions): Provider {
  const base = baseOf(options.baseUrl);
  const timeouts = { ...UPSTREAM_TIMEOUTS, ...options.timeouts };
  const pool = new Pool(base.origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    connect: { timeout: timeouts.connectMs },
    headersTimeout: timeouts.firstByteMs,
    bodyTimeout: timeouts.idleMs,
  });
  const path = base.pathname.replace(/\/+$/, "");
  const send = (target: string, call: ProviderCall | null, headers: Headers, signal: AbortSignal) =>
    pool.request({
      path: `${path}${target}${base.search}`,
      method: call === null ? "GET" : "POST",
      headers: forwarded(headers, options.key),
      ...(call === null ? {} : { body: call.body }),
      signal,
    });
  return {
    name: base.host,
    async *complete(call, signal) {
      const limit = withDeadline(signal, timeouts.totalMs);
      try {
        yield* relay(await send("/chat/completions", call, call.headers, limit.signal));
      } catch (error) {
        yield errorEvent(error, { signal, limit, host: base.host });
      } finally {
        limit.clear();
      }
    },
    async models(headers, signal) {
      const limit = withDeadline(signal, timeouts.connectMs + timeouts.idleMs);
      try {
        const answer = await send("/models", null, headers, limit.signal);
        return { status: answer.statusCode, body: await readAll(answer.body) };
      } catch (error) {
        const { code, message } = errorEvent(error, { signal, limit, host: base.host });
        throw new HouseError(code, message, { cause: error });
      } finally {
        limit.clear();
      }
    },
    close: () => pool.destroy(),
  };
}

async function* relay(answer: Dispatcher.ResponseData): AsyncGenerator<ProviderEvent, void> {
  const status = answer.statusCode;
  const type = answer.headers["content-type"];
  const isStream = typeof type === "string" && type.startsWith("text/event-stream");
  const fold = isStream ? streamFold() : plainFold(status);
  yield { type: "answer-start", status, headers: passedBack(answer.headers), isStream };
  for await (const chunk of answer.body) {
    // undici's body yields Buffers unless an encoding is set.
    const bytes = chunk as Uint8Array;
    yield { type: "answer-delta", bytes, isLast: fold.push(bytes) };
  }
  yield { type: "answer-end", answer: fold.end() };
}

async function readAll(body: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > MAX_MODELS_BYTES)
      throw new HouseError("upstream-broken", `List of models is over ${MAX_MODELS_BYTES} bytes`);
  }
  return Buffer.concat(chunks);
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new HouseError(
    "bad-config",
    `Cannot use upstream "${text}": expected a URL like https://api.openai.com/v1`,
  );
}

// What says who asks, for what account, in what form. Everything else (cookies, hops, our own x-understudy-*) stays here.
const FORWARDED =
  /^(accept|authorization|api-key|x-api-key|content-type|user-agent|idempotency-key|openai-(organization|project|beta)|x-request-id|x-client-request-id|x-stainless-[\w-]+|traceparent|tracestate)$/;

function forwarded(headers: Headers, key: string | undefined): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string" && FORWARDED.test(name)) own[name] = value;
  }
  if (own["authorization"] === undefined && key !== undefined) own["authorization"] = `Bearer ${key}`;
  own["content-type"] ??= "application/json";
  // The answer is read beside the stream, so it must come uncompressed.
  own["accept-encoding"] = "identity";
  return own;
}

const PASSED_BACK =
  /^(content-type|content-encoding|retry-after|retry-after-ms|x-request-id|x-should-retry|openai-[\w-]+|x-ratelimit-[\w-]+|www-authenticate)$/;

function passedBack(headers: Headers): Record<string, string> {
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && PASSED_BACK.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

type Deadline = {
  readonly signal: AbortSignal;
  readonly hasPassed: () => boolean;
  readonly clear: () => void;
};

// AbortSignal.any with AbortSignal.timeout keeps timers alive long after the call; this one is cleared with it.
function withDeadline(signal: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  let hasPassed = false;
  const stop = (): void => controller.abort();
  const timer = setTimeout(() => {
    hasPassed = true;
    stop();
  }, ms);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return {
    signal: controller.signal,
    hasPassed: () => hasPassed,
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    },
  };
}

type Circumstances = { readonly signal: AbortSignal; readonly limit: Deadline; readonly host: string };
type ErrorEvent = Extract<ProviderEvent, { type: "answer-error" }>;

function errorEvent(error: unknown, { signal, limit, host }: Circumstances): ErrorEvent {
  const event = (code: ErrorCode, what: string): ErrorEvent => ({
    type: "answer-error",
    code,
    message: `Cannot complete the call at ${host}: ${what}`,
  });
  if (error instanceof HouseError) return event(error.code, error.message);
  if (signal.aborted) return event("cancelled", "the client went away");
  if (limit.hasPassed()) return event("upstream-timeout", "the answer took too long in all");
  if (error instanceof errors.ConnectTimeoutError) return event("upstream-timeout", "no connection in time");
  if (error instanceof errors.HeadersTimeoutError) return event("upstream-timeout", "no first byte in time");
  if (error instanceof errors.BodyTimeoutError) return event("upstream-timeout", "the answer stopped coming");
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && UNREACHABLE.has(code)) return event("upstream-unreachable", code);
  return event("upstream-broken", (error as Error).message);
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ETIMEDOUT",
]);
