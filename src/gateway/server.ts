import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CallDeps } from "../call.ts";
import { HouseError, type Effects } from "../core/index.ts";
import { modelList, type Provider } from "../models/index.ts";
import type { Policy } from "../route/index.ts";
import type { Store } from "../store/index.ts";
import { chat } from "./chat.ts";
import { createRecorder } from "./recorder.ts";
import { errorBody, replyBytes, replyError, replyHouseError, replyJson } from "./reply.ts";
import { refusalOf } from "./visitor.ts";

/** Calls in flight; more are refused with Retry-After: each holds a body, a connection and an answer in memory. */
export const MAX_IN_FLIGHT = 256;
/** A header that takes longer comes from no client we know. */
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request with its body, over a slow line. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Above the pools of the usual clients, which keep connections for about a minute or less. */
const KEEP_ALIVE_MS = 75_000;
/** Sockets, idle ones included: a few for each call in flight. */
const MAX_CONNECTIONS = 4 * MAX_IN_FLIGHT;
/** What is still running then is cut off, recorded as cancelled. Below the usual grace of 30 s before a kill. */
export const DRAIN_MS = 20_000;

export type GatewayOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly maxInFlight?: number;
  readonly drainMs?: number;
};

export type GatewayDeps = {
  readonly effects: Effects;
  readonly store: Pick<Store, "calls" | "pseudonym">;
  readonly provider: Provider | null;
  /** The present routing: read anew for every call. */
  readonly routing: () => { readonly assign: CallDeps["assign"]; readonly policy: Policy };
};

export type Gateway = {
  readonly url: string;
  /** Takes no more calls, lets those in flight end within a bound, then writes what is left. */
  close(): Promise<void>;
};

/** Listens. Throws HouseError bad-config when the address cannot be used. */
export async function startGateway(options: GatewayOptions, deps: GatewayDeps): Promise<Gateway> {
  const { effects, store } = deps;
  const recorder = createRecorder(store.calls, effects.nowMs);
  const drain = new AbortController();
  const state: State = { inFlight: 0, isDraining: false };
  const running = new Set<Promise<void>>();
  const line = (): CallDeps => ({
    effects,
    ...deps.routing(),
    provider: deps.provider,
    record: (call) => recorder.record(call),
    pseudonym: (kind, value) => store.pseudonym(kind, value),
  });
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      const bounds = { options, state, drain: drain.signal };
      // A broken connection is its `close`; without a listener its `error` would end the process.
      response.on("error", () => response.destroy());
      const one = serveOne(request, response, { line, provider: deps.provider, bounds })
        .catch((error: unknown) => {
          effects.log.error({ event: "request-failed", message: (error as Error).message });
          if (response.headersSent) response.destroy();
          else replyError(response, 500, errorBody("bad-config", "The gateway failed; its log says why"));
        })
        .finally(() => running.delete(one));
      running.add(one);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const name = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${name}:${port}`,
    async close() {
      state.isDraining = true;
      await drained(server, drain, options.drainMs ?? DRAIN_MS);
      // Calls whose client has gone have no connection any more, but are still to be recorded.
      drain.abort();
      await Promise.all(running);
      recorder.close();
    },
  };
}

type State = { inFlight: number; isDraining: boolean };

type Parts = {
  readonly line: () => CallDeps;
  readonly provider: Provider | null;
  readonly bounds: { readonly options: GatewayOptions; readonly state: State; readonly drain: AbortSignal };
};

async function serveOne(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { options, state, drain } = parts.bounds;
  const refused = refusalOf(request, options.host);
  if (refused !== null) {
    response.setHeader("connection", "close");
    replyError(response, 403, {
      message: refused,
      type: "invalid_request_error",
      param: null,
      code: "refused_origin",
    });
    return;
  }
  const path = (request.url ?? "/").split("?", 1)[0];
  const method = METHODS.get(path);
  if (method === undefined) {
    replyError(
      response,
      404,
      errorBody("not-found", `There is no ${path.slice(0, 200)}: try ${[...METHODS.keys()].join(", ")}`),
    );
  } else if (method !== request.method) {
    response.setHeader("allow", method);
    const message = `${path} takes ${method}, not ${request.method ?? ""}`;
    replyError(response, 405, {
      message,
      type: "invalid_request_error",
      param: null,
      code: "method_not_allowed",
    });
  } else if (path === "/healthz") {
    replyJson(response, 200, { status: "ok" });
  } else if (path === "/readyz") {
    replyJson(response, state.isDraining ? 503 : 200, { status: state.isDraining ? "draining" : "ready" });
  } else if (path === "/v1/models") {
    await models(request, response, parts);
  } else if (state.isDraining || state.inFlight >= (options.maxInFlight ?? MAX_IN_FLIGHT)) {
    response.setHeader("connection", "close");
    replyHouseError(
      response,
      "overloaded",
      "The gateway is at its bound of calls in flight: try again in a moment",
    );
  } else {
    state.inFlight += 1;
    try {
      await chat(request, response, parts.line(), drain);
    } finally {
      state.inFlight -= 1;
    }
  }
}

const METHODS = new Map([
  ["/v1/chat/completions", "POST"],
  ["/v1/models", "GET"],
  ["/healthz", "GET"],
  ["/readyz", "GET"],
]);

async function models(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  if (parts.provider === null) {
    replyBytes(response, 200, modelList([]));
    return;
  }
  try {
    const { status, body } = await parts.provider.models(request.headers, parts.bounds.drain);
    replyBytes(response, status, body);
  } catch (error) {
    if (!(error instanceof HouseError)) throw error;
    replyHouseError(response, error.code, error.message);
  }
}

async function listen(server: Server, { host, port }: GatewayOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, () => resolve());
  try {
    await promise;
  } catch (error) {
    const isTaken = (error as { code?: string }).code === "EADDRINUSE";
    const what = isTaken ? "the port is in use; choose another with --port" : (error as Error).message;
    throw new HouseError("bad-config", `Cannot listen on ${host}:${port}: ${what}`, { cause: error });
  } finally {
    server.off("error", reject);
  }
}

async function drained(server: Server, drain: AbortController, drainMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const cut = setTimeout(() => drain.abort(), drainMs);
  // A client that does not even take the end of its answer.
  const kill = setTimeout(() => server.closeAllConnections(), drainMs + 1000);
  await promise;
  clearTimeout(cut);
  clearTimeout(kill);
}
