import { recordedCall } from "../collect/index.ts";
import { HouseError } from "../core/index.ts";
import { protocols } from "../models/index.ts";
import type { SegmentBegin, SegmentLog, SegmentRecord, Store } from "../store/index.ts";
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
    const folded = recordedCall(begin, end, protocols, (kind, value) => store.pseudonym(kind, value));
    if (folded.ok) return recorder.record(folded.call);
    const message = `Cannot read call ${begin.callId} as one: ${folded.reason}`;
    return Promise.reject(new HouseError("store-broken", message));
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
