/**
 * On every response, ours and passed on: an answer is data. It is not to be sniffed as a page, framed, run, or kept by a cache between.
 * Names and values by turns, as `writeHead` takes them.
 */
export const SECURITY_HEADERS: readonly string[] = [
  "x-content-type-options",
  "nosniff",
  "content-security-policy",
  "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy",
  "no-referrer",
];

/** For what a provider has not said already: what it says of caching is for its own client. */
export const NOT_KEPT: readonly string[] = ["cache-control", "no-store"];
