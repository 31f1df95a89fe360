import type { IncomingMessage, ServerResponse } from "node:http";
import { ERROR_CODES, HouseError, type Call, type ErrorCode, type Log } from "../core/index.ts";
import type { AuditTrail } from "../store/index.ts";
import type { Readiness } from "./health.ts";
import type { Caller, Gatekeeper, Role } from "./hooks.ts";
import { errorBody, replyError, replyJson, replyText } from "./reply.ts";

/** What is at the paths beside the models'. */
export type Admin = {
  readonly paths: readonly string[];
  /** False when the path is not one of these. */
  take(
    request: IncomingMessage,
    response: ServerResponse,
    at: { path: string; isDraining: boolean },
  ): boolean;
};

export type AdminDeps = {
  readonly gatekeeper: Gatekeeper;
  readonly log: Log;
  readonly readiness: () => Readiness;
  /** Of all processes of this gateway. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** The report as JSON text. */
  readonly report: () => Promise<string>;
  readonly findCall: (id: string) => Call | null;
  readonly audit: Pick<AuditTrail, "append">;
  /** Reads the config again. Rejects with a HouseError when it cannot be used: then nothing has changed. */
  readonly reload: () => Promise<void>;
  /** Lets calls end, then stops. */
  readonly drain: () => void;
};

type Route = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly needs: Role;
  /** `rest`: what follows a path that ends in a slash. */
  readonly answer: (response: ServerResponse, caller: Caller, rest: string) => void | Promise<void>;
};

/** Metrics, readiness, the report, recorded calls, reload and drain: each for its role. */
export function createAdmin(deps: AdminDeps): Admin {
  const routes = routesOf(deps);
  return {
    paths: routes.map(({ path }) => (path.endsWith("/") ? `${path}{id}` : path)),
    take(request, response, { path, isDraining }) {
      if (path === "/readyz" && request.method === "GET") {
        replyReadiness(request, response, isDraining, deps);
        return true;
      }
      const route = routes.find((one) =>
        one.path.endsWith("/") ? path.startsWith(one.path) : path === one.path,
      );
      if (route === undefined) return false;
      if (request.method !== route.method) {
        response.setHeader("allow", route.method);
        const message = `${path.slice(0, 200)} takes ${route.method}, not ${request.method ?? ""}`;
        replyError(response, 405, { ...errorBody("bad-usage", message), code: "method_not_allowed" });
        return true;
      }
      const caller = deps.gatekeeper.admit(request, route.needs);
      if ("code" in caller) {
        deps.log.warn({ event: "access-refused", path: route.path, code: caller.code });
        if (caller.code === "unauthenticated") response.setHeader("www-authenticate", "Bearer");
        refuse(response, caller.code, caller.message);
        return true;
      }
      answer(route, response, caller, path.slice(route.path.length)).catch((error: unknown) => {
        if (error instanceof HouseError) refuse(response, error.code, error.message);
        else {
          deps.log.error({ event: "request-failed", path: route.path, message: (error as Error).message });
          refuse(response, "bad-config", "The gateway failed; its log says why");
        }
      });
      return true;
    },
  };
}

async function answer(
  { answer: work }: Route,
  response: ServerResponse,
  caller: Caller,
  rest: string,
): Promise<void> {
  await work(response, caller, rest);
}

function routesOf(deps: AdminDeps): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/metrics",
      needs: "viewer",
      async answer(response) {
        const { contentType, text } = await deps.metrics();
        replyText(response, 200, contentType, text);
      },
    },
    {
      method: "GET",
      path: "/understudy/v1/report",
      needs: "viewer",
      async answer(response) {
        replyText(response, 200, "application/json", await deps.report());
      },
    },
    {
      method: "GET",
      path: "/understudy/v1/calls/",
      needs: "owner",
      answer: (...of) => replyCall(deps, ...of),
    },
    {
      method: "POST",
      path: "/understudy/v1/reload",
      needs: "operator",
      async answer(response, caller) {
        deps.audit.append({ actor: actorOf(caller), action: "reload-asked", detail: {} });
        await deps.reload();
        replyJson(response, 200, { status: "reloaded" });
      },
    },
    {
      method: "POST",
      path: "/understudy/v1/drain",
      needs: "operator",
      answer(response, caller) {
        deps.audit.append({ actor: actorOf(caller), action: "drain-asked", detail: {} });
        replyJson(response, 202, { status: "draining" });
        deps.drain();
      },
    },
  ];
}

/** A recorded call, with its content: in the audit trail before it is shown. */
function replyCall(
  { findCall, audit }: AdminDeps,
  response: ServerResponse,
  caller: Caller,
  rest: string,
): void {
  const id = decoded(rest);
  const call = id === null || id === "" ? null : findCall(id);
  if (id === null || call === null) {
    refuse(
      response,
      "not-found",
      `There is no call "${rest.slice(0, 100)}", or it is not folded into the store yet`,
    );
    return;
  }
  audit.append({ actor: actorOf(caller), action: "call-read", detail: { callId: id } });
  replyJson(response, 200, call);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

const actorOf = ({ keyId }: Caller): string => `key:${keyId}`;

function replyReadiness(
  request: IncomingMessage,
  response: ServerResponse,
  isDraining: boolean,
  { gatekeeper, readiness }: AdminDeps,
): void {
  const { isReady, checks } = readiness();
  const status = isDraining ? "draining" : isReady ? "ready" : "not-ready";
  // Load balancers come without a key and need the status alone.
  const isTold = !("code" in gatekeeper.admit(request, "viewer"));
  replyJson(response, status === "ready" ? 200 : 503, isTold ? { status, checks } : { status });
}

function refuse(response: ServerResponse, code: ErrorCode, message: string): void {
  if (ERROR_CODES[code].retryable && !response.headersSent) response.setHeader("retry-after", "1");
  replyError(response, ERROR_CODES[code].status, errorBody(code, message));
}
