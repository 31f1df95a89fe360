import type { ErrorCode } from "../../core/index.ts";
import { MAX_APPEND_BYTES } from "./format.ts";
import { sizeOf } from "./records.ts";
import type { AppendWhen, SegmentFailure, SegmentRecord, SegmentStats } from "./types.ts";

/** Between the beginnings of two groups: calls that end within it share a write and its sync. */
export const GROUP_GAP_MS = 1;
/**
 * The same under load: a group costs about as much processor time as twenty calls, whatever is in it. Above this rate groups hold six
 * calls and more, and callers wait for other things longer than for this.
 */
export const BUSY_GAP_MS = 4;
const BUSY_CALLS_PER_MS = 1.5;
/** Near the most that one core does: a group is then two dozen calls, and as many more wait for that core. */
export const FULL_GAP_MS = 8;
const FULL_CALLS_PER_MS = 2.5;
/** What nobody waits for goes with a group that somebody waits for; when there is none, so much later. */
export const LATER_MS = 10;
/** Weight of the last group in the rate. */
const RATE_WEIGHT = 0.2;
/** After a pause the rate begins anew. */
const PAUSE_MS = 100;
/** A group is sealed on the serving thread: this much takes about 2 ms. One append may be larger. */
const MAX_GROUP_BYTES = 4 * 1024 * 1024;

/** After a failure: until then appends are refused at once, the next one after it tries the disk again. */
export const RETRY_MS = 250;

type Done = (failure: SegmentFailure | null) => void;

type Waiting = {
  readonly records: readonly SegmentRecord[];
  readonly bytes: number;
  readonly sinceMs: number;
  readonly when: AppendWhen;
  /** Null once it was told: the disk stalled. */
  done: Done | null;
};

export type GroupQueueOptions = {
  readonly nowMs: () => number;
  readonly maxWaitingBytes: number;
  readonly stallMs: number;
  /** One at a time; never rejects. */
  readonly write: (records: readonly SegmentRecord[]) => Promise<SegmentFailure | null>;
};

/** Gathers appends into groups: one is on its way to the disk while the next fills. */
export class GroupQueue {
  readonly #options: GroupQueueOptions;
  #waiting: Waiting[] = [];
  #inFlight: readonly Waiting[] | null = null;
  #scheduled: AppendWhen | null = null;
  #laterTimer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #isStalled = false;
  #startedMs = -Infinity;
  #callsPerMs = 0;
  /** What the last write ended with; appends are refused with it for a moment, the next one after that tries again. */
  #broken: { readonly failure: SegmentFailure; readonly untilMs: number } | null = null;
  #watch: NodeJS.Timeout | null = null;
  /** Owned here: it never rejects. */
  #writing: Promise<void> | null = null;
  #whenIdle: (() => void) | null = null;
  readonly #counts = { appends: 0, bytes: 0, failed: 0, groups: 0, failedGroups: 0, waitingBytes: 0 };
  #lastGroupMs: number | null = null;

  constructor(options: GroupQueueOptions) {
    this.#options = options;
  }

  append(records: readonly SegmentRecord[], done: Done, when: AppendWhen = "now"): void {
    const bytes = sizeOf(records);
    const refusal = this.#refusalOf(bytes);
    if (refusal !== null) {
      this.#counts.failed += 1;
      queueMicrotask(() => done(refusal));
      return;
    }
    this.#counts.appends += 1;
    this.#counts.bytes += bytes;
    this.#counts.waitingBytes += bytes;
    this.#waiting.push({ records, bytes, sinceMs: this.#options.nowMs(), when, done });
    this.#schedule(when);
  }

  stats(): SegmentStats {
    return { ...this.#counts, lastGroupMs: this.#lastGroupMs, refusing: this.#refusing() };
  }

  /** Takes no more appends; resolves with true when nothing waits any more, with false when the disk has stopped. */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    if (this.#isBusy() && !this.#isStalled) {
      await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    }
    if (this.#watch !== null) clearTimeout(this.#watch);
    if (!this.#isBusy()) await this.#writing;
    return !this.#isBusy();
  }

  #isBusy(): boolean {
    return this.#inFlight !== null || this.#waiting.length > 0;
  }

  #refusing(): ErrorCode | null {
    if (this.#isClosed) return "store-broken";
    return this.#isStalled ? "overloaded" : (this.#broken?.failure.code ?? null);
  }

  #refusalOf(bytes: number): SegmentFailure | null {
    if (this.#isClosed) return { code: "store-broken", message: "Cannot record a call: the log is closed" };
    if (this.#isStalled) return stalled(this.#options.stallMs);
    if (this.#broken !== null && this.#options.nowMs() < this.#broken.untilMs) return this.#broken.failure;
    if (bytes > MAX_APPEND_BYTES) {
      const message = `Cannot record a call of ${bytes} bytes, expected at most ${MAX_APPEND_BYTES}`;
      return { code: "body-too-large", message };
    }
    const { waitingBytes } = this.#counts;
    // One that is larger than the bound itself may pass when nothing else waits.
    if (waitingBytes === 0 || waitingBytes + bytes <= this.#options.maxWaitingBytes) return null;
    return { code: "overloaded", message: `Cannot record a call: ${waitingBytes} bytes wait for the disk` };
  }

  /** `when`: of the most urgent one that waits. */
  #schedule(when: AppendWhen): void {
    if (this.#inFlight !== null || this.#scheduled === "now" || this.#scheduled === when) return;
    this.#scheduled = when;
    if (when === "later") {
      this.#laterTimer = setTimeout(this.#flush, LATER_MS);
      return;
    }
    this.#forgetLater();
    const sinceMs = this.#options.nowMs() - this.#startedMs;
    const gapMs = gapAt(this.#callsPerMs);
    // A clock that was set back makes no one wait.
    if (sinceMs >= 0 && sinceMs < gapMs && !this.#isClosed) setTimeout(this.#flush, gapMs - sinceMs);
    else setImmediate(this.#flush);
  }

  #forgetLater(): void {
    if (this.#laterTimer !== null) clearTimeout(this.#laterTimer);
    this.#laterTimer = null;
  }

  readonly #flush = (): void => {
    this.#scheduled = null;
    this.#forgetLater();
    const taken = this.#take();
    this.#inFlight = taken;
    this.#measureRate(taken.length);
    this.#startedMs = this.#options.nowMs();
    this.#startWatch();
    this.#writing = this.#write(taken);
  };

  #measureRate(calls: number): void {
    const sinceMs = this.#options.nowMs() - this.#startedMs;
    const isPause = sinceMs < 0 || sinceMs > PAUSE_MS;
    const now = isPause ? 0 : calls / Math.max(GROUP_GAP_MS, sinceMs);
    this.#callsPerMs += isPause ? -this.#callsPerMs : RATE_WEIGHT * (now - this.#callsPerMs);
  }

  async #write(taken: readonly Waiting[]): Promise<void> {
    const records = taken.length === 1 ? taken[0].records : taken.flatMap((one) => one.records);
    this.#settle(taken, await this.#options.write(records));
  }

  #take(): readonly Waiting[] {
    let bytes = this.#waiting[0].bytes;
    let count = 1;
    while (count < this.#waiting.length && bytes + this.#waiting[count].bytes <= MAX_GROUP_BYTES) {
      bytes += this.#waiting[count].bytes;
      count += 1;
    }
    if (count < this.#waiting.length) return this.#waiting.splice(0, count);
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  #settle(group: readonly Waiting[], failure: SegmentFailure | null): void {
    this.#inFlight = null;
    this.#isStalled = false;
    const endedMs = this.#options.nowMs();
    if (failure === null) {
      this.#counts.groups += 1;
      this.#lastGroupMs = Math.max(0, endedMs - group[0].sinceMs);
      this.#broken = null;
    } else {
      this.#counts.failedGroups += 1;
      this.#broken = { failure, untilMs: endedMs + RETRY_MS };
    }
    this.#tell(group, failure);
    // What came meanwhile would meet the same: it is told now instead of after another attempt.
    if (failure !== null) this.#tell(this.#waiting.splice(0), failure);
    if (this.#waiting.length > 0) {
      this.#schedule(this.#waiting.some(({ when }) => when === "now") ? "now" : "later");
    }
    if (!this.#isBusy()) this.#whenIdle?.();
  }

  #tell(group: readonly Waiting[], failure: SegmentFailure | null): void {
    for (const one of group) {
      this.#counts.waitingBytes -= one.bytes;
      this.#tellOne(one, failure);
    }
  }

  #tellOne(one: Waiting, failure: SegmentFailure | null): void {
    const { done } = one;
    if (done === null) return;
    one.done = null;
    if (failure !== null) this.#counts.failed += 1;
    done(failure);
  }

  #startWatch(): void {
    if (this.#watch !== null) {
      this.#watch.refresh();
      return;
    }
    this.#watch = setTimeout(() => this.#stall(), this.#options.stallMs);
    this.#watch.unref();
  }

  /** The disk has not ended a write in time. Its group keeps its memory until it does; its callers need not wait for that. */
  #stall(): void {
    if (this.#inFlight === null) return;
    this.#isStalled = true;
    const failure = stalled(this.#options.stallMs);
    for (const one of this.#inFlight) this.#tellOne(one, failure);
    this.#tell(this.#waiting.splice(0), failure);
    this.#whenIdle?.();
  }
}

function gapAt(callsPerMs: number): number {
  if (callsPerMs < BUSY_CALLS_PER_MS) return GROUP_GAP_MS;
  return callsPerMs < FULL_CALLS_PER_MS ? BUSY_GAP_MS : FULL_GAP_MS;
}

function stalled(stallMs: number): SegmentFailure {
  return { code: "overloaded", message: `Cannot record calls: the disk has not written for ${stallMs} ms` };
}
