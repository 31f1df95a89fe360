import { seededRandom } from "../../src/core/index.ts";
import { readFound, readSeeds } from "./corpus.ts";
import { exchange, readReply, type Reply } from "./exchange.ts";
import { faultOf } from "./judge.ts";
import { nextCase, plain, type Case } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";
import { openUpstream } from "./upstream.ts";

export type FuzzOptions = {
  readonly seed: number;
  /** Ends after so many cases, or so many milliseconds, whichever comes first. */
  readonly cases: number;
  readonly ms: number;
  /** Told of progress now and then. */
  readonly note?: (line: string) => void;
};

export type Failure = { readonly fault: string; readonly case: Case | null };

export type FuzzResult = {
  readonly cases: number;
  readonly statuses: { readonly [status: string]: number };
  /** Who answered, where it was said. */
  readonly servedBy: { readonly [who: string]: number };
  readonly failures: readonly Failure[];
  /** Resident memory of the gateway after the first tenth, at most, and at the end. Null where it is not told. */
  readonly residentMb: readonly [number, number, number] | null;
};

/** Connections at once: enough to have requests cross, few enough for two cores. */
const WIDTH = 16;
/** What the gateway's memory may grow by after its first cases: caches that fill, buffers of bodies that are in flight. */
export const MAX_GROWTH_MB = 250;
/** More of the same say no more. */
const MAX_FAILURES = 50;
const NOTE_EVERY = 10_000;

/** Fuzzes every public endpoint of `understudy serve`: the corpus as it is, then changes of it, by a seed. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const upstream = await openUpstream();
  const target = await startTarget(upstream.url);
  const run = new Run(options, target);
  const watch = setInterval(() => run.resident(target.residentBytes()), 250);
  try {
    await run.all();
    run.resident(target.residentBytes());
    // It is well, and does what it did at first.
    await run.one(plain("healthy", "/healthz", Buffer.alloc(0), "GET"), 200);
    const [seed] = readSeeds().filter(({ name }) => name === "chat-plain.json");
    await run.one(plain("serves", seed.path, Buffer.from(JSON.stringify(seed.body))), 200);
  } finally {
    clearInterval(watch);
    for (const fault of target.faults()) run.fail(fault, null);
    const end = await target.stop();
    if (end !== null) run.fail(end, null);
    await upstream.close();
  }
  return run.result();
}

/** What is wrong with the answer behind it. A connection may end after any answer that says so. */
function nextFaultOf({ next }: Case, reply: Reply): string | null {
  if (next === undefined || reply.kind !== "reply") return null;
  const { headers, rest } = reply;
  if (rest.length === 0 && headers.get("connection") === "close") return null;
  const fault = faultOf(next, readReply(rest));
  return fault === null ? null : `behind an answer of ${reply.status}: ${fault}`;
}

class Run {
  readonly #options: FuzzOptions;
  readonly #gateway: Pick<Target, "port" | "key">;
  readonly #failures: Failure[] = [];
  readonly #statuses: { [status: string]: number } = {};
  readonly #servedBy: { [who: string]: number } = {};
  readonly #resident: { first: number | null; most: number; last: number } = {
    first: null,
    most: 0,
    last: 0,
  };
  #cases = 0;

  constructor(options: FuzzOptions, gateway: Pick<Target, "port" | "key">) {
    this.#options = options;
    this.#gateway = gateway;
  }

  async all(): Promise<void> {
    const { seed, cases, ms } = this.#options;
    const seeds = readSeeds();
    const random = seededRandom(seed);
    const first = [
      ...seeds.map(({ name, path, body }) => plain(name, path, Buffer.from(JSON.stringify(body)))),
      ...readFound(),
    ];
    const endMs = performance.now() + ms;
    const worker = async (): Promise<void> => {
      while (this.#cases < cases && performance.now() < endMs && this.#failures.length < MAX_FAILURES) {
        // Cases are made one after another by one source: the run is the same for a seed, whoever sends them.
        await this.one(first.shift() ?? nextCase(seeds, random));
        if (this.#cases % NOTE_EVERY === 0)
          this.#options.note?.(`${this.#cases} cases, ${this.#failures.length} failures`);
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, worker));
  }

  async one(one: Case, status?: number): Promise<void> {
    this.#cases += 1;
    const reply = await exchange(this.#gateway, one);
    const got = reply.kind === "reply" ? String(reply.status) : reply.kind;
    this.#statuses[got] = (this.#statuses[got] ?? 0) + 1;
    const who = reply.kind === "reply" ? reply.headers.get("x-understudy-served-by") : undefined;
    if (who !== undefined) this.#servedBy[who] = (this.#servedBy[who] ?? 0) + 1;
    const fault =
      faultOf(one, reply) ??
      nextFaultOf(one, reply) ??
      (status !== undefined && got !== String(status) ? `${got} instead of ${status}` : null);
    if (fault !== null) this.fail(fault, one);
  }

  fail(fault: string, one: Case | null): void {
    this.#failures.push({ fault, case: one });
  }

  resident(bytes: number | null): void {
    if (bytes === null) return;
    const mb = bytes / 1e6;
    const { cases, ms } = this.#options;
    const isWarm = this.#cases > Math.min(cases, ms / 2) / 10;
    if (isWarm) this.#resident.first ??= mb;
    if (this.#resident.first !== null) this.#resident.most = Math.max(this.#resident.most, mb);
    this.#resident.last = mb;
  }

  result(): FuzzResult {
    const { first, most, last } = this.#resident;
    const failures = [...this.#failures];
    if (first !== null && last - first > MAX_GROWTH_MB)
      failures.push({ fault: `memory grew from ${first.toFixed(0)} to ${last.toFixed(0)} MB`, case: null });
    const residentMb = first === null ? null : ([first, most, last] as const);
    return { cases: this.#cases, statuses: this.#statuses, servedBy: this.#servedBy, failures, residentMb };
  }
}
