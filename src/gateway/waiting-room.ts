import { performance } from "node:perf_hooks";

/**
 * So long a request waits for room before it is refused. To refuse costs a good part of what to answer costs: callers that are refused at once, and
 * ask at once again, take the processor from those that could be answered. Well below the time-outs of clients.
 */
export const MAX_WAIT_MS = 1000;
/** With the calls in flight as many as there can be connections: only who sends several at once on one finds no place. */
const MAX_WAITING = 6144;
/** Of a body no more than this is read while its request waits: what came with its head. */
const MAX_READ_BYTES = 64 * 1024;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** When a turn of the event loop takes more of the processor, fewer are let in per turn: more was begun than is brought to an end. */
const LONG_TURN_MS = 20;
const MOST_A_TURN = 512;
/** Turns are long for other reasons, too: so many come in whatever happens. Below it nothing is measured. */
const LEAST_A_TURN = 16;
/** Who came together is not refused together, to come again together. */
const REFUSED_A_TURN = 32;

/** What the room knows of its guests. */
export type Doorkeeper<T> = {
  readonly hasRoom: () => boolean;
  readonly enter: (guest: T) => void;
  readonly refuse: (guest: T) => void;
  /** Its client does not wait any more. */
  readonly isGone: (guest: T) => boolean;
  /** Of its body, as far as it says. */
  readonly bytesOf: (guest: T) => number;
  readonly maxWaitMs: number;
  /** Never goes back. */
  readonly clockMs?: () => number;
  /** Time of the processor that this thread has had. What waits for others of the machine is no sign of too much work here. */
  readonly workMs?: () => number;
};

type Waiting<T> = { readonly guest: T; readonly sinceMs: number; readonly bytes: number };

/**
 * Where requests wait for room, first come, first in. There is room while fewer calls than the bound are under way and the turns of the event loop
 * are short: so what is under way, its memory and its delay stay small while more comes than can be answered.
 */
export class WaitingRoom<T> {
  readonly #keeper: Doorkeeper<T>;
  readonly #clockMs: () => number;
  readonly #workMs: () => number;
  #queue: (Waiting<T> | null)[] = [];
  #first = 0;
  #bytes = 0;
  #allowed = MOST_A_TURN;
  #entered = 0;
  #isWatching = false;
  #turnFromMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(keeper: Doorkeeper<T>) {
    this.#keeper = keeper;
    this.#clockMs = keeper.clockMs ?? (() => performance.now());
    this.#workMs = keeper.workMs ?? threadMs;
  }

  get size(): number {
    return this.#queue.length - this.#first;
  }

  /** A request: lets it in now or in its turn, or refuses it. */
  come(guest: T): void {
    if (this.size === 0 && this.#keeper.hasRoom()) {
      if (!this.#isWatching) this.#watchTurn();
      if (this.#entered < this.#allowed) {
        this.#enter(guest);
        return;
      }
    }
    const bytes = Math.min(this.#keeper.bytesOf(guest), MAX_READ_BYTES);
    if (this.size >= MAX_WAITING || this.#bytes + bytes > MAX_WAITING_BYTES) {
      this.#keeper.refuse(guest);
      return;
    }
    this.#queue.push({ guest, sinceMs: this.#clockMs(), bytes });
    this.#bytes += bytes;
    if (!this.#isWatching) this.#wake();
  }

  /** There is room again. */
  left(): void {
    if (this.size > 0 && !this.#isWatching) this.#watchTurn();
  }

  /** Refuses all that wait. */
  close(): void {
    while (this.size > 0) this.#send(this.#shift());
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #enter(guest: T): void {
    this.#entered += 1;
    if (this.#entered === LEAST_A_TURN) this.#turnFromMs ??= this.#workMs();
    this.#keeper.enter(guest);
  }

  #watchTurn(): void {
    this.#isWatching = true;
    this.#entered = 0;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isWatching = false;
    if (this.#turnFromMs !== null) {
      this.#adjust(this.#workMs() - this.#turnFromMs);
      this.#turnFromMs = null;
    }
    if (this.size > 0) this.#serve(this.#clockMs());
  }

  #adjust(tookMs: number): void {
    if (tookMs > LONG_TURN_MS) {
      const share = Math.max(0.5, LONG_TURN_MS / tookMs);
      this.#allowed = Math.max(LEAST_A_TURN, Math.floor(this.#allowed * share));
    } else if (this.#entered >= this.#allowed) {
      this.#allowed = Math.min(MOST_A_TURN, this.#allowed + Math.ceil(this.#allowed / 8));
    }
  }

  #serve(now: number): void {
    for (let count = 0; count < REFUSED_A_TURN && this.size > 0; count += 1) {
      if (now - this.#head().sinceMs < this.#keeper.maxWaitMs) break;
      this.#send(this.#shift());
    }
    if (this.size === 0) return;
    if (!this.#keeper.hasRoom()) {
      this.#wake();
      return;
    }
    this.#watchTurn();
    this.#turnFromMs = this.#workMs();
    while (this.size > 0 && this.#entered < this.#allowed && this.#keeper.hasRoom()) {
      const guest = this.#shift();
      if (this.#keeper.isGone(guest)) continue;
      this.#enter(guest);
    }
  }

  /** Without room nothing is to be done until the first has waited long enough. */
  #wake(): void {
    if (this.#timer !== null) return;
    const leftMs = this.#keeper.maxWaitMs - (this.#clockMs() - this.#head().sinceMs);
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        if (this.size > 0 && !this.#isWatching) this.#serve(this.#clockMs());
      },
      Math.max(1, leftMs),
    );
  }

  #send(guest: T): void {
    if (!this.#keeper.isGone(guest)) this.#keeper.refuse(guest);
  }

  /** Only where someone waits. */
  #head(): Waiting<T> {
    return this.#queue[this.#first] as Waiting<T>;
  }

  #shift(): T {
    const { guest, bytes } = this.#head();
    // Else a thousand who have left would be held in memory as long as others wait.
    this.#queue[this.#first] = null;
    this.#first += 1;
    this.#bytes -= bytes;
    // What has gone is let go in one piece now and then: moving the rest each time would cost as much as there wait.
    if (this.#first >= 1024 || this.#first === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return guest;
  }
}

/** Since Node 22.19 and 23.9; before, the time that passes stands for it. */
function threadMs(): number {
  if (typeof process.threadCpuUsage !== "function") return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
