import type { ServerResponse } from "node:http";

/**
 * On every response, ours and passed on: an answer is data. It is not to be sniffed as a page, framed, run, or kept by a cache between;
 * what a provider says of caching goes to its own client only.
 */
export const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["x-content-type-options", "nosniff"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["referrer-policy", "no-referrer"],
  ["cache-control", "no-store"],
];

/** Sets them before anything else is said; call it first. */
export function secure(response: ServerResponse): void {
  for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
}
