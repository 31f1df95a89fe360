import { randomFillSync } from "node:crypto";
import { HouseError, silentLog, type Effects } from "../core/index.ts";
import { openSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createFitPool } from "../train/index.ts";
import { openStore, type Store } from "../store/index.ts";
import type { LoopOptions } from "../loop.ts";
import type { Config } from "./config.ts";
import { progressLine } from "./progress.ts";
import { noteAudit } from "./with-store.ts";

/** The real effects: the only place where clock and randomness enter. */
export function realEffects(): Effects {
  const random = randomTexts();
  return {
    nowMs: () => Date.now(),
    newId: (prefix) => `${prefix}_${random()}`,
    log: silentLog,
  };
}

/** 96 bits: two ids of a billion are the same with chance 6e-12. */
const ID_BYTES = 12;
/** Random bytes are drawn for so many ids at once: one id is then a slice. */
const IDS_DRAWN = 256;

function randomTexts(): () => string {
  const drawn = Buffer.alloc(ID_BYTES * IDS_DRAWN);
  let at = drawn.length;
  return () => {
    if (at === drawn.length) {
      randomFillSync(drawn);
      at = 0;
    }
    at += ID_BYTES;
    return drawn.toString("hex", at - ID_BYTES, at);
  };
}

/** Fits at once, at most: each holds its task's examples and a few hundred megabytes. */
const MAX_FITS = 8;

/** What a command runs in: its config, the store, progress on stderr, a signal that Ctrl-C raises. */
export type Context = {
  readonly config: Config;
  readonly store: Store;
  readonly loop: LoopOptions;
  readonly signal: AbortSignal;
  readonly clearProgress: () => void;
};

/** Opens the store, runs the work, closes the store. The first Ctrl-C asks the work to stop, the second stops it. */
export async function withContext<T>(config: Config, work: (context: Context) => Promise<T>): Promise<T> {
  const effects = realEffects();
  const store = auditing(openStore({ dir: config.store, key: config.key, nowMs: effects.nowMs }));
  const controller = new AbortController();
  const line = progressLine(process.stderr, effects.nowMs);
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    line.clear();
    process.stderr.write("stopping after this step; press Ctrl-C again to stop at once\n");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const cores = availableParallelism();
  const pool = createFitPool(Math.min(MAX_FITS, cores), cores, config.base);
  try {
    const { epsilon, delta, seed, generative, base, prices } = config;
    const clockMs = (): number => performance.now();
    const loop = {
      pool,
      epsilon,
      delta,
      seed,
      generative,
      base,
      prices,
      effects,
      clockMs,
      progress: line.progress,
      signal: controller.signal,
    };
    return await work({ config, store, loop, signal: controller.signal, clearProgress: () => line.clear() });
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    await pool.close();
    line.clear();
    store.close();
  }
}

/** The store, with every certificate noted in the audit trail: it decides who serves. */
function auditing(store: Store): Store {
  return {
    ...store,
    certificates: {
      ...store.certificates,
      put(certificate) {
        const { taskId, specialistId, verdict, policyHash } = certificate;
        noteAudit(store, "certificate-made", { taskId, specialistId, verdict, policyHash });
        store.certificates.put(certificate);
      },
    },
  };
}

/** Writes the one JSON document of a command to stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Opens a file for writing, readable by the owner alone: what goes in may be content. Throws HouseError bad-usage. */
export function openOut(flag: string, path: string): number {
  try {
    return openSync(path, "w", 0o600);
  } catch (error) {
    throw new HouseError("bad-usage", `Cannot write ${flag} "${path}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A number in a flag. Throws HouseError bad-usage. */
export function numberFlag(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw new HouseError("bad-usage", `Cannot use ${name} "${text}": expected a number`);
  };
}
