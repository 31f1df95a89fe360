import type { ErrorCode } from "../../core/index.ts";
import type { Counts, Protocol, ProtocolName } from "../protocol.ts";
import type { UpstreamSink } from "./ask.ts";
import { createEndFinder, type EndFinder } from "./stream-end.ts";
import type { AnswerSink, Exchange } from "./types.ts";
import type { Place } from "./upstreams.ts";

/** Of one answer this much is kept for its record; the longest streams of today's models stay below it. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;
/** Of all calls together; above it answers pass without being kept whole, and no new calls are taken. */
export const MAX_KEPT_IN_ALL_BYTES = 512 * 1024 * 1024;
/** A plain answer of more than this is not held back as a whole any more: all but its last piece. */
export const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** Takes an answer for the client: piece by piece, or whole where all of it is at hand. */
export type ClientSink = AnswerSink & {
  whole(status: number, headers: { readonly [name: string]: string }, pieces: readonly Uint8Array[]): void;
};

/** Bytes that all calls under way keep. */
export type KeptBytes = { bytes: number };

/** Which bytes wait until they are let go: all, those with which the client has the whole answer, or none. */
export type Hold = "all" | "last" | "none";

export type AnswerEnd = {
  /** Null when none began. */
  readonly status: number | null;
  readonly isStream: boolean;
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
};

/** How the bytes of a plain answer and of a stream are held. */
export type Holds = { readonly plain: Hold; readonly stream: Hold };

/**
 * The answer on its way from the provider to the client: passes as it comes, is kept by reference for the record, and held back as the
 * mode of recording wants it. Backpressure passes through in both directions.
 */
export class Passage implements UpstreamSink, Exchange {
  readonly kept: Uint8Array[] = [];
  /** True when the answer was too long to be kept whole. */
  isCut = false;
  status: number | null = null;
  isStream = false;
  place: Place | null = null;
  attempts = 0;
  /** Fields of the request that its translation left out. */
  lost: readonly string[] = [];
  /** Of a translated answer; null where the bytes are the provider's own and say it themselves. */
  counts: Counts | null = null;
  /** From the provider's head; what a record must know to read the bytes. */
  encoding: string | null = null;
  firstByteMs: number | null = null;
  exchange: Exchange | null = null;
  readonly #client: ClientSink;
  readonly #memory: KeptBytes;
  readonly #parts: PassageParts;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #keptBytes = 0;
  #hold: Hold = "all";
  #hasToldHead = false;
  #isPassing = true;
  #findEnd: EndFinder | null = null;
  #headers: { readonly [name: string]: string } = {};
  #ended: ((end: AnswerEnd) => void) | null = null;
  #end: AnswerEnd | null = null;

  constructor(client: ClientSink, memory: KeptBytes, parts: PassageParts) {
    this.#client = client;
    this.#memory = memory;
    this.#parts = parts;
  }

  /** Resolves when the answer has ended; what is held is then still to be let go. */
  ended(): Promise<AnswerEnd> {
    const end = this.#end;
    if (end !== null) return Promise.resolve(end);
    return new Promise((resolve) => (this.#ended = resolve));
  }

  /** Nothing passes from now on until `open`: the client must not have a byte before the request is recorded. */
  shut(): void {
    this.#isPassing = false;
  }

  open(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    if (this.status === null) return;
    if (this.#hold !== "all") this.#letGo();
    this.resume();
  }

  /** All that is held goes out. */
  finish(): void {
    if (!this.#hasToldHead && !this.isStream) {
      this.#client.whole(this.status ?? 200, this.#headers, this.#held);
      return;
    }
    this.#letGo();
    this.#client.end();
  }

  /** What is held does not go out. */
  refuse(code: ErrorCode, message: string): void {
    this.#held = [];
    this.#client.fail(code, message);
  }

  get hasFailed(): boolean {
    return this.#end?.failure !== null;
  }

  /** Gives back the room of what was kept: when the record is written. */
  close(): void {
    this.#memory.bytes -= this.#keptBytes;
    this.#keptBytes = 0;
  }

  resume(): void {
    this.exchange?.resume();
  }

  cancel(): void {
    this.exchange?.cancel();
  }

  chosen(place: Place, attempts: number, lost: readonly string[]): void {
    this.lost = lost;
    this.place = place;
    this.attempts = attempts;
  }

  counted(counts: Counts): void {
    this.counts = counts;
  }

  /** What the answer took, as its provider counted; of bytes in this protocol. */
  usageIn(protocol: Pick<Protocol, "usageOf">): Counts {
    return this.counts ?? protocol.usageOf(this.kept, this.isStream);
  }

  head(status: number, headers: { readonly [name: string]: string }, isStream: boolean): void {
    const { holds, protocol, nowMs } = this.#parts;
    this.status = status;
    this.isStream = isStream;
    this.firstByteMs = nowMs();
    this.#headers = headers;
    this.encoding = headers["content-encoding"] ?? null;
    this.#hold = isStream ? holds.stream : holds.plain;
    if (isStream && this.#hold === "last") this.#findEnd = createEndFinder(protocol);
    if (this.#hold !== "all" && this.#isPassing) this.#tellHead();
  }

  data(bytes: Uint8Array): boolean {
    this.#keep(bytes);
    if (!this.#isPassing) return this.#holdBack(bytes) < MAX_HELD_BYTES;
    if (this.#hold === "none") return this.#client.data(bytes);
    if (this.#hold === "all") {
      if (this.#holdBack(bytes) > MAX_HELD_BYTES) this.#hold = "last";
      return true;
    }
    if (this.#findEnd === null) return this.#slide(bytes);
    if (this.#held.length > 0) return this.#holdBack(bytes) < MAX_HELD_BYTES || this.#slideFrom();
    const at = this.#findEnd(bytes);
    if (at < 0) return this.#client.data(bytes);
    this.#holdBack(at === 0 ? bytes : bytes.subarray(at));
    return at === 0 || this.#client.data(bytes.subarray(0, at));
  }

  end(): void {
    this.#close(null);
  }

  fail(code: ErrorCode, message: string): void {
    this.#close({ code, message });
  }

  #close(failure: AnswerEnd["failure"]): void {
    if (this.#end !== null) return;
    // A stream whose last event has come is whole, however its connection ends.
    const isWhole = this.#findEnd !== null && this.#held.length > 0;
    this.#end = { status: this.status, isStream: this.isStream, failure: isWhole ? null : failure };
    this.#ended?.(this.#end);
  }

  #keep(bytes: Uint8Array): void {
    if (this.isCut) return;
    const memory = this.#memory;
    if (
      this.#keptBytes + bytes.length > MAX_KEPT_BYTES ||
      memory.bytes + bytes.length > MAX_KEPT_IN_ALL_BYTES
    ) {
      this.isCut = true;
      return;
    }
    this.kept.push(bytes);
    this.#keptBytes += bytes.length;
    memory.bytes += bytes.length;
  }

  #holdBack(bytes: Uint8Array): number {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return this.#heldBytes;
  }

  /** All but the newest piece goes out. */
  #slide(bytes: Uint8Array): boolean {
    const isTaking = this.#letGo();
    this.#holdBack(bytes);
    return isTaking;
  }

  /** What looked like the last event was not: too much follows. */
  #slideFrom(): boolean {
    this.#findEnd = null;
    return true;
  }

  #tellHead(): void {
    if (this.#hasToldHead || this.status === null) return;
    this.#hasToldHead = true;
    this.#client.head(this.status, this.#headers, this.isStream);
  }

  #letGo(): boolean {
    this.#tellHead();
    let isTaking = true;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const bytes of held) isTaking = this.#client.data(bytes) && isTaking;
    return isTaking;
  }
}

export type PassageParts = {
  /** Of the bytes that pass. */
  readonly protocol: ProtocolName;
  readonly holds: Holds;
  readonly nowMs: () => number;
};
