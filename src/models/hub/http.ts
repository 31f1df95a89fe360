import { Agent, errors, request, type Dispatcher } from "undici";
import { HouseError, type ErrorCode } from "../../core/index.ts";

export type HubTimeouts = { readonly connectMs: number; readonly headersMs: number; readonly idleMs: number };

export const HUB_TIMEOUTS: HubTimeouts = {
  // A TCP and TLS handshake that takes longer will not come.
  connectMs: 10_000,
  // A hub looks a file up and redirects; it does not compute.
  headersMs: 30_000,
  // Between two pieces of a file. A stalled connection is given up and resumed.
  idleMs: 60_000,
};

/** A hub redirects to a store of blobs, that perhaps to a mirror near by; more is a circle. */
const MAX_REDIRECTS = 5;

/** An answer, or why there is none; `isPassing` when the same request may succeed later. */
export type HubAnswer =
  | {
      readonly type: "answer";
      readonly status: number;
      readonly headers: Dispatcher.ResponseData["headers"];
      readonly body: Dispatcher.ResponseData["body"];
    }
  | HubFailure;
export type HubFailure = {
  readonly type: "failure";
  readonly error: HouseError;
  readonly isPassing: boolean;
  /** What the server asks to wait; null when it says nothing. */
  readonly retryAfterMs: number | null;
};

export type HubRequest = {
  readonly url: URL;
  /** What is fetched, for messages. */
  readonly what: string;
  /** `Range: bytes=FROM-` when above 0. */
  readonly from: number;
};

export type HubConnection = {
  get(wanted: HubRequest, signal: AbortSignal): Promise<HubAnswer>;
  /** What a thrown error means for a request. */
  failure(error: unknown, what: string, signal: AbortSignal): HubFailure;
  close(): Promise<void>;
};

export type ConnectOptions = {
  readonly endpoint: URL;
  readonly token: string | undefined;
  readonly timeouts?: Partial<HubTimeouts>;
  readonly nowMs: () => number;
};

/** Plain GETs against a hub: redirects are followed here, so that the token reaches no host but the hub's own. */
export function connectHub({ endpoint, token, timeouts: own, nowMs }: ConnectOptions): HubConnection {
  const timeouts = { ...HUB_TIMEOUTS, ...own };
  const agent = new Agent({
    connect: { timeout: timeouts.connectMs },
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.idleMs,
  });
  const headersFor = (url: URL, from: number): Record<string, string> => ({
    "user-agent": "understudy",
    // Sizes and checksums are of the bytes as they are.
    "accept-encoding": "identity",
    ...(from > 0 ? { range: `bytes=${from}-` } : {}),
    ...(token !== undefined && url.origin === endpoint.origin ? { authorization: `Bearer ${token}` } : {}),
  });
  const follow = async ({ url, what, from }: HubRequest, signal: AbortSignal): Promise<HubAnswer> => {
    let at = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const answer = await request(at, { dispatcher: agent, headers: headersFor(at, from), signal });
      const { statusCode: status, headers, body } = answer;
      const isRedirect = status >= 300 && status < 400 && typeof headers["location"] === "string";
      if (!isRedirect && status < 300) return { type: "answer", status, headers, body };
      await body.dump({ limit: DUMP_BYTES, signal });
      if (!isRedirect) return refusal(status, what, retryAfterMs(headers["retry-after"], nowMs()));
      at = nextUrl(at, String(headers["location"]), what);
    }
    throw new HouseError("upstream-broken", `Cannot fetch ${what}: more than ${MAX_REDIRECTS} redirects`);
  };
  return {
    async get(wanted, signal) {
      try {
        return await follow(wanted, signal);
      } catch (error) {
        return failureOf(error, wanted.what, signal);
      }
    },
    failure: failureOf,
    close: () => agent.destroy(),
  };
}

/** Read of an answer that is thrown away, so that the connection can be used again. */
const DUMP_BYTES = 128 * 1024;

/** Only from http to https may the scheme change: never down, never to file: or data:. */
function nextUrl(from: URL, location: string, what: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (
    to !== null &&
    (to.protocol === from.protocol || (from.protocol === "http:" && to.protocol === "https:"))
  )
    return to;
  throw new HouseError(
    "upstream-broken",
    `Cannot fetch ${what}: "${from.host}" redirects to ${to === null ? "no URL" : `"${to.protocol}"`}, expected "${from.protocol}"`,
  );
}

const REFUSALS: { readonly [status: number]: readonly [ErrorCode, string] } = {
  401: ["bad-config", "it is private, gated or not there (401); set HF_TOKEN to a token that may read it"],
  403: [
    "bad-config",
    "access is refused (403); accept the licence on the model's page with the account of HF_TOKEN",
  ],
  404: ["not-found", "there is no such thing (404); check the name and the revision"],
  429: ["overloaded", "too many requests (429); wait, or set HF_TOKEN"],
};

function refusal(status: number, what: string, waitMs: number | null): HubFailure {
  const [code, why] = REFUSALS[status] ?? ["upstream-broken", `the hub answers ${status}`];
  const error = new HouseError(code, `Cannot fetch ${what}: ${why}`);
  return {
    type: "failure",
    error,
    isPassing: status === 408 || status === 429 || status >= 500,
    retryAfterMs: waitMs,
  };
}

/** `Retry-After` is in seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | string[] | undefined, nowMs: number): number | null {
  if (typeof header !== "string") return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function failureOf(error: unknown, what: string, signal: AbortSignal): HubFailure {
  const failure = (code: ErrorCode, why: string, isPassing: boolean): HubFailure => ({
    type: "failure",
    error: new HouseError(code, `Cannot fetch ${what}: ${why}`, { cause: error }),
    isPassing,
    retryAfterMs: null,
  });
  if (error instanceof HouseError) return { type: "failure", error, isPassing: false, retryAfterMs: null };
  if (signal.aborted)
    return failure("cancelled", "stopped; what came is kept, the same command goes on from there", false);
  if (error instanceof errors.ConnectTimeoutError)
    return failure("upstream-timeout", "no connection in time", true);
  if (error instanceof errors.HeadersTimeoutError)
    return failure("upstream-timeout", "no answer in time", true);
  if (error instanceof errors.BodyTimeoutError)
    return failure("upstream-timeout", "the answer stopped coming", true);
  // A token or an address that HTTP cannot carry; trying again changes nothing.
  if (error instanceof errors.InvalidArgumentError) return failure("bad-usage", error.message, false);
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && /CERT|SIGNATURE|ERR_(TLS|SSL)/.test(code))
    return failure("upstream-unreachable", `its TLS certificate is not accepted (${code})`, false);
  if (typeof code === "string" && UNREACHABLE.has(code)) return failure("upstream-unreachable", code, true);
  return failure("upstream-broken", `the connection broke: ${(error as Error).message}`, true);
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ETIMEDOUT",
]);
