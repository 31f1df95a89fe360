import { existsSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "./lock.ts";

export type SegmentName = { readonly writer: string; readonly number: number };

const SEGMENT = /^([0-9a-f]{24})-(\d{8,})\.segment$/;
const LOCK = /^([0-9a-f]{24})\.lock$/;
const NUMBER_DIGITS = 8;

/** Where a store keeps its segments. */
export function segmentsFolderOf(store: string): string {
  return join(store, "segments");
}

export function segmentNameOf({ writer, number }: SegmentName): string {
  return `${writer}-${String(number).padStart(NUMBER_DIGITS, "0")}.segment`;
}

export function lockNameOf(writer: string): string {
  return `${writer}.lock`;
}

export type WriterFiles = {
  readonly writer: string;
  /** False when its process has ended or its log was closed: nothing more comes. */
  readonly isAlive: boolean;
  /** Numbers of the segments that are there, in order. */
  readonly numbers: readonly number[];
};

/** The writers of a folder, by name. Whether one lives is asked before its files are listed: of a dead one all are seen. */
export function writersIn(dir: string): readonly WriterFiles[] {
  if (!existsSync(dir)) return [];
  const writers = new Set(
    readdirSync(dir).flatMap((name) => (SEGMENT.exec(name) ?? LOCK.exec(name))?.[1] ?? []),
  );
  const isAlive = new Map([...writers].map((writer) => [writer, isHeld(join(dir, lockNameOf(writer)))]));
  const numbers = Map.groupBy(segmentsIn(dir), ({ writer }) => writer);
  return [...writers].sort().map((writer) => ({
    writer,
    isAlive: isAlive.get(writer) === true,
    numbers: (numbers.get(writer) ?? []).map(({ number }) => number).sort((a, b) => a - b),
  }));
}

function segmentsIn(dir: string): SegmentName[] {
  return readdirSync(dir).flatMap((name) => {
    const match = SEGMENT.exec(name);
    return match === null ? [] : [{ writer: match[1], number: Number(match[2]) }];
  });
}

function isHeld(path: string): boolean {
  if (!existsSync(path)) return false;
  const lock = tryLock(path);
  lock?.release();
  return lock === null;
}

/** Bytes of the segments in a folder, as they lie on the disk, and a text that is another after every write to one of them. */
export function stateOf(dir: string): { readonly bytes: number; readonly version: string } {
  let bytes = 0;
  let version = "";
  for (const name of existsSync(dir) ? segmentsIn(dir) : []) {
    const file = segmentNameOf(name);
    const found = statSync(join(dir, file), { throwIfNoEntry: false });
    bytes += found?.size ?? 0;
    version += `${file} ${found?.mtimeMs ?? 0}\n`;
  }
  return { bytes, version };
}

/** Removes a file that another may have removed. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
