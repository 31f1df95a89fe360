import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { CheckpointPlace } from "./checkpoint.ts";

/**
 * Keeps a run's checkpoint in a file. It is written beside and then renamed: whenever the process is killed, the file holds the
 * last whole checkpoint. The caller deletes it when the result is safe; a run started again from a finished one's ends at once.
 */
export function fileCheckpoint(path: string, everySteps: number): CheckpointPlace {
  return {
    everySteps,
    load: () => (existsSync(path) ? readFileSync(path) : null),
    save(bytes) {
      const partial = `${path}.partial`;
      writeThrough(partial, bytes);
      renameSync(partial, path);
    },
  };
}

/** Writes a file and waits until the disk has it: a rename must not come before its content. */
function writeThrough(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w");
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
