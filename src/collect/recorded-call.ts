import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { conversationOf, ERROR_CODES, type Call } from "../core/index.ts";
import type { FoldedAnswer, Protocol, ProtocolName } from "../models/index.ts";
import type { SegmentBegin, SegmentEnd, SegmentFacts, Store } from "../store/index.ts";
import { withoutOrigin } from "./parse.ts";

/** The protocols that recorded bytes may be in. */
export type Protocols = ReadonlyMap<ProtocolName, Pick<Protocol, "parse" | "fold">>;

/** A call as it was recorded, or why it cannot be read as one. */
export type RecordedCall =
  | { readonly ok: true; readonly call: Call }
  | { readonly ok: false; readonly reason: "unknown-protocol" | "bad-request" };

type Outcome = Pick<Call, "response" | "usage" | "error" | "status" | "latencyMs">;

/**
 * Makes a call of what was recorded. Without an end (its process died before the answer did) it is a call without an answer,
 * status 499. Users in the request become pseudonyms.
 */
export function recordedCall(
  begin: SegmentBegin,
  end: SegmentEnd | null,
  protocols: Protocols,
  pseudonym: Store["pseudonym"],
): RecordedCall {
  const asked = protocolOf(protocols, begin.protocol);
  const answered = end === null ? null : protocolOf(protocols, end.protocol);
  if (asked === undefined || answered === undefined) return { ok: false, reason: "unknown-protocol" };
  const {
    servedBy = "provider",
    taskId = null,
    path,
    usage: _,
    ...facts
  } = { ...begin.facts, ...end?.facts };
  const parsed = asked.parse(begin.request, path);
  if (!parsed.ok) return { ok: false, reason: "bad-request" };
  const outcome = end === null || answered === null ? UNANSWERED : outcomeOf(end, answered);
  const call: Call = {
    id: begin.callId,
    session: begin.session ?? conversationOf(parsed.request),
    at: new Date(begin.atMs).toISOString(),
    origin: begin.origin,
    source: "gateway",
    request: withoutOrigin(parsed.request, pseudonym),
    ...outcome,
    servedBy,
    taskId,
    foreign: foreignOf(facts, begin.protocol),
  };
  return { ok: true, call };
}

/** A begin that is kept as such, with its session: what is erased by session is found by it. Null stays where the request cannot be read. */
export function withSession(begin: SegmentBegin, protocols: Protocols): SegmentBegin {
  if (begin.session !== null) return begin;
  const { path } = begin.facts;
  const parsed = protocolOf(protocols, begin.protocol)?.parse(begin.request, path);
  return parsed?.ok === true ? { ...begin, session: conversationOf(parsed.request) } : begin;
}

const noUsage = { inputTokens: null, outputTokens: null };

const UNANSWERED: Outcome = {
  response: null,
  usage: noUsage,
  error: { code: "cancelled", message: "The gateway ended before the answer did" },
  status: ERROR_CODES.cancelled.status,
  latencyMs: null,
};

function protocolOf(protocols: Protocols, name: string): Pick<Protocol, "parse" | "fold"> | undefined {
  // A name that is none of ours finds nothing.
  return protocols.get(name as ProtocolName);
}

function outcomeOf(end: SegmentEnd, protocol: Pick<Protocol, "fold">): Outcome {
  const latencyMs = Number.isFinite(end.latencyMs) ? Math.max(0, end.latencyMs) : null;
  if (end.failure !== null) {
    const { status } = ERROR_CODES[end.failure.code];
    return { response: null, usage: noUsage, error: end.failure, status, latencyMs };
  }
  const { response, usage, error } = folded(end, protocol);
  const { inputTokens, outputTokens } = usageIn(end.facts) ?? usage;
  // A stream can begin with 200 and end with an error: such a call has failed.
  const status = end.status < 400 && response === null ? ERROR_CODES["upstream-broken"].status : end.status;
  return { response, usage: { inputTokens, outputTokens }, error, status, latencyMs };
}

// Of a file: a damaged or an older one may say anything.
function usageIn({ usage }: SegmentFacts): Call["usage"] | null {
  if (typeof usage !== "object" || usage === null) return null;
  return { inputTokens: count(usage.inputTokens), outputTokens: count(usage.outputTokens) };
}

const count = (value: unknown): number | null => (typeof value === "number" && value >= 0 ? value : null);

function folded(end: SegmentEnd, protocol: Pick<Protocol, "fold">): FoldedAnswer {
  const { encoding } = end.facts;
  const pieces = typeof encoding === "string" ? decoded(encoding, end.response) : end.response;
  if (pieces === null) {
    const message = `answer is in content-encoding "${String(encoding)}" and cannot be decoded`;
    return { response: null, usage: noUsage, error: { type: "upstream_broken", message } };
  }
  const fold = protocol.fold(end.status, end.isStream);
  for (const bytes of pieces) fold.push(bytes);
  return fold.end();
}

/** As the longest answer that is read: some hundred bytes can stand for gigabytes. */
const MAX_DECODED = { maxOutputLength: 64 * 1024 * 1024 };

const DECODERS: ReadonlyMap<string, (bytes: Uint8Array) => Uint8Array> = new Map([
  ["identity", (bytes) => bytes],
  ["gzip", (bytes) => gunzipSync(bytes, MAX_DECODED)],
  ["x-gzip", (bytes) => gunzipSync(bytes, MAX_DECODED)],
  ["deflate", (bytes) => inflateSync(bytes, MAX_DECODED)],
  ["br", (bytes) => brotliDecompressSync(bytes, MAX_DECODED)],
  ["zstd", (bytes) => zstdDecompressSync(bytes, MAX_DECODED)],
]);

/** Null for an encoding that is not known, and for bytes that are not of it. */
function decoded(encoding: string, pieces: readonly Uint8Array[]): readonly Uint8Array[] | null {
  const decode = DECODERS.get(encoding.trim().toLowerCase());
  try {
    return decode === undefined ? null : [decode(Buffer.concat(pieces))];
  } catch {
    return null;
  }
}

function foreignOf(facts: SegmentFacts, protocol: string): Call["foreign"] {
  return protocol === "chat" ? facts : { ...facts, protocol };
}
