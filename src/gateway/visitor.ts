import { isIP } from "node:net";
import type { Asked } from "./exchange.ts";

/**
 * Why a request is refused before it is read; null when it may come in. A browser never talks to this port by itself: a request with
 * an Origin comes from a page, and one with a foreign Host name from a page whose name was pointed here (DNS rebinding).
 */
export function refusalOf(request: Asked, boundTo: string): string | null {
  if (request.headers.origin !== undefined) return "Requests from web pages are refused";
  const { host: named = "" } = request.headers;
  if (USUAL_HOST.test(named) || !isLoopback(boundTo)) return null;
  const host = hostName(named);
  return isLoopback(host)
    ? null
    : `Host "${host.slice(0, 100)}" is refused: expected localhost, 127.0.0.1 or [::1]`;
}

/** What clients of this machine say: told at a glance, since it is asked of every request. */
const USUAL_HOST = /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/;

/** True for names and addresses that only this machine can reach. */
export function isLoopback(name: string): boolean {
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

// `localhost:4141`, `[::1]:4141`
function hostName(host: string): string {
  return host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
}
