import { HouseError, type Call } from "../core/index.ts";
import type {
  AsideCall,
  SegmentBegin,
  SegmentEnd,
  SegmentItem,
  SegmentPlace,
  SegmentRecord,
  Store,
} from "../store/index.ts";
import { recordedCall, withSession, type Protocols } from "./recorded-call.ts";

/** What folding came to. */
export type FoldCounts = {
  /** Calls written to the store. */
  readonly calls: number;
  /** Of these: without an answer, because their process ended before it. */
  readonly unanswered: number;
  /** Of these: put aside by an earlier folding, and readable now. */
  readonly recovered: number;
  /** Recorded calls that could not be read as calls; kept. */
  readonly aside: number;
  /** Groups of calls that the disk lost, and what was found of it, a line each. */
  readonly lostGroups: number;
  readonly damage: readonly string[];
  /** Segments with a tail that was never whole: cut; nothing acknowledged was in it. */
  readonly tornTails: number;
  /** Whether it was stopped before all was folded. */
  readonly isStopped: boolean;
};

/**
 * Records of one transaction, or their bytes where they are large. Small: a gateway that writes a budget or an audit entry meanwhile waits
 * for it with its serving thread, about 10 ms.
 */
const BATCH_RECORDS = 128;
const BATCH_BYTES = 1024 * 1024;
/** A call that has no end after this much time gets none: longer than any call may take. */
const LATE_MS = 24 * 3600 * 1000;
/** Lines of damage that are told in words; the rest is counted. */
const MAX_DAMAGE_LINES = 20;

type Deps = Pick<Store, "calls" | "recording" | "segmentKeys" | "pseudonym" | "ledger">;
type Options = {
  readonly protocols: Protocols;
  readonly nowMs: () => number;
  readonly shouldStop?: () => boolean;
};
type Place = { readonly writer: string; readonly number: number; readonly from: SegmentPlace };

type Batch = {
  readonly calls: Call[];
  readonly begun: Map<string, SegmentBegin>;
  readonly ended: string[];
  readonly aside: AsideCall[];
  bytes: number;
  records: number;
};

const emptyBatch = (): Batch => ({ calls: [], begun: new Map(), ended: [], aside: [], bytes: 0, records: 0 });

/** One folding: gathers what segments give into batches, and commits each with the place it reaches. */
export class FoldRun {
  readonly #store: Deps;
  readonly #options: Options;
  readonly #counts = { calls: 0, unanswered: 0, recovered: 0, aside: 0, lostGroups: 0, tornTails: 0 };
  readonly #damage: string[] = [];
  #batch = emptyBatch();
  #at = stateAt({ writer: "", number: 0, from: { offset: 0, sequence: 0 } });
  #isStopped = false;

  constructor(store: Deps, options: Options) {
    this.#store = store;
    this.#options = options;
  }

  get keys(): Store["segmentKeys"] {
    return this.#store.segmentKeys;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  counts(): FoldCounts {
    return { ...this.#counts, damage: this.#damage, isStopped: this.#isStopped };
  }

  place({ writer, number }: Pick<Place, "writer" | "number">): ReturnType<Deps["recording"]["place"]> {
    return this.#store.recording.place(writer, number);
  }

  numbersOf(writer: string): readonly number[] {
    return this.#store.recording.numbers(writer);
  }

  begin(place: Place): void {
    this.#batch = emptyBatch();
    this.#at = stateAt(place);
  }

  take(item: SegmentItem): void {
    switch (item.type) {
      case "group":
        for (const record of item.records) this.#record(record);
        this.#at.to = item.next;
        if (this.#batch.records >= BATCH_RECORDS || this.#batch.bytes >= BATCH_BYTES) this.#commit(false);
        return;
      case "damage":
        this.#at.to = item.next;
        if (!this.#commit(false)) return;
        this.#counts.lostGroups += item.groups;
        this.damaged(item.message);
        return;
      case "end":
        this.#at.isClosed = item.isClosed;
        this.#at.isTorn = item.isTorn;
    }
  }

  /** Commits the rest; whether the segment has given all that it will. */
  end(isFinished: boolean): boolean {
    const isFolded = isFinished || this.#at.isClosed;
    // Of a living writer it may be a group under way.
    if (isFolded && this.#at.isTorn) this.#counts.tornTails += 1;
    return this.#commit(isFolded) && isFolded;
  }

  damaged(message: string): void {
    if (this.#damage.length < MAX_DAMAGE_LINES) this.#damage.push(message);
    const at = new Date(this.#options.nowMs()).toISOString();
    this.#store.ledger.append({ at, event: "recording-damaged", detail: { message } });
  }

  /** Calls of a dead writer that never ended. */
  settle(writer: string): void {
    this.#settle(writer, undefined);
  }

  /** Calls of a living writer that began too long ago to end. */
  settleLate(writer: string): void {
    this.#settle(writer, this.#options.nowMs() - LATE_MS);
  }

  /** Calls that were put aside: what can be read now becomes a call, the rest stays. */
  retry(): void {
    const { recording } = this.#store;
    for (const { writer, records } of recording.aside()) {
      const [begin, end] = records;
      if (begin?.type !== "begin" || end?.type === "begin") continue;
      const calls = this.#callOf(begin, end ?? null, []);
      if (calls.length === 0) continue;
      recording.settle(writer, calls, []);
      this.#counts.calls += calls.length;
      this.#counts.recovered += calls.length;
    }
  }

  forget(writer: string): void {
    this.#store.recording.forget(writer);
  }

  #settle(writer: string, beforeMs: number | undefined): void {
    const { recording } = this.#store;
    for (
      let open = recording.open(writer, beforeMs);
      open.length > 0;
      open = recording.open(writer, beforeMs)
    ) {
      const aside: AsideCall[] = [];
      const calls = open.flatMap((begin) => this.#callOf(begin, null, aside));
      recording.settle(writer, calls, aside);
      this.#counts.calls += calls.length;
      this.#counts.unanswered += calls.length;
      this.#counts.aside += aside.length;
    }
  }

  #record(record: SegmentRecord): void {
    const { begun, calls, aside, ended } = this.#batch;
    this.#batch.records += 1;
    this.#batch.bytes += bytesOf(record);
    if (record.type === "begin") {
      begun.set(record.callId, record);
      return;
    }
    const { callId } = record;
    const here = begun.get(callId);
    const begin = here ?? this.#store.recording.begun(callId);
    if (here !== undefined) begun.delete(callId);
    else if (begin !== null) ended.push(callId);
    if (begin === "erased") return;
    if (begin === null) aside.push({ callId, begin, reason: "no-request", records: [record] });
    else calls.push(...this.#callOf(begin, record, aside));
  }

  #callOf(begin: SegmentBegin, end: SegmentEnd | null, aside: AsideCall[]): readonly Call[] {
    const { protocols } = this.#options;
    const records = end === null ? [begin] : [begin, end];
    try {
      const recorded = recordedCall(begin, end, protocols, this.#store.pseudonym);
      if (recorded.ok) return [recorded.call];
      aside.push({ callId: begin.callId, begin, reason: recorded.reason, records });
    } catch (error) {
      if (error instanceof HouseError) throw error;
      // A fault of ours on one call must not keep all after it out of the store.
      aside.push({
        callId: begin.callId,
        begin: this.#withSession(begin),
        reason: `fault: ${(error as Error).message}`,
        records,
      });
    }
    return [];
  }

  /**
   * A group may hold thousands of calls, and the place moves by groups: all but the last calls go in ahead, in transactions of their own. A
   * kill in between makes the next folding add them again, which adds nothing: they are the same.
   */
  #addMost(calls: readonly Call[]): readonly Call[] {
    let at = 0;
    for (; calls.length - at > BATCH_RECORDS; at += BATCH_RECORDS / 2) {
      this.#counts.calls += this.#store.calls.add(calls.slice(at, at + BATCH_RECORDS / 2)).taken;
    }
    return calls.slice(at);
  }

  #withSession(begin: SegmentBegin): SegmentBegin {
    try {
      return withSession(begin, this.#options.protocols);
    } catch {
      // A fault of ours, told when the call is made of it.
      return begin;
    }
  }

  /** False when another has folded the segment meanwhile. */
  #commit(isFolded: boolean): boolean {
    const { to, from, writer, number } = this.#at;
    const { calls, begun, ended, aside } = this.#batch;
    if (to.offset === from.offset && !isFolded) return true;
    const batch = {
      writer,
      number,
      from,
      to,
      isFolded,
      calls: this.#addMost(calls),
      ended,
      aside,
      begun: [...begun.values()].map((begin) => this.#withSession(begin)),
    };
    const added = this.#store.recording.commit(batch);
    if (added === null) {
      // Another is at it: it goes on from where it is.
      this.#isStopped = true;
      return false;
    }
    this.#counts.calls += added.taken;
    this.#counts.aside += aside.length;
    this.#batch = emptyBatch();
    this.#at = { ...this.#at, from: to };
    if (this.#options.shouldStop?.() === true) this.#isStopped = true;
    return true;
  }
}

function stateAt(place: Place) {
  return { ...place, to: place.from, isClosed: false, isTorn: false };
}

function bytesOf(record: SegmentRecord): number {
  if (record.type === "begin") return record.request.length;
  return record.response.reduce((sum, piece) => sum + piece.length, 0);
}
