import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realDisk } from "../../src/store/segments/disk.ts";

// What the disk alone takes: a block written and synced, as the log of calls writes one, by a process that does nothing else, 300 times a second.
// The number of writes is the first argument; the result is one line of JSON on stdout, in ms.

const BLOCK_BYTES = 4096;
const PAUSE_MS = 1000 / 300;

const writes = Number(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), "understudy-disk-"));
const samplesMs: number[] = [];
try {
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  const file = await realDisk.create(join(folder, "log"), block, (writes + 1) * BLOCK_BYTES, "at-once");
  for (let at = 1; at <= writes; at += 1) {
    const startMs = performance.now();
    const error = await new Promise<Error | null>((done) => file.write([block], at * BLOCK_BYTES, done));
    if (error !== null) throw error;
    samplesMs.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await file.close(0);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
samplesMs.sort((a, b) => a - b);
const at = (share: number): number => samplesMs[Math.floor(samplesMs.length * share)];
process.stdout.write(`${JSON.stringify({ p50: at(0.5), p99: at(0.99) })}\n`);
