// Rates of the engine beside those of its ceiling and its peer: training against ONNX Runtime's own products, decoding with a grammar
// against node-llama-cpp on the same weights, and what a hundred adapters cost.
import { parseArgs } from "node:util";
import { measureAdapters } from "./engine/adapters.ts";
import { machine } from "./engine/measure.ts";
import { reportOf, sectionOf, summaryOf } from "./engine/report.ts";
import { run, type Size } from "./engine/run.ts";
import { writeSection } from "./mixed/section.ts";

const USAGE = `usage: npm run bench:engine -- [--quick] [--json]
  --quick  fewer rounds, under two minutes; does not write docs/benchmarks.md
  --json   one JSON document on stdout
`;
const QUICK: Size = { rounds: 3, firstSteps: 16, steps: 3, requests: 6, gemmSeconds: 0.1 };
const FULL: Size = { rounds: 9, firstSteps: 150, steps: 6, requests: 16, gemmSeconds: 0.3 };

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else await main(values);

async function main({ quick, json }: { quick: boolean; json: boolean }): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const figures = await run(quick ? QUICK : FULL, say);
  say("adapters…");
  const adapters = measureAdapters(quick);
  const report = reportOf(figures, adapters);
  process.stdout.write(json ? `${JSON.stringify(summaryOf(figures, adapters))}\n` : `${report}\n`);
  if (!quick) writeSection("engine", sectionOf(report, machine()));
}
