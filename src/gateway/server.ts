import type { IncomingMessage, ServerResponse } from "node:http";
import type { CallDeps, Recording } from "../call.ts";
import { Members, type Effects } from "../core/index.ts";
import type { Admin } from "./admin.ts";
import type { KeptAnswers } from "./answer-cache.ts";
import type { KeptBytes, Upstreams } from "../models/index.ts";
import { MAX_KEPT_IN_ALL_BYTES } from "../models/index.ts";
import type { Store } from "../store/index.ts";
import { createChains } from "./chains.ts";
import { replyIn } from "./client.ts";
import { noLimits, nobodyWatches, openDoor } from "./defaults.ts";
import { askedOf, type Answer, type Asked } from "./exchange.ts";
import { mayAsk } from "./gatekeeper.ts";
import { generate } from "./generate.ts";
import { openListener, type ClientTimeouts, type Listener } from "./listener.ts";
import type { Accountant, Gatekeeper, Observer } from "./hooks.ts";
import { replyAlias, replyAliases } from "./model-names.ts";
import type { Arrival, Parts, Stats } from "./parts.ts";
import { pass } from "./pass.ts";
import { errorBody, replyError, replyJson } from "./reply.ts";
import { protocolOf, SURFACE_PATHS, surfaceAt } from "./surfaces.ts";
import type { TlsWatch } from "./tls.ts";
import { refusalOf } from "./visitor.ts";
import { MAX_WAIT_MS, WaitingRoom } from "./waiting-room.ts";

/** Calls in flight; more wait, then are refused with Retry-After: each holds a body, two connections and an answer in memory. */
export const MAX_IN_FLIGHT = 2048;
/** Sockets, idle ones included: a few for each call in flight. */
const MAX_CONNECTIONS = 4 * MAX_IN_FLIGHT;
/** What is still running then is cut off, recorded as cancelled. Below the usual grace of 30 s before a kill. */
export const DRAIN_MS = 20_000;

export type GatewayOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly maxInFlight?: number;
  readonly maxWaitMs?: number;
  readonly drainMs?: number;
  readonly clientTimeouts?: ClientTimeouts;
  readonly reusePort?: boolean;
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
  readonly cache?: KeptAnswers | null;
  readonly tls?: TlsWatch | null;
  /** What is at the paths that are no surface of a model. */
  readonly admin?: Admin;
};

/** What can be changed while calls are under way. */
export type Replaceable = Pick<GatewayDeps, "upstreams" | "cache">;

export type Gateway = {
  readonly url: string;
  readonly inFlight: () => number;
  /** Requests that wait to be let in. */
  readonly waiting: () => number;
  /** Calls served unrecorded, requests refused: since the start. */
  readonly stats: Readonly<Stats>;
  readonly keptBytes: () => number;
  /** Calls that begin from now on go the new way; ends when all that began before have ended. */
  replace(next: Replaceable): Promise<void>;
  /** Lets go of every answer that is held in memory for those who go on from it or ask again. */
  forget(): void;
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
  const gatekeeper = deps.gatekeeper ?? openDoor;
  const parts: Parts = {
    effects: deps.effects,
    routing: deps.routing,
    upstreams: deps.upstreams,
    recording: deps.recording,
    memory,
    cache: deps.cache ?? null,
    chains: createChains(deps.effects.nowMs),
    accountant: deps.accountant ?? noLimits,
    observe: deps.observe ?? nobodyWatches,
    mayAsk,
    pseudonym: (kind, value) => deps.store.pseudonym(kind, value),
    clients: new Members(),
    stats: { unrecorded: 0, refused: 0 },
  };
  const now: Generation = { parts, calls: 0, isOver: null };
  const { admin } = deps;
  const door: Door = { options, state, now, admin, gatekeeper, room: roomOf(options, () => door) };
  const listening = {
    host: options.host,
    port: options.port,
    maxConnections: MAX_CONNECTIONS,
    reusePort: options.reusePort ?? false,
    clientTimeouts: options.clientTimeouts,
    tls: deps.tls ?? null,
  };
  const listener = await openListener(listening, {
    isServed: isUsual,
    takeUsual(request, answer) {
      guarded(answer, door, () => takeUsual(request, answer, door));
    },
    take(request, response) {
      // A broken connection is its `close`; without a listener its `error` would end the process.
      response.on("error", () => response.destroy());
      guarded(response, door, () => take(request, response, door));
    },
  });
  return {
    url: listener.url,
    inFlight: () => state.inFlight,
    waiting: () => door.room.size,
    stats: parts.stats,
    keptBytes: () => memory.bytes,
    replace(next) {
      const before = door.now;
      const { upstreams, cache = null } = next;
      door.now = { parts: { ...before.parts, upstreams, cache }, calls: 0, isOver: null };
      return new Promise((resolve) => {
        if (before.calls === 0) resolve();
        else before.isOver = resolve;
      });
    },
    forget() {
      door.now.parts.chains.clear();
      door.now.parts.cache?.clear();
    },
    async close() {
      state.isDraining = true;
      door.room.close();
      await drained(listener, parts, options.drainMs ?? DRAIN_MS);
      // Calls whose client has gone have no connection any more, but are still to be recorded.
      for (const client of parts.clients) client.leave();
      if (state.inFlight > 0) await new Promise<void>((resolve) => (state.idle = resolve));
    },
  };
}

/** Calls that go one way, until it is replaced. */
type Generation = { readonly parts: Parts; calls: number; isOver: (() => void) | null };

type Door = {
  readonly options: GatewayOptions;
  readonly state: State;
  now: Generation;
  readonly admin: Admin | undefined;
  readonly gatekeeper: Gatekeeper;
  readonly room: WaitingRoom<Arrival>;
};

/** A failure of ours is one caller's, not all callers'. */
function guarded(response: Answer, { now }: Door, work: () => void): void {
  try {
    work();
  } catch (error) {
    now.parts.effects.log.error({ event: "request-failed", message: (error as Error).message });
    if (response.headersSent) response.destroy();
    else replyError(response, 500, errorBody("bad-config", "The gateway failed; its log says why"));
  }
}

/** What calls to a model are, and what goes to its provider beside them. */
function isUsual(url: string): boolean {
  return surfaceAt(pathOf(url))?.surface.method === "POST";
}

function pathOf(url: string): string {
  const mark = url.indexOf("?");
  return mark < 0 ? url : url.slice(0, mark);
}

function takeUsual(request: Asked, response: Answer, door: Door): void {
  const path = pathOf(request.url);
  const found = surfaceAt(path);
  // Asked before: see isUsual.
  if (found !== undefined && mayComeIn(path, request, response, door))
    admit({ request, response, ...found, query: request.url.slice(path.length) }, door);
}

function take(request: IncomingMessage, response: ServerResponse, door: Door): void {
  const asked = askedOf(request);
  const path = pathOf(asked.url);
  const found = surfaceAt(path);
  if (!mayComeIn(path, asked, response, door)) return;
  if (found === undefined) {
    takeOther(path, request, response, door);
  } else if (found.surface.method !== request.method) {
    refuseMethod(path, found.surface.method, request, response);
  } else {
    admit({ request: asked, response, ...found, query: asked.url.slice(path.length) }, door);
  }
}

/** False when it was refused. */
function mayComeIn(path: string, request: Asked, response: Answer, { options }: Door): boolean {
  const refused = refusalOf(request, options.host);
  if (refused === null) return true;
  response.setHeader("connection", "close");
  refuseAt(path, response, { status: 403, code: "refused_origin", message: refused });
  return false;
}

/** A request to a surface: who asks. Its body is not read before there is room. */
function admit(asked: Omit<Arrival, "caller">, door: Door): void {
  const caller = door.gatekeeper.admit(asked.request, "ingest");
  if ("code" in caller) {
    replyIn(asked.response, protocolOf(asked.surface.protocol), caller);
    return;
  }
  const arrival: Arrival = { ...asked, caller };
  if (door.state.isDraining) refuseOverload(arrival, door);
  else door.room.come(arrival);
}

function roomOf({ maxInFlight, maxWaitMs }: GatewayOptions, theDoor: () => Door): WaitingRoom<Arrival> {
  return new WaitingRoom({
    hasRoom() {
      const { state, now } = theDoor();
      const isFull = state.inFlight >= (maxInFlight ?? MAX_IN_FLIGHT);
      return !isFull && now.parts.memory.bytes < MAX_KEPT_IN_ALL_BYTES;
    },
    enter(arrival) {
      const door = theDoor();
      guarded(arrival.response, door, () => enter(arrival, door));
    },
    refuse: (arrival) => refuseOverload(arrival, theDoor()),
    isGone: ({ response }) => response.destroyed,
    // A body that does not say its length may be as long as may be read.
    bytesOf: ({ request }) => Number(request.headers["content-length"] ?? Infinity),
    maxWaitMs: maxWaitMs ?? MAX_WAIT_MS,
  });
}

function refuseOverload({ response, surface }: Arrival, { state, now }: Door): void {
  now.parts.stats.refused += 1;
  if (state.isDraining) response.setHeader("connection", "close");
  replyIn(response, protocolOf(surface.protocol), OVERLOADED);
}

const OVERLOADED = {
  code: "overloaded",
  message: "The gateway has more to do than it can: try again in a moment",
} as const;

function enter(arrival: Arrival, door: Door): void {
  const { state, now } = door;
  const { parts } = now;
  const { response, surface } = arrival;
  const { upstreams } = parts;
  if (surface.operation === "models" && upstreams !== null && upstreams.aliases.length > 0) {
    if (arrival.model === "") return replyAliases(response, upstreams);
    if (replyAlias(response, upstreams, arrival.model)) return;
  }
  state.inFlight += 1;
  now.calls += 1;
  const done = (): void => {
    state.inFlight -= 1;
    now.calls -= 1;
    if (state.inFlight === 0) state.idle?.();
    if (now.calls === 0) now.isOver?.();
    door.room.left();
  };
  if (surface.operation === "generate") generate(arrival, parts, done);
  else pass(arrival, parts, done);
}

function takeOther(path: string, request: IncomingMessage, response: ServerResponse, door: Door): void {
  const { isDraining } = door.state;
  const paths = ["/healthz", "/readyz", ...(door.admin?.paths ?? [])];
  if (door.admin?.take(request, response, { path, isDraining }) === true) return;
  if (path !== "/healthz" && path !== "/readyz") {
    const message = `There is no ${path.slice(0, 200)}: try ${[...SURFACE_PATHS, ...paths].join(", ")}`;
    replyError(response, 404, errorBody("not-found", message));
  } else if (request.method !== "GET") {
    refuseMethod(path, "GET", request, response);
  } else if (path === "/healthz") {
    replyJson(response, 200, { status: "ok" });
  } else {
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
  const message = `${path} takes ${method}, not ${request.method ?? ""}`;
  refuseAt(path, response, { status: 405, code: "method_not_allowed", message });
}

type Refused = { readonly status: number; readonly code: string; readonly message: string };

/** A refusal that is none of a call, in the protocol of the path. */
function refuseAt(path: string, response: Answer, { status, code, message }: Refused): void {
  const name = surfaceAt(path)?.surface.protocol;
  if (name === "messages")
    replyJson(response, status, protocolOf(name).writeError("bad-usage", message).body);
  else replyError(response, status, { message, type: "invalid_request_error", param: null, code });
}

async function drained(listener: Listener, { clients }: Parts, drainMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  listener.close(resolve);
  const cut = setTimeout(() => {
    for (const client of clients) client.leave();
  }, drainMs);
  // A client that does not even take the end of its answer.
  const kill = setTimeout(() => listener.cutOff(), drainMs + 1000);
  await promise;
  clearTimeout(cut);
  clearTimeout(kill);
}
