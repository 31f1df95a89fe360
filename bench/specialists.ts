// Exact match, ceiling, coverage, training time, answer time and size of specialists on public data.
// Usage: node bench/specialists.ts [--quick] [--json] [--data DIR] [--threads N] [--only TEXT]   (default ../shared/data, all cores)
import { existsSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { HouseError, type SpecialistFamily, type Task, type TaskKind } from "../src/core/index.ts";
import { lexicalFamilies } from "../src/learn/index.ts";
import { planFor, profileOf } from "../src/select/index.ts";
import { coverageText, exactText, linesOf, measureEach, SEED, type Row, type Split } from "./measure.ts";
import { writeSection } from "./mixed/section.ts";
import { BENCHES, type Bench } from "./specialist-tasks.ts";

/** A task that no family here can learn, and why: an answer, too. */
type Refused = {
  readonly task: string;
  readonly family: "–";
  readonly examples: number;
  readonly test: number;
  readonly exact: null;
  readonly coverage98: null;
  readonly trainSeconds: null;
  readonly predictMsP50: null;
  readonly why: string;
};

const HEAD = [
  "task",
  "family",
  "examples",
  "test",
  "exact match (95 % interval)",
  "ceiling",
  "coverage at 99 / 98 / 95 %",
  "training s",
  "answer ms p50",
  "MB",
];

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    data: { type: "string", default: resolve(import.meta.dirname, "../../shared/data") },
    threads: { type: "string", default: String(availableParallelism()) },
    only: { type: "string", default: "" },
  },
});

const rows: (Row | Refused)[] = [];
for (const bench of BENCHES) {
  if ((options.quick && bench.quick !== true) || !bench.task.includes(options.only)) continue;
  const file = join(options.data, `${bench.file}.jsonl.gz`);
  if (!existsSync(file)) {
    console.error(`Skipped ${bench.task}: ${file} is not there`);
    continue;
  }
  const row = await rowOf(bench, bench.splits(linesOf(file)));
  rows.push(row);
  console.error(
    `${row.task}: ${row.exact === null ? row.why : `${row.exact.toFixed(3)} exact, ${row.coverage98.toFixed(2)} at 98 %, ${row.trainSeconds.toFixed(0)} s`}`,
  );
  // After each row: a run that is stopped keeps what it has measured.
  if (!options.quick && options.only === "") writeSection("specialists", sectionOf(tableOf(rows)).join("\n"));
}
console.log(options.json ? JSON.stringify({ rows }) : tableOf(rows));

async function rowOf(bench: Bench, splits: readonly Split[]): Promise<Row | Refused> {
  const { task } = bench;
  const refused = (why: string): Refused => ({
    task,
    family: "–",
    examples: splits.reduce((sum, { train }) => sum + train.length, 0),
    test: splits.reduce((sum, { test }) => sum + test.length, 0),
    exact: null,
    coverage98: null,
    trainSeconds: null,
    predictMsP50: null,
    why,
  });
  const reasons: string[] = [];
  for (const family of candidatesFor(bench, splits, reasons)) {
    try {
      return await measureEach({ task, family, fit: { threads: Number(options.threads) } }, splits);
    } catch (error) {
      // A family that cannot learn a task is an answer; anything else is a fault.
      if (!(error instanceof HouseError) || error.code !== "nothing-to-do") throw error;
      reasons.push(error.message);
    }
  }
  return refused(reasons.join("; "));
}

/** The family of the row, or those that the plan for such a task names; where there are none, the reason goes to `reasons`. */
function candidatesFor(
  { family, task }: Bench,
  [split]: readonly Split[],
  reasons: string[],
): readonly SpecialistFamily[] {
  if (family !== "any") {
    const found = lexicalFamilies.find(({ kind }) => kind === family);
    if (found === undefined) throw new RangeError(`Cannot measure "${family}": there is no such family`);
    return [found];
  }
  const kind: TaskKind = split.train.some(({ answer }) => answer.type === "json") ? "json" : "text";
  const asTask: Task = {
    id: task,
    name: task,
    kind,
    variants: [],
    calls: split.train.length,
    sessions: split.train.length,
  };
  const plan = planFor(profileOf(asTask, split.train), lexicalFamilies);
  if (plan.action === "train") return plan.families;
  reasons.push(plan.reason);
  return [];
}

function tableOf(all: readonly (Row | Refused)[]): string {
  const lines = all.map((row) => {
    const cells =
      row.exact === null
        ? [row.task, row.family, row.examples, row.test, `refused: ${row.why}`, "–", "–", "–", "–", "–"]
        : [
            row.task,
            row.family,
            row.examples,
            row.test,
            exactText(row),
            row.ceiling === null ? "–" : row.ceiling.toFixed(3),
            coverageText(row),
            row.trainSeconds.toFixed(1),
            row.predictMsP50.toFixed(2),
            (row.bytes / 1e6).toFixed(1),
          ];
    return `| ${cells.join(" | ")} |`;
  });
  return [`| ${HEAD.join(" | ")} |`, "|---|---|--:|--:|---|--:|---|--:|--:|--:|", ...lines].join("\n");
}

function sectionOf(rowsText: string): string[] {
  const notes = BENCHES.flatMap(({ task, note }) => (note === undefined ? [] : [`- ${task}: ${note}`]));
  return [
    "## Specialists on public data",
    "",
    `\`npm run bench:specialists\`, seed ${SEED}, ${options.threads} threads of ${cpus()[0]?.model ?? "an unknown processor"}, Node ${process.version}.`,
    "Ceiling: the share of test answers that the family's output form can express at all, were every decision right. Coverage: the largest share of the test that agrees to this degree when taken by score, seen on the test itself; a certificate promises less. Times are wall time, other work on the machine included; training time and size where a row has several specialists: of all together, of the largest.",
    "CLINC150 is tested on 3,000 in-scope and 200 out-of-scope requests; no out-of-scope request is in training, so 0.938 is the most that exact match can reach.",
    "",
    rowsText,
    "",
    "What the tests are, where it is not plain:",
    "",
    ...notes,
  ];
}
