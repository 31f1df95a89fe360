import { HouseError, type Call, type ChatRequest } from "../core/index.ts";
import { protocols, type ProtocolName } from "../models/index.ts";
import type { SegmentBegin, SegmentEnd, SegmentLog, SegmentRecord, Store } from "../store/index.ts";
import { createRecorder } from "./recorder.ts";

/** Records calls straight into the store, folded on the way: for a store in memory, which has no folder for segments. */
export function createStoreLog(store: Pick<Store, "calls" | "pseudonym">, nowMs: () => number): SegmentLog {
  const recorder = createRecorder(store.calls, nowMs);
  const begun = new Map<string, SegmentBegin>();
  const counts = { appends: 0, bytes: 0, failed: 0 };
  const take = (records: readonly SegmentRecord[]): Promise<void> => {
    for (const record of records) if (record.type === "begin") begun.set(record.callId, record);
    const end = records.find((record) => record.type === "end");
    const begin = end === undefined ? undefined : begun.get(end.callId);
    if (end === undefined || begin === undefined) return Promise.resolve();
    begun.delete(end.callId);
    return recorder.record(callOf(begin, end, store));
  };
  return {
    append(records, told) {
      counts.appends += 1;
      take(records).then(
        () => told(null),
        (error: unknown) => {
          counts.failed += 1;
          const code = error instanceof HouseError ? error.code : "store-broken";
          told({ code, message: (error as Error).message });
        },
      );
    },
    waitingBytes: 0,
    stats: () => ({
      ...counts,
      groups: 0,
      failedGroups: 0,
      waitingBytes: 0,
      lastGroupMs: null,
      refusing: null,
    }),
    close: () => {
      recorder.close();
      return Promise.resolve();
    },
  };
}

function callOf(begin: SegmentBegin, end: SegmentEnd, store: Pick<Store, "pseudonym">): Call {
  // Names of protocols are written by the gateway.
  const protocol = protocols.get(begin.protocol as ProtocolName);
  const parsed = protocol?.parse(begin.request);
  if (protocol === undefined || parsed?.ok !== true)
    throw new HouseError("store-broken", `Cannot fold call ${begin.callId}: its request cannot be read`);
  const fold = protocol.fold(end.status, end.isStream);
  for (const bytes of end.response) fold.push(bytes);
  const { servedBy = "provider", taskId = null, ...foreign } = { ...begin.facts, ...end.facts };
  const { response, usage, error } =
    end.failure === null
      ? fold.end()
      : { response: null, usage: { inputTokens: null, outputTokens: null }, error: end.failure };
  return {
    id: begin.callId,
    session: begin.session,
    at: new Date(begin.atMs).toISOString(),
    origin: begin.origin,
    source: "gateway",
    request: withoutOrigin(parsed.request, store),
    response,
    status: response === null && end.status < 400 ? 502 : end.status,
    error,
    latencyMs: end.latencyMs,
    usage,
    servedBy,
    taskId,
    foreign,
  };
}

function withoutOrigin(request: ChatRequest, store: Pick<Store, "pseudonym">): ChatRequest {
  const copy: { [field: string]: unknown } = { ...request };
  for (const field of ["user", "safety_identifier"]) {
    const value = copy[field];
    if (typeof value === "string") copy[field] = store.pseudonym("user", value);
  }
  // Fields were replaced by the same type.
  return copy as ChatRequest;
}
