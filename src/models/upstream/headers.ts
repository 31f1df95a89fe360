import type { Headers } from "../provider.ts";

/** What concerns one connection only (RFC 9110, section 7.6.1), or is written anew. */
const OF_A_HOP = [
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** A client's own business, or about the way to us: the provider has no use for them. */
const NOT_FORWARDED = new Set([
  ...OF_A_HOP,
  // The answer is read beside the stream, so it must come uncompressed.
  "accept-encoding",
  "cookie",
  "forwarded",
  "origin",
  "referer",
  "via",
  "x-real-ip",
]);

const CREDENTIALS = new Set(["authorization", "api-key", "x-api-key", "x-goog-api-key"]);

/**
 * The client's headers that go on to the provider: all but those of the hop, cookies, addresses and our own. `hasOwnKey`: the credentials
 * are for us and stay here.
 */
export function forwardedHeaders(headers: Headers, hasOwnKey: boolean): { [name: string]: string } {
  const forwarded: { [name: string]: string } = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== "string" || NOT_FORWARDED.has(name)) continue;
    if (hasOwnKey && CREDENTIALS.has(name)) continue;
    if (name.startsWith("x-understudy-") || name.startsWith("x-forwarded-") || name.startsWith("sec-"))
      continue;
    forwarded[name] = value;
  }
  return forwarded;
}

/** What a provider says to its own visitors' browsers: wrong for our host, or for one client only. */
const NOT_PASSED_BACK = new Set([
  ...OF_A_HOP,
  "alt-svc",
  "clear-site-data",
  "nel",
  "report-to",
  "set-cookie",
  "strict-transport-security",
]);

/** The headers of an answer that go back to the client, as name and value in turn. */
export function passedBack(headers: { readonly [name: string]: string }): string[] {
  const passed: string[] = [];
  for (const name in headers) {
    // What we say of a call, no provider may say.
    if (!NOT_PASSED_BACK.has(name) && !name.startsWith("x-understudy-")) passed.push(name, headers[name]);
  }
  return passed;
}
