import { fork, type ChildProcess } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { HouseError, type ErrorCode, type Log } from "../core/index.ts";
import { protocols } from "../models/index.ts";
import { openStore, segmentsFolderOf, stateOf, type Store } from "../store/index.ts";
import { foldSegments } from "./fold-segments.ts";
import type { FoldCounts } from "./fold-run.ts";
import { SegmentNews } from "./segment-news.ts";

export type FoldingSource = {
  /** Folder of the store. */
  readonly dir: string;
  readonly key?: Uint8Array;
};

export type FoldingOptions = FoldingSource & {
  readonly nowMs: () => number;
  readonly log: Log;
  /** Days that recorded calls are kept; for ever when not given. */
  readonly keepDays?: number;
};

export type FoldingRequest = { readonly roundMs: number; readonly eraseBeforeMs: number | null };

/** What goes to the process that folds. */
export type FoldingOrder = { readonly source: FoldingSource; readonly request: FoldingRequest };

export type FoldingReply =
  | { readonly type: "folded"; readonly counts: FoldCounts | null }
  | { readonly type: "failed"; readonly code: ErrorCode | null; readonly message: string };

export type FoldingStats = {
  /** Calls folded since the start. */
  readonly calls: number;
  readonly aside: number;
  readonly lostGroups: number;
  readonly failures: number;
  /** When the last round ended well; null before the first. */
  readonly lastMs: number | null;
};

/** Folding in the background, in a process of its own. */
export type Folding = { stats(): FoldingStats; close(): Promise<void> };

/** How soon a recorded call is in the database, on a quiet machine. */
const INTERVAL_MS = 1000;
/** A round ends after this, so that a load that begins meanwhile is noticed. */
const ROUND_MS = 500;
/** Above this share of its time the serving thread is busy, and folding waits: it would take a core from it. */
const BUSY_SHARE = 0.5;
/** Folding waits no longer when so much is recorded: half an hour of 100 calls a second, at 4 KB. */
const MAX_BACKLOG_BYTES = 1024 ** 3;
/** At the end of the process; what is left then is folded by the next one. */
const LAST_ROUND_MS = 5000;
/** A process with nothing to do ends after so many intervals: it holds some sixty megabytes. */
const QUIET_INTERVALS = 5;
/** Young objects of a batch of calls; more room would be memory that nothing else can use. */
const FLAGS = ["--max-semi-space-size=4", "--disable-warning=ExperimentalWarning"];
const DAY_MS = 24 * 3600 * 1000;
/** The same failure is logged once in this time. */
const TELL_AGAIN_MS = 60_000;
/** Between erasures of what is too old. */
const ERASE_INTERVAL_MS = 3600 * 1000;

// The entry is the source under Node's type stripping, and the compiled file in the published package.
const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./fold-process.ts" : "./fold-process.js", import.meta.url),
);

/**
 * Folds what this process and others record in a store, whenever this thread is not busy. A failure is logged and tried again.
 *
 * In a process, not in a thread: a thread that begins while calls are under way makes V8 carry, for good, a third of what every later call is made of
 * through two young collections (docs/log.md). And what ends a process that folds, memory that runs out, say, does not end the one that serves.
 */
export function startFolding(options: FoldingOptions): Folding {
  return new BackgroundFolding(options);
}

class BackgroundFolding implements Folding {
  readonly #options: FoldingOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #counts = { calls: 0, aside: 0, lostGroups: 0, failures: 0 };
  #process: FoldProcess | null = null;
  #isWorking = false;
  #load = performance.eventLoopUtilization();
  #lastMs: number | null = null;
  #erasedMs = -Infinity;
  readonly #news: SegmentNews;
  #quiet = 0;
  #told = { code: "", atMs: 0 };

  constructor(options: FoldingOptions) {
    this.#options = options;
    this.#news = new SegmentNews(segmentsFolderOf(options.dir), options.nowMs);
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS);
    this.#timer.unref();
  }

  stats(): FoldingStats {
    return { ...this.#counts, lastMs: this.#lastMs };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    // Stopped anywhere: a batch is in the store with its place, or not at all.
    await this.#letGo()?.kill();
    const { dir, nowMs } = this.#options;
    // Nothing is served any more, so this thread may do it; a new one would take longer to start.
    if (stateOf(segmentsFolderOf(dir)).bytes > 0) {
      this.#take(foldOnce(this.#options, { roundMs: LAST_ROUND_MS, eraseBeforeMs: null }, nowMs));
    }
  }

  #tick(): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#load);
    this.#load = now;
    if (this.#isWorking) return;
    const { bytes, isNew } = this.#news.look();
    if (utilization > BUSY_SHARE && bytes < MAX_BACKLOG_BYTES) return;
    const eraseBeforeMs = this.#dueErasure();
    if (!isNew && eraseBeforeMs === null) return this.#rest();
    this.#quiet = 0;
    this.#isWorking = true;
    this.#processNow().ask({ roundMs: ROUND_MS, eraseBeforeMs });
  }

  /** Without anything to do there is no process. */
  #rest(): void {
    this.#quiet += 1;
    if (this.#quiet === QUIET_INTERVALS) this.#letGo()?.disconnect();
  }

  /** What ends from now on ends because it is told to. */
  #letGo(): FoldProcess | null {
    const known = this.#process;
    this.#process = null;
    return known;
  }

  #dueErasure(): number | null {
    const { nowMs, keepDays } = this.#options;
    if (keepDays === undefined || nowMs() - this.#erasedMs < ERASE_INTERVAL_MS) return null;
    this.#erasedMs = nowMs();
    return nowMs() - keepDays * DAY_MS;
  }

  #processNow(): FoldProcess {
    if (this.#process !== null) return this.#process;
    const { dir, key } = this.#options;
    const started = new FoldProcess(
      { dir, key },
      {
        take: (reply) => this.#take(reply),
        ended: (why) => {
          if (this.#process === started) this.#died(why);
        },
      },
    );
    this.#process = started;
    return started;
  }

  /** Another takes its place at the next round. */
  #died(why: string): void {
    this.#process = null;
    this.#isWorking = false;
    this.#fail("process-died", `The process that folds has ended: ${why}`);
  }

  #take(reply: FoldingReply): void {
    this.#isWorking = false;
    if (reply.type === "failed") return this.#fail(reply.code ?? "fault", reply.message);
    this.#lastMs = this.#options.nowMs();
    const { counts } = reply;
    if (counts === null) return;
    if (counts.calls === 0 && !counts.isStopped) this.#news.foundNothing();
    this.#counts.calls += counts.calls;
    this.#counts.aside += counts.aside;
    this.#counts.lostGroups += counts.lostGroups;
    for (const message of counts.damage) {
      this.#options.log.error({ event: "recording-damaged", message });
    }
  }

  #fail(code: string, message: string): void {
    this.#counts.failures += 1;
    // A full disk fails every second until there is room.
    const nowMs = this.#options.nowMs();
    if (code === this.#told.code && nowMs - this.#told.atMs < TELL_AGAIN_MS) return;
    this.#told = { code, atMs: nowMs };
    this.#options.log.warn({ event: "folding-failed", code, message });
  }
}

type FoldProcessWatch = {
  readonly take: (reply: FoldingReply) => void;
  readonly ended: (why: string) => void;
};

/** The other process, as this one sees it. It keeps this one from nothing, not even from ending. */
class FoldProcess {
  readonly #source: FoldingSource;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;

  constructor(source: FoldingSource, { take, ended }: FoldProcessWatch) {
    this.#source = source;
    const child = fork(ENTRY, [], {
      execArgv: FLAGS,
      // The store's key goes this way, where no other process can read it.
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child = child;
    child.unref();
    child.channel?.unref();
    child.on("message", take);
    this.#gone = new Promise((resolve) => {
      const tell = (why: string): void => {
        ended(why);
        resolve();
      };
      child.once("error", (error) => tell(error.message));
      child.once("exit", (code, signal) => tell(signal ?? `exit code ${code}`));
    });
  }

  ask(request: FoldingRequest): void {
    const order: FoldingOrder = { source: this.#source, request };
    // One that cannot be asked has ended, or is about to.
    this.#child.send(order, () => {});
  }

  /** It ends when it has done what it was asked. */
  disconnect(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  kill(): Promise<void> {
    // Who waits for its end must not end meanwhile because nothing else is left to do.
    this.#child.ref();
    this.#child.kill("SIGKILL");
    return this.#gone;
  }
}

function foldOnce(source: FoldingSource, request: FoldingRequest, nowMs: () => number): FoldingReply {
  try {
    const store = openStore({ dir: source.dir, key: source.key, nowMs });
    try {
      return foldRound(store, source.dir, request, nowMs);
    } finally {
      store.close();
    }
  } catch (error) {
    return failedRound(error);
  }
}

/** One round, in whichever process. Never throws. */
export function foldRound(
  store: Store,
  dir: string,
  { roundMs, eraseBeforeMs }: FoldingRequest,
  nowMs: () => number,
): FoldingReply {
  try {
    const untilMs = nowMs() + roundMs;
    const shouldStop = (): boolean => nowMs() >= untilMs;
    const counts = foldSegments(store, { dir: segmentsFolderOf(dir), protocols, nowMs, shouldStop });
    if (eraseBeforeMs !== null) eraseOld(store, eraseBeforeMs, nowMs);
    return { type: "folded", counts };
  } catch (error) {
    return failedRound(error);
  }
}

export function failedRound(error: unknown): FoldingReply {
  const code = error instanceof HouseError ? error.code : null;
  return { type: "failed", code, message: (error as Error).message };
}

/** What is older than `keepDays` and came from the gateway; imported logs stay. */
function eraseOld(store: Store, beforeMs: number, nowMs: () => number): void {
  const { calls, held, specialists, certificates } = store.erase({ beforeMs, source: "gateway" });
  if (calls + held === 0) return;
  const detail = { why: "keepDays", beforeMs, calls, held, specialists: [...specialists] };
  const at = new Date(nowMs()).toISOString();
  store.ledger.append({ at, event: "calls-erased", detail: { ...detail, certificates: [...certificates] } });
}
