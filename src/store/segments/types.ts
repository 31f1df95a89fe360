import type { ErrorCode, Usage } from "../../core/index.ts";

/**
 * What a record says beside the bytes, JSON-safe. `servedBy` and `taskId` become fields of the call, whatever else there is
 * (reason, score, provider, key id, trace …) is kept with it. What `end` says stands over what `begin` said.
 */
export type SegmentFacts = {
  readonly servedBy?: "provider" | "specialist";
  readonly taskId?: string | null;
  /** What the client's path said instead of its body. */
  readonly path?: { readonly model?: string; readonly isStream?: boolean };
  /** Of a translated answer: what its provider counted, which the bytes may not say. */
  readonly usage?: Usage;
  readonly [field: string]: unknown;
};

/**
 * What a call is on disk before it is folded into the database: the bytes that passed, and what we know beside them. Two records:
 * `begin` with the request, `end` with the answer; in the mode `durable` both are appended together, at the end.
 * Every begin is followed by its end as long as the process lives.
 */
export type SegmentBegin = {
  readonly type: "begin";
  readonly callId: string;
  readonly atMs: number;
  /** Null when the request names none: it is then told by its conversation. */
  readonly session: string | null;
  /** A pseudonym. */
  readonly origin: string | null;
  /** Protocol of the client's body. */
  readonly protocol: string;
  readonly facts: SegmentFacts;
  readonly request: Uint8Array;
};

export type SegmentEnd = {
  readonly type: "end";
  readonly callId: string;
  readonly latencyMs: number;
  readonly status: number;
  readonly isStream: boolean;
  /** Protocol of the bytes below. */
  readonly protocol: string;
  /** Set when the answer did not end as it should. */
  readonly failure: SegmentFailure | null;
  readonly facts: SegmentFacts;
  /** The answer as it passed, in the pieces in which it came. */
  readonly response: readonly Uint8Array[];
};

export type SegmentRecord = SegmentBegin | SegmentEnd;

export type AppendWhen = "now" | "later";

/** When a call counts as recorded. `durable`: before its last byte goes out; `intent`: its request before the first; `async`: soon. */
export type RecordingMode = "durable" | "intent" | "async";

export type SegmentLog = {
  /**
   * Takes records; they are written and synced together with their neighbours, in one piece: all of an append or nothing of it.
   * `done` is called once, after this has returned, with null when they are on disk, else with what went wrong: store-full,
   * store-broken, overloaded (the disk does not keep up) or body-too-large. The bytes must not change until then. Never throws.
   * `later`: nobody waits for it, so it goes with what somebody does wait for, or by itself a moment later.
   */
  append(
    records: readonly SegmentRecord[],
    done: (failure: SegmentFailure | null) => void,
    when?: AppendWhen,
  ): void;
  /** Bytes that wait for the disk. */
  readonly waitingBytes: number;
  stats(): SegmentStats;
  /** Syncs what waits and closes the file; later appends are refused. */
  close(): Promise<void>;
};

export type SegmentFailure = { readonly code: ErrorCode; readonly message: string };

/** Counts since the log was opened. */
export type SegmentStats = {
  /** Appends taken, and the bytes of their records. */
  readonly appends: number;
  readonly bytes: number;
  /** Appends that were told a failure: not on disk. In the mode `async` nobody waits for them: lost calls. */
  readonly failed: number;
  /** Writes with a sync; appends per group say how well they share. */
  readonly groups: number;
  /** Groups that could not be written. */
  readonly failedGroups: number;
  readonly waitingBytes: number;
  /** From the first append of the last group to its sync; null before the first group. */
  readonly lastGroupMs: number | null;
  /** What new appends are refused with at present; null when they are taken. */
  readonly refusing: ErrorCode | null;
};
