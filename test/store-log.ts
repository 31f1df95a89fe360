import { recordedCall } from "../src/collect/index.ts";
import { HouseError } from "../src/core/index.ts";
import { protocols } from "../src/models/index.ts";
import type { SegmentBegin, SegmentLog, SegmentRecord, Store } from "../src/store/index.ts";

/** Records calls straight into the store: for a store in memory, which has no folder for segments. */
export function createStoreLog(store: Pick<Store, "calls" | "pseudonym">): SegmentLog {
  const begun = new Map<string, SegmentBegin>();
  const counts = { appends: 0, bytes: 0, failed: 0 };
  const take = (records: readonly SegmentRecord[]): void => {
    for (const record of records) if (record.type === "begin") begun.set(record.callId, record);
    const end = records.find((record) => record.type === "end");
    const begin = end === undefined ? undefined : begun.get(end.callId);
    if (end === undefined || begin === undefined) return;
    begun.delete(end.callId);
    const folded = recordedCall(begin, end, protocols, (kind, value) => store.pseudonym(kind, value));
    if (!folded.ok)
      throw new HouseError("store-broken", `Cannot read call ${begin.callId}: ${folded.reason}`);
    store.calls.add([folded.call]);
  };
  return {
    append(records, told) {
      counts.appends += 1;
      setImmediate(() => {
        try {
          take(records);
        } catch (error) {
          counts.failed += 1;
          const code = error instanceof HouseError ? error.code : "store-broken";
          told({ code, message: (error as Error).message });
          return;
        }
        told(null);
      });
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
    close: () => Promise.resolve(),
  };
}
