import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AnswerCache, CallDeps, Recording } from "../call.ts";
import { HouseError, type Effects } from "../core/index.ts";
import type { KeptBytes, Upstreams } from "../models/index.ts";
import { MAX_KEPT_IN_ALL_BYTES } from "../models/index.ts";
import type { Store } from "../store/index.ts";
import { replyIn } from "./client.ts";
import { noLimits, nobodyWatches, openDoor } from "./defaults.ts";
import { mayAsk } from "./gatekeeper.ts";
import { generate, protocolOf } from "./generate.ts";
import type { Accountant, Gatekeeper, Observer } from "./hooks.ts";
import { replyAlias, replyAliases } from "./model-names.ts";
import type { Arrival, Parts, Stats } from "./parts.ts";
import { pass } from "./pass.ts";
import { errorBody, replyError, replyJson } from "./reply.ts";
import { SURFACE_PATHS, surfaceAt } from "./surfaces.ts";
import { refusalOf } from "./visitor.ts";

/** Calls in flight; more are refused with Retry-After: each holds a body, two connections and an answer in memory. */
export const MAX_IN_FLIGHT = 2048;
/** A header that takes longer comes from no client we know. */
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request with its body, over a slow line. */
const REQUEST_TIMEOUT_MS = 120_000;
/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 2000;
/** Above the pools of the usual clients, which keep connections for about a minute or less. */
const KEEP_ALIVE_MS = 75_000;
/** Sockets, idle ones included: a few for each call in flight. */
const MAX_CONNECTIONS = 4 * MAX_IN_FLIGHT;
/** Real requests have 1 to 4 KB of headers. */
const MAX_HEADER_BYTES = 32 * 1024;
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
  readonly store: Pick<Store, "pseudonym">;
  /** Null when none is configured: specialists still answer. */
  readonly upstreams: Upstreams | null;
  /** The present routing: read anew for every call. */
  readonly routing: () => Pick<CallDeps, "assign" | "policy">;
  readonly recording: Recording;
  readonly gatekeeper?: Gatekeeper;
  readonly accountant?: Accountant;
  readonly observe?: Observer;
  readonly cache?: AnswerCache | null;
};

export type Gateway = {
  readonly url: string;
  readonly inFlight: () => number;
  /** Calls served unrecorded, requests refused: since the start. */
  readonly stats: Readonly<Stats>;
  readonly keptBytes: () => number;
  /** Takes no more calls, lets those in flight end within a bound, then cuts off what is left. The log of calls is not closed. */
  close(): Promise<void>;
};

type State = {
  inFlight: number;
  isDraining: boolean;
  idle: (() => void) | null;
};

/** Listens. Throws HouseError bad-config when the address cannot be used. */
export async function startGateway(options: GatewayOptions, deps: GatewayDeps): Promise<Gateway> {
  const memory: KeptBytes = { bytes: 0 };
  const state: State = { inFlight: 0, isDraining: false, idle: null };
  const parts: Parts = {
    effects: deps.effects,
    routing: deps.routing,
    upstreams: deps.upstreams,
    recording: deps.recording,
    memory,
    cache: deps.cache ?? null,
    accountant: deps.accountant ?? noLimits,
    observe: deps.observe ?? nobodyWatches,
    mayAsk,
    pseudonym: (kind, value) => deps.store.pseudonym(kind, value),
    clients: new Set(),
    stats: { unrecorded: 0, refused: 0 },
  };
  const door: Door = { options, state, parts, gatekeeper: deps.gatekeeper ?? openDoor };
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      // A broken connection is its `close`; without a listener its `error` would end the process.
      response.on("error", () => response.destroy());
      try {
        take(request, response, door);
      } catch (error) {
        deps.effects.log.error({ event: "request-failed", message: (error as Error).message });
        if (response.headersSent) response.destroy();
        else replyError(response, 500, errorBody("bad-config", "The gateway failed; its log says why"));
      }
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const name = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${name}:${port}`,
    inFlight: () => state.inFlight,
    stats: parts.stats,
    keptBytes: () => memory.bytes,
    async close() {
      state.isDraining = true;
      await drained(server, parts, options.drainMs ?? DRAIN_MS);
      // Calls whose client has gone have no connection any more, but are still to be recorded.
      for (const client of parts.clients) client.leave();
      if (state.inFlight > 0) await new Promise<void>((resolve) => (state.idle = resolve));
    },
  };
}

type Door = {
  readonly options: GatewayOptions;
  readonly state: State;
  readonly parts: Parts;
  readonly gatekeeper: Gatekeeper;
};

function take(request: IncomingMessage, response: ServerResponse, door: Door): void {
  const refused = refusalOf(request, door.options.host);
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
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const found = surfaceAt(path);
  if (found === undefined) {
    takeOther(path, request, response, door);
  } else if (found.surface.method !== request.method) {
    refuseMethod(path, found.surface.method, request, response);
  } else {
    admit({ request, response, ...found, query: mark < 0 ? "" : url.slice(mark) }, door);
  }
}

/** A request to a surface: who asks, and is there room. */
function admit(asked: Omit<Arrival, "caller">, { gatekeeper, state, options, parts }: Door): void {
  const { request, response, surface } = asked;
  const caller = gatekeeper.admit(request, "ingest");
  const protocol = protocolOf(surface.protocol);
  if ("code" in caller) {
    replyIn(response, protocol, caller);
    return;
  }
  const isFull =
    state.inFlight >= (options.maxInFlight ?? MAX_IN_FLIGHT) || parts.memory.bytes >= MAX_KEPT_IN_ALL_BYTES;
  if (state.isDraining || isFull) {
    parts.stats.refused += 1;
    if (state.isDraining) response.setHeader("connection", "close");
    replyIn(response, protocol, {
      code: "overloaded",
      message: "The gateway is at its bound of calls in flight: try again in a moment",
    });
    return;
  }
  const { upstreams } = parts;
  if (surface.operation === "models" && upstreams !== null && upstreams.aliases.length > 0) {
    if (asked.model === "") return replyAliases(response, upstreams);
    if (replyAlias(response, upstreams, asked.model)) return;
  }
  state.inFlight += 1;
  const arrival: Arrival = { ...asked, caller };
  const done = (): void => {
    state.inFlight -= 1;
    if (state.inFlight === 0) state.idle?.();
  };
  if (surface.operation === "generate") generate(arrival, parts, done);
  else pass(arrival, parts, done);
}

function takeOther(path: string, request: IncomingMessage, response: ServerResponse, { state }: Door): void {
  if (path !== "/healthz" && path !== "/readyz") {
    const known = [...SURFACE_PATHS, "/healthz", "/readyz"].join(", ");
    const message = `There is no ${path.slice(0, 200)}: try ${known}`;
    replyError(response, 404, errorBody("not-found", message));
  } else if (request.method !== "GET") {
    refuseMethod(path, "GET", request, response);
  } else if (path === "/healthz") {
    replyJson(response, 200, { status: "ok" });
  } else {
    const { isDraining } = state;
    replyJson(response, isDraining ? 503 : 200, { status: isDraining ? "draining" : "ready" });
  }
}

function refuseMethod(
  path: string,
  method: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  response.setHeader("allow", method);
  replyError(response, 405, {
    message: `${path} takes ${method}, not ${request.method ?? ""}`,
    type: "invalid_request_error",
    param: null,
    code: "method_not_allowed",
  });
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

async function drained(server: Server, { clients }: Parts, drainMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const cut = setTimeout(() => {
    for (const client of clients) client.leave();
  }, drainMs);
  // A client that does not even take the end of its answer.
  const kill = setTimeout(() => server.closeAllConnections(), drainMs + 1000);
  await promise;
  clearTimeout(cut);
  clearTimeout(kill);
}
