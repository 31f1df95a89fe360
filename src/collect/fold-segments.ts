import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import {
  hasGroups,
  lockNameOf,
  readSegment,
  removeFile,
  retireSegment,
  SEGMENT_START,
  segmentNameOf,
  tryLock,
  UnreadableSegment,
  writersIn,
  type Store,
  type WriterFiles,
} from "../store/index.ts";
import { FoldRun, type FoldCounts } from "./fold-run.ts";
import type { Protocols } from "./recorded-call.ts";

export type FoldOptions = {
  /** The folder of the segments. */
  readonly dir: string;
  readonly protocols: Protocols;
  readonly nowMs: () => number;
  /** How long to wait while another folds. */
  readonly waitMs?: number;
  /** Also calls that were put aside earlier: a newer program may be able to read them. */
  readonly isRetrying?: boolean;
  /** Asked between batches; what was folded until then stays. */
  readonly shouldStop?: () => boolean;
};

const LOCK = "fold.lock";

/**
 * Turns what was recorded into calls of the store: all segments of the folder, also those that are being written and those of
 * processes that were killed. Every call exactly once, however often it is stopped in the middle; a segment goes when all of it is in
 * the store. Null when another is folding. Throws HouseError key-unreadable, store-busy, store-full: what was folded before stays.
 */
export function foldSegments(
  store: Pick<Store, "calls" | "recording" | "segmentKeys" | "pseudonym" | "ledger">,
  options: FoldOptions,
): FoldCounts | null {
  const writers = writersIn(options.dir);
  const run = new FoldRun(store, options);
  if (writers.length === 0 && options.isRetrying !== true) return run.counts();
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const lock = tryLock(join(options.dir, LOCK), options.waitMs ?? 0);
  if (lock === null) return null;
  try {
    if (options.isRetrying === true) run.retry();
    // Listed again under the lock: another may have removed some.
    for (const files of writersIn(options.dir)) {
      foldWriter(run, files, options);
      if (run.isStopped) break;
    }
    return run.counts();
  } finally {
    lock.release();
  }
}

function foldWriter(run: FoldRun, files: WriterFiles, options: FoldOptions): void {
  const { writer, isAlive, numbers } = files;
  for (const number of numbers) {
    const path = join(options.dir, segmentNameOf({ writer, number }));
    const isLast = !numbers.some((other) => other > number && hasGroupsIn(options.dir, writer, other));
    foldSegment(run, { writer, number, path, isFinished: !isAlive || !isLast });
    if (run.isStopped) return;
  }
  if (isAlive) run.settleLate(writer);
  else endWriter(run, files, options);
}

function hasGroupsIn(dir: string, writer: string, number: number): boolean {
  return unlessGone(() => hasGroups(join(dir, segmentNameOf({ writer, number })))) ?? false;
}

type Segment = {
  readonly writer: string;
  readonly number: number;
  readonly path: string;
  /** Whether its writer has left it. */
  readonly isFinished: boolean;
};

function foldSegment(run: FoldRun, segment: Segment): void {
  const { path, writer, number, isFinished } = segment;
  const place = run.place(segment);
  if (place?.isFolded === true) return retireSegment(path);
  const from = place ?? SEGMENT_START;
  try {
    const isWhole = unlessGone(() => {
      run.begin({ writer, number, from });
      for (const item of readSegment({ path, keys: run.keys, from, isFinished })) {
        run.take(item);
        if (run.isStopped) return false;
      }
      return run.end(isFinished);
    });
    if (isWhole === true) retireSegment(path);
  } catch (error) {
    if (!(error instanceof UnreadableSegment)) throw error;
    if (error.isRetired) return retireSegment(path);
    // Kept for a person to look at, under a name that is not read again.
    renameSync(path, `${path}.damaged`);
    run.damaged(`${error.message}; it is kept as "${path}.damaged"`);
  }
}

function endWriter(run: FoldRun, { writer, numbers }: WriterFiles, { dir }: FoldOptions): void {
  run.settle(writer);
  const known = [...new Set([...numbers, ...run.numbersOf(writer)])];
  const missing = Math.max(-1, ...known) + 1 - known.length;
  if (missing > 0) {
    run.damaged(
      `${missing} ${missing === 1 ? "segment" : "segments"} of ${writer} in "${dir}" are missing: removed by a hand, or lost`,
    );
  }
  for (const name of readdirSync(dir)) {
    // Drafts of segments that were being made when it died.
    if (name.startsWith(writer) && name.endsWith(".new")) removeFile(join(dir, name));
  }
  run.forget(writer);
  removeFile(join(dir, lockNameOf(writer)));
}

/** Undefined when the file is not there any more. */
function unlessGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
