// Writes the project's sample log: `node scripts/make-sample.ts [--truth FILE]`.
// The truth (task, prompt version, noise of each call) is for scoring and is never part of the log.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { buildSample, logText } from "./sample/build.ts";

const TARGET = resolve(import.meta.dirname, "../samples/agent-log.jsonl.gz");

const { values } = parseArgs({ options: { truth: { type: "string" }, out: { type: "string" } } });
const entries = buildSample();
const target = values.out ?? TARGET;
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, zipped(logText(entries)));
if (values.truth !== undefined) {
  writeFileSync(values.truth, entries.map(({ truth }) => `${JSON.stringify(truth)}\n`).join(""));
}
process.stdout.write(`${entries.length} calls written to ${target}\n`);

/** gzip whose header names neither a time nor a system, so that equal content has equal bytes. */
function zipped(text: string): Buffer {
  const bytes = gzipSync(text, { level: 9 });
  bytes.writeUInt32LE(0, 4);
  bytes[9] = 255;
  return bytes;
}
