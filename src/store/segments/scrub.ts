import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { BLOCK_BYTES } from "./format.ts";

const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * Overwrites what was folded of a segment that is still written to: the groups before `offset`. Safe beside its writer, which only goes
 * forward, in blocks of its own. On disk when it returns.
 */
export function scrubSegment(path: string, offset: number): void {
  const handle = openSync(path, "r+");
  try {
    for (let at = BLOCK_BYTES; at < offset;) {
      at += writeSync(handle, ZEROS, 0, Math.min(ZEROS.length, offset - at), at);
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
