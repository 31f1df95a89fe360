import { HouseError, type Call } from "../core/index.ts";
import type { CallTable } from "../store/index.ts";

/** Calls that end within this time of a commit share the next one: a commit costs milliseconds, a call in it microseconds. */
export const COMMIT_GAP_MS = 2;

/** Above the bound on calls in flight: a fuller queue means that the disk has stopped answering. */
export const MAX_WAITING_CALLS = 4096;

export type Recorder = {
  /** Resolves when the call is durable. Rejects with a HouseError: store-full, store-broken, store-busy, overloaded. */
  record(call: Call): Promise<void>;
  /** Writes what waits and takes no more. */
  close(): void;
};

type Waiting = {
  readonly call: Call;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** Group commit: calls that end at about the same time are one transaction. The first call after a pause is written at once. */
export function createRecorder(calls: Pick<CallTable, "add">, nowMs: () => number): Recorder {
  let waiting: Waiting[] = [];
  let isScheduled = false;
  let isClosed = false;
  let committedAtMs = 0;

  const commit = (): void => {
    isScheduled = false;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) write(calls, batch);
    committedAtMs = nowMs();
  };
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    if (nowMs() - committedAtMs >= COMMIT_GAP_MS) setImmediate(commit);
    else setTimeout(commit, COMMIT_GAP_MS);
  };
  return {
    record(call) {
      if (isClosed)
        return Promise.reject(new HouseError("store-broken", "Cannot record a call: the store is closed"));
      if (waiting.length >= MAX_WAITING_CALLS) {
        return Promise.reject(
          new HouseError("overloaded", `Cannot record a call: ${waiting.length} calls wait for the disk`),
        );
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ call, resolve, reject });
      schedule();
      return promise;
    },
    close() {
      isClosed = true;
      commit();
    },
  };
}

function write(calls: Pick<CallTable, "add">, batch: readonly Waiting[]): void {
  try {
    calls.add(batch.map(({ call }) => call));
    for (const { resolve } of batch) resolve();
  } catch (error) {
    // One call that cannot be written must not take its neighbours with it; a full or broken store refuses them all.
    const isOneToBlame = batch.length > 1 && !(error instanceof HouseError);
    for (const one of batch) {
      if (isOneToBlame) write(calls, [one]);
      else one.reject(error);
    }
  }
}
