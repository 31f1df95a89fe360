import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contentHash } from "../../src/core/index.ts";
import { asFile } from "./corpus.ts";
import { fuzz } from "./fuzz.ts";

// npm run fuzz -- --minutes 10 --seed 7: fuzzes every public endpoint; what fails is written into the corpus.

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" }, cases: { type: "string" } },
});
const seed = Number(values.seed ?? 1);
const minutes = Number(values.minutes ?? 1);
const note = (line: string): void => void process.stderr.write(`${line}\n`);

const result = await fuzz({ seed, ms: minutes * 60_000, cases: Number(values.cases ?? Infinity), note });
for (const { fault, case: one } of result.failures) {
  note(`${fault}${one === null ? "" : `   (${one.name} ${one.path.slice(0, 100)})`}`);
  if (one === null) continue;
  const name = `${one.name.replaceAll(/\W+/g, "-")}-${contentHash(asFile(one), 8)}.json`;
  writeFileSync(join(import.meta.dirname, "corpus/found", name), asFile(one));
}
const { failures, ...told } = result;
process.stdout.write(`${JSON.stringify({ seed, ...told, failures: failures.length })}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
