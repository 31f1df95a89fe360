import { fork, type ChildProcess } from "node:child_process";
import { HouseError, type Log } from "../core/index.ts";
import type { Family } from "../gateway/index.ts";

/** Tells a process that it is one of several, and which. */
export const WORKER_VARIABLE = "UNDERSTUDY_WORKER";

/** The first wait before a worker that ended is started again; each further one doubles it. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A worker that ran so long was not started in vain. */
const HEALTHY_MS = 60_000;
/** Above what a worker takes to let its calls end. */
const KILL_AFTER_MS = 35_000;
/** A worker that does not tell its metrics in this time is left out of the sum. */
const METRICS_MS = 2000;
/** Bad usage or a bad config: starting again would end the same way. */
const USELESS_EXIT = 2;

export type ToWorker = { readonly type: "metrics-tell"; readonly id: number } | MetricsAll;
type MetricsAll = {
  readonly type: "metrics-all";
  readonly ask: number;
  readonly all: readonly (readonly Family[])[];
};
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "metrics-ask"; readonly ask: number }
  | { readonly type: "metrics-own"; readonly id: number; readonly families: readonly Family[] };

export type SuperviseOptions = {
  /** The program and its arguments: each worker runs the same. */
  readonly script: string;
  readonly args: readonly string[];
  readonly workers: number;
};

export type SuperviseEffects = {
  readonly env: { readonly [name: string]: string | undefined };
  readonly nowMs: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** SIGHUP; returns how to stop listening. */
  readonly onReload: (listener: () => void) => () => void;
};

type Slot = {
  readonly number: number;
  child: ChildProcess | null;
  startedMs: number;
  failures: number;
  isReady: boolean;
  timer: NodeJS.Timeout | null;
};

/**
 * Several processes on one port, over one store. A worker that ends is started again, after a wait that grows while it keeps ending;
 * the others serve on. Returns the exit code when all have ended.
 */
export async function supervise(options: SuperviseOptions, effects: SuperviseEffects): Promise<number> {
  const { log, nowMs, signal } = effects;
  const { promise, resolve } = Promise.withResolvers<number>();
  const slots: Slot[] = Array.from({ length: options.workers }, (_, index) => ({
    number: index + 1,
    child: null,
    startedMs: 0,
    failures: 0,
    isReady: false,
    timer: null,
  }));
  let isStopping = false;
  let exitCode = 0;
  const board = createBoard(slots);
  const all = (signalName: NodeJS.Signals): void => {
    for (const { child } of slots) child?.kill(signalName);
  };
  const stop = (code: number): void => {
    if (isStopping) return;
    isStopping = true;
    exitCode = code;
    for (const slot of slots) if (slot.timer !== null) clearTimeout(slot.timer);
    all("SIGTERM");
    setTimeout(() => all("SIGKILL"), KILL_AFTER_MS).unref();
    if (slots.every(({ child }) => child === null)) resolve(exitCode);
  };
  const start = (slot: Slot): void => {
    slot.timer = null;
    slot.startedMs = nowMs();
    slot.isReady = false;
    const env = { ...effects.env, [WORKER_VARIABLE]: String(slot.number) };
    const child = fork(options.script, [...options.args], { env, stdio: "inherit" });
    slot.child = child;
    child.on("message", (message: FromWorker) => {
      if (message.type !== "ready") {
        board.take(message, child);
        return;
      }
      slot.isReady = true;
      log.info({ event: "worker-ready", worker: slot.number, pid: child.pid });
    });
    child.on("error", (error) =>
      log.error({ event: "worker-failed", worker: slot.number, message: error.message }),
    );
    child.on("exit", (code, signalName) => {
      slot.child = null;
      if (isStopping) {
        if (slots.every((one) => one.child === null)) resolve(exitCode);
        return;
      }
      if (code === USELESS_EXIT && !slot.isReady) {
        stop(USELESS_EXIT);
        return;
      }
      slot.failures = nowMs() - slot.startedMs >= HEALTHY_MS ? 1 : slot.failures + 1;
      const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (slot.failures - 1));
      log.error({ event: "worker-ended", worker: slot.number, code, signal: signalName, restartMs: waitMs });
      slot.timer = setTimeout(() => start(slot), waitMs);
    });
  };
  for (const slot of slots) start(slot);
  const unlisten = effects.onReload(() => all("SIGHUP"));
  signal.addEventListener("abort", () => stop(0), { once: true });
  if (signal.aborted) stop(0);
  const code = await promise;
  unlisten();
  return code;
}

type Board = { take(message: Exclude<FromWorker, { type: "ready" }>, from: ChildProcess): void };

/** Any worker may be asked for the metrics: it asks here, all are asked, and it is told what they said. */
function createBoard(slots: readonly Slot[]): Board {
  let ids = 0;
  const open = new Map<number, { readonly all: (readonly Family[])[]; missing: number; done: () => void }>();
  const send = (child: ChildProcess, message: ToWorker): void => {
    // A worker that has just ended: it is missing from the sum.
    if (child.connected) child.send(message, () => {});
  };
  return {
    take(message, from) {
      if (message.type === "metrics-own") {
        const round = open.get(message.id);
        if (round === undefined) return;
        round.all.push(message.families);
        round.missing -= 1;
        if (round.missing === 0) round.done();
        return;
      }
      const id = (ids += 1);
      const children = slots.flatMap(({ child, isReady }) => (child !== null && isReady ? [child] : []));
      const all: (readonly Family[])[] = [];
      const done = (): void => {
        if (!open.delete(id)) return;
        clearTimeout(timer);
        send(from, { type: "metrics-all", ask: message.ask, all });
      };
      const timer = setTimeout(done, METRICS_MS);
      open.set(id, { all, missing: children.length, done });
      if (children.length === 0) done();
      for (const child of children) send(child, { type: "metrics-tell", id });
    },
  };
}

/** How a worker speaks with its supervisor. */
export type WorkerLine = {
  ready(): void;
  gather(own: () => Promise<readonly Family[]>): () => Promise<readonly (readonly Family[])[]>;
};

/** This process's end of the line; `parent` is the process itself, started by `supervise`. */
export function workerLine(parent: Pick<NodeJS.Process, "send" | "on">): WorkerLine {
  let asks = 0;
  let tell: (() => Promise<readonly Family[]>) | null = null;
  const waiting = new Map<number, (all: readonly (readonly Family[])[]) => void>();
  const send = (message: FromWorker): void => void parent.send?.(message);
  parent.on("message", (message: unknown) => {
    // Only the supervisor writes here.
    const told = message as ToWorker;
    if (told.type === "metrics-all") waiting.get(told.ask)?.(told.all);
    else
      tell?.().then(
        (families) => send({ type: "metrics-own", id: told.id, families }),
        () => {},
      );
  });
  return {
    ready: () => send({ type: "ready" }),
    gather(own) {
      tell = own;
      return ask;
    },
  };

  function ask(): Promise<readonly (readonly Family[])[]> {
    const number = (asks += 1);
    const { promise, resolve, reject } = Promise.withResolvers<readonly (readonly Family[])[]>();
    const late = setTimeout(
      () => reject(new HouseError("overloaded", "The other processes did not tell their metrics in time")),
      2 * METRICS_MS,
    );
    waiting.set(number, resolve);
    send({ type: "metrics-ask", ask: number });
    return promise.finally(() => {
      clearTimeout(late);
      waiting.delete(number);
    });
  }
}
