import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { removeFile } from "./folder.ts";
import { BLOCK_BYTES, RETIRED_HEADER } from "./format.ts";

const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * Overwrites what was folded of a segment that is still written to: the groups before `offset`. Safe beside its writer, which only goes
 * forward, in blocks of its own. On disk when it returns.
 */
export function scrubSegment(path: string, offset: number): void {
  inFile(path, (handle) => {
    for (let at = BLOCK_BYTES; at < offset;) {
      at += writeSync(handle, ZEROS, 0, Math.min(ZEROS.length, offset - at), at);
    }
  });
}

/** Removes a segment for good: its key is overwritten first, and its name is gone from the disk when this returns. */
export function retireSegment(path: string): void {
  try {
    inFile(path, (handle) => writeSync(handle, RETIRED_HEADER, 0, BLOCK_BYTES, 0));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  removeFile(path);
  // A name that came back after a loss of power would bring erased calls back with it.
  if (process.platform !== "win32") syncFolder(dirname(path));
}

function inFile(path: string, work: (handle: number) => void): void {
  const handle = openSync(path, "r+");
  try {
    work(handle);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function syncFolder(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
