import type { ErrorCode } from "../../core/index.ts";

/**
 * What a call is on disk before it is folded into the database: the bytes that passed, and what we know beside them. Two records:
 * `begin` with the request, `end` with the answer; in the mode `durable` both are appended together, at the end.
 */
export type SegmentBegin = {
  readonly type: "begin";
  readonly callId: string;
  readonly atMs: number;
  readonly session: string;
  /** A pseudonym. */
  readonly origin: string | null;
  /** Protocol of the client's body. */
  readonly protocol: string;
  /** Decision and caller: task, reason, score, key id, provider, model … JSON-safe. */
  readonly facts: { readonly [field: string]: unknown };
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
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
  readonly facts: { readonly [field: string]: unknown };
  /** The answer as it passed, in the pieces in which it came. */
  readonly response: readonly Uint8Array[];
};

export type SegmentRecord = SegmentBegin | SegmentEnd;

/** When a call counts as recorded. `durable`: before its last byte goes out; `intent`: its request before the first; `async`: soon. */
export type RecordingMode = "durable" | "intent" | "async";

export type SegmentLog = {
  /**
   * Takes records; they are written and synced together with their neighbours. `done` is called once, with null when they are on disk, else
   * with what went wrong (store-full, store-broken, overloaded). The bytes must not change until then. Not called twice, never throws.
   */
  append(records: readonly SegmentRecord[], done: (failure: SegmentFailure | null) => void): void;
  /** Bytes that wait for the disk. */
  readonly waitingBytes: number;
  /** Syncs what waits and closes the file. */
  close(): Promise<void>;
};

export type SegmentFailure = { readonly code: ErrorCode; readonly message: string };
