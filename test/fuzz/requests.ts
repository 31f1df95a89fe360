import type { Random } from "../../src/core/index.ts";
import { KEY } from "./exchange.ts";
import { grammatical, mutated } from "./mutate.ts";
import type { Seed } from "./corpus.ts";
import { ENDPOINTS, type Endpoint } from "./surfaces.ts";

/** One case: bytes that go out over one connection, and what must come back. */
export type Case = {
  readonly name: string;
  readonly path: string;
  readonly bytes: Buffer;
  /**
   * `answer`: well-formed HTTP, one answer in the caller's protocol. `http`: broken or odd HTTP: any answer below 500 or a closed
   * connection. `leave`: the client goes away in the middle.
   */
  readonly expects: "answer" | "http" | "leave";
  /** Where a client that leaves is gone. */
  readonly leavesAt?: number;
  /** Asked behind it on the same connection, in these bytes, too: has an answer of its own. */
  readonly next?: Case;
};

const pick = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)];

/** The next case of a run. */
export function nextCase(seeds: readonly Seed[], random: Random): Case {
  const seed = pick(random, seeds);
  switch (random.below(10)) {
    case 0:
      return headerGame(seed, random);
    case 1:
      return lengthGame(seed, random);
    case 2:
      return halfRequest(seed, random);
    case 3:
      return pathGame(random);
    case 4:
      return plain("grammar", seed.path, Buffer.from(grammatical(random)));
    case 5:
      return withoutKey(seed);
    case 6:
      return inARow(seeds, random);
    default:
      return plain("mutated", seed.path, mutated(seed.body, random));
  }
}

function withoutKey(seed: Seed): Case {
  const headers = USUAL.filter((one) => !one.includes(KEY));
  const bytes = request(`POST ${seed.path} HTTP/1.1`, headers, Buffer.from(JSON.stringify(seed.body)));
  return { name: "no key", path: seed.path, bytes, expects: "answer" };
}

/** Two on one connection: whatever the first one is, the second gets its own answer. */
function inARow(seeds: readonly Seed[], random: Random): Case {
  const [seed, other] = [pick(random, seeds), pick(random, seeds)];
  const first = pick(random, [mutated(seed.body, random), Buffer.from(JSON.stringify(seed.body))]);
  const headers = USUAL.filter((one) => one !== LAST);
  if (random.below(4) === 0) headers.push("connection: keep-alive");
  // These go to node:http, and take what follows with them.
  if (random.below(4) === 0) headers.push("te: trailers");
  const next = plain("in a row", other.path, Buffer.from(JSON.stringify(other.body)));
  const bytes = Buffer.concat([request(`POST ${seed.path} HTTP/1.1`, headers, first), next.bytes]);
  return { name: "in a row", path: seed.path, bytes, expects: "answer", next };
}

export function plain(name: string, path: string, body: Buffer, method = "POST"): Case {
  return { name, path, expects: "answer", bytes: request(`${method} ${path} HTTP/1.1`, USUAL, body) };
}

const HOST = "host: 127.0.0.1";
const LAST = "connection: close";
const USUAL = [HOST, "content-type: application/json", `authorization: Bearer ${KEY}`, LAST];

function request(line: string, headers: readonly string[], body: Buffer | null): Buffer {
  const length =
    body === null || headers.some((one) => /^(content-length|transfer-encoding)\s*:/i.test(one))
      ? []
      : [`content-length: ${body.length}`];
  const head = [line, ...headers, ...length, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)]);
}

const HEADERS: readonly string[] = [
  "x-understudy-session: \u00ff\u00fe",
  `x-understudy-session: ${"s".repeat(3000)}`,
  "x-understudy-session: __proto__",
  "authorization: ",
  "authorization: Bearer",
  "authorization: Basic OjpAOjo=",
  `authorization: Bearer usk_${"a".repeat(500)}`,
  "x-api-key: \u00e9",
  "traceparent: 00-zz-zz-zz",
  `traceparent: ${"0".repeat(4000)}`,
  "content-type: text/plain; charset=utf-16",
  "content-type: multipart/form-data; boundary=x",
  "content-encoding: gzip",
  "content-encoding: identity",
  "accept: text/html",
  "accept-encoding: br;q=1.0, *;q=0",
  "expect: 100-continue",
  "cookie: a=b; __proto__=c",
  "origin: http://evil.example",
  "forwarded: for=127.0.0.1",
  "x-forwarded-host: evil.example",
  "anthropic-version: 2023-06-01",
  "anthropic-version: \u0001",
  "te: trailers",
  "upgrade: h2c",
  "connection: upgrade, http2-settings",
  `x-long: ${"y".repeat(20_000)}`,
  "x-stainless-retry-count: NaN",
  "__proto__: x",
  "constructor: x",
];
/** What is no HTTP, or what Node answers itself. */
const BROKEN_HEADERS: readonly string[] = [
  "host: evil.example",
  "host: 127.0.0.1, evil.example",
  "no colon",
  " folded: x",
  "nul: a\u0000b",
  "bad name: x",
  ": empty",
  `x-huge: ${"z".repeat(64_000)}`,
  "expect: 200-ok",
  "transfer-encoding: gzip",
  "upgrade: websocket",
];

function headerGame(seed: Seed, random: Random): Case {
  const broken = random.below(3) === 0;
  const many = Array.from({ length: 1 + random.below(4) }, () => pick(random, HEADERS));
  const headers = [...USUAL, ...many, ...(broken ? [pick(random, BROKEN_HEADERS)] : [])];
  // Node refuses some odd bytes by itself; whatever comes must be no 500.
  const bytes = request(`POST ${seed.path} HTTP/1.1`, headers, Buffer.from(JSON.stringify(seed.body)));
  return { name: "headers", path: seed.path, bytes, expects: "http" };
}

function lengthGame(seed: Seed, random: Random): Case {
  const body = Buffer.from(JSON.stringify(seed.body));
  const line = `POST ${seed.path} HTTP/1.1`;
  const chunk = (bytes: Buffer, size = bytes.length.toString(16)): Buffer =>
    Buffer.concat([Buffer.from(`${size}\r\n`), bytes, Buffer.from("\r\n")]);
  const end = Buffer.from("0\r\n\r\n");
  const chunked = [...USUAL, "transfer-encoding: chunked"];
  const half = body.length >> 1;
  const games: readonly (() => readonly [Buffer, Case["expects"]])[] = [
    () => [
      request(line, chunked, Buffer.concat([chunk(body.subarray(0, half)), chunk(body.subarray(half)), end])),
      "answer",
    ],
    () => [
      request(line, chunked, Buffer.concat([...[...body].map((byte) => chunk(Buffer.from([byte]))), end])),
      "answer",
    ],
    () => [
      request(line, chunked, Buffer.concat([chunk(body, `${body.length.toString(16)};name="v"`), end])),
      "answer",
    ],
    () => [
      request(line, chunked, Buffer.concat([chunk(body), Buffer.from("0\r\nx-trailer: 1\r\n\r\n")])),
      "answer",
    ],
    () => [request(line, chunked, Buffer.concat([chunk(body, "zz"), end])), "http"],
    () => [request(line, chunked, Buffer.concat([chunk(body, "ffffffffffffffff"), end])), "leave"],
    () => [request(line, chunked, Buffer.concat([chunk(body, "-1"), end])), "http"],
    () => [
      request(line, [...chunked, `content-length: ${body.length}`], Buffer.concat([chunk(body), end])),
      "http",
    ],
    () => [
      request(line, [...USUAL, "transfer-encoding: chunked, identity"], Buffer.concat([chunk(body), end])),
      "http",
    ],
    () => [request(line, [...USUAL, `content-length: ${body.length}`, "content-length: 3"], body), "http"],
    () => [request(line, [...USUAL, "content-length: -5"], body), "http"],
    () => [request(line, [...USUAL, "content-length: 1e3"], body), "http"],
    () => [request(line, [...USUAL, `content-length: 0x${body.length.toString(16)}`], body), "http"],
    () => [request(line, [...USUAL, "content-length: 0"], Buffer.alloc(0)), "answer"],
    () => [
      request(line, [...USUAL, `content-length: ${Math.max(0, body.length - 1)}`], body.subarray(0, -1)),
      "answer",
    ],
    // Two requests in one write: the first one's answer is looked at.
    () => [Buffer.concat([request(line, [HOST], body), request(line, USUAL, body)]), "http"],
    () => [request(`POST ${seed.path} HTTP/1.0`, ["content-type: application/json"], body), "http"],
    () => [request(line, [...USUAL, "content-length: 999999999999"], body), "leave"],
  ];
  const [bytes, expects] = pick(random, games)();
  return {
    name: "lengths",
    path: seed.path,
    bytes,
    expects,
    ...(expects === "leave" ? { leavesAt: bytes.length } : {}),
  };
}

function halfRequest(seed: Seed, random: Random): Case {
  const whole = request(`POST ${seed.path} HTTP/1.1`, USUAL, Buffer.from(JSON.stringify(seed.body)));
  const leavesAt = random.below(whole.length + 1);
  return { name: "half", path: seed.path, bytes: whole, expects: "leave", leavesAt };
}

const PATHS: readonly string[] = [
  "/",
  "//v1/chat/completions",
  "/v1/chat/completions/",
  "/v1/chat/completions?a=b&__proto__=c",
  "/v1/chat%2fcompletions",
  "/V1/CHAT/COMPLETIONS",
  "/v1/../v1/models",
  "/v1/models/%",
  "/v1/models/%00",
  "/v1/models/..%2f..%2fetc%2fpasswd",
  "/v1/models/a%0d%0ax-injected:%201",
  `/v1/models/${"m".repeat(3000)}`,
  "/v1/models/%F0%9F%99%82",
  "/v1/models?after=%00&limit=-1",
  "/metrics",
  "/admin",
  "/admin/calls/__proto__",
  "/.env",
  "http://127.0.0.1/v1/models",
  "http://evil.example/v1/models",
  "*",
  "/\u00e9",
  `/${"a".repeat(30_000)}`,
];
const METHODS: readonly string[] = [
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "HEAD",
  "PATCH",
  "TRACE",
  "PROPFIND",
];

function pathGame(random: Random): Case {
  const known: Endpoint = pick(random, ENDPOINTS);
  const path = random.below(3) === 0 ? known.path : pick(random, PATHS);
  const method = pick(random, METHODS);
  const isOdd = method === "HEAD" || /^[^/]|[^\x21-\x7e]/.test(path) || path.length > 8000;
  const body = method === "GET" || method === "HEAD" ? null : Buffer.from("{}");
  return {
    name: "path",
    path,
    bytes: request(`${method} ${path} HTTP/1.1`, USUAL, body),
    expects: isOdd ? "http" : "answer",
  };
}
