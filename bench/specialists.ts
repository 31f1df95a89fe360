// Exact match, coverage, training time, answer time and size of specialists on public data.
// Usage: node bench/specialists.ts [--quick] [--json] [--data DIR]   (default ../shared/data)
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { answerOf, seededRandom, type SpecialistFamily, type TrainingExample } from "../src/core/index.ts";
import { closedSet, optionRanker } from "../src/learn/index.ts";
import {
  contentAt,
  coverageText,
  exactText,
  linesOf,
  measure,
  SEED,
  userInput,
  type Line,
  type Row,
  type Split,
} from "./measure.ts";
import { writeSection } from "./mixed/section.ts";

type Bench = {
  readonly task: string;
  readonly family: SpecialistFamily;
  readonly file: string;
  readonly quick: boolean;
  readonly split: (rows: readonly Line[]) => Split;
};
const BENCHES: readonly Bench[] = [
  {
    task: "CLINC150",
    family: closedSet,
    file: "clinc150_train_val.calls",
    quick: false,
    split: clincSplit(15_000),
  },
  {
    task: "CLINC150, 3,000",
    family: closedSet,
    file: "clinc150_train_val.calls",
    quick: true,
    split: clincSplit(3_000),
  },
  {
    task: "BANKING77, 8,000",
    family: closedSet,
    file: "banking77_train.calls",
    quick: false,
    split: randomSplit(8_000, 8_000, lastUser),
  },
  {
    task: "BANKING77, 2,500",
    family: closedSet,
    file: "banking77_train.calls",
    quick: true,
    split: randomSplit(2_500, 8_000, lastUser),
  },
  {
    task: "MTS section",
    family: closedSet,
    file: "mts_dialog_section.calls",
    quick: true,
    split: randomSplit(1_000, 1_000, lastUser),
  },
  {
    task: "Injection (deepset)",
    family: closedSet,
    file: "injection_deepset_train",
    quick: true,
    split: randomSplit(400, 400, lastUser),
  },
  {
    task: "Tool choice (MetaTool), 6,400",
    family: optionRanker,
    file: "metatool_selection.calls",
    quick: false,
    split: randomSplit(6_400, 6_400, allParts),
  },
  {
    task: "Tool choice (MetaTool), 1,000",
    family: optionRanker,
    file: "metatool_selection.calls",
    quick: true,
    split: randomSplit(1_000, 6_400, allParts),
  },
];

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    data: { type: "string", default: resolve(import.meta.dirname, "../../shared/data") },
  },
});

const rows: Row[] = [];
for (const bench of BENCHES) {
  if (options.quick && !bench.quick) continue;
  const file = join(options.data, `${bench.file}.jsonl.gz`);
  if (existsSync(file)) rows.push(await measure({ ...bench, split: bench.split(linesOf(file)) }));
  else console.error(`Skipped ${bench.task}: ${file} is not there`);
}
const table = tableOf(rows);
console.log(options.json ? JSON.stringify({ rows }) : table);
if (!options.quick && rows.length > 0) writeSection("specialists", sectionOf(table).join("\n"));

/** The given number of training calls; tested on the validation calls and all out-of-scope ones, which no model here has seen. */
function clincSplit(examples: number): (rows: readonly Line[]) => Split {
  return (rows) => {
    const train = rows.filter((row) => row.split === "train");
    return {
      train: seededRandom(SEED).shuffle(train).slice(0, examples).map(lastUser),
      test: rows.filter((row) => row.split !== "train").map(lastUser),
    };
  };
}

function randomSplit(
  examples: number,
  testFrom: number,
  read: (row: Line) => TrainingExample,
): (rows: readonly Line[]) => Split {
  return (rows) => {
    const shuffled = seededRandom(SEED).shuffle(rows).map(read);
    return { train: shuffled.slice(0, examples), test: shuffled.slice(testFrom) };
  };
}

/** What varies in these calls is the last message alone; a row without a call is a text with a label. */
function lastUser(row: Line): TrainingExample {
  if (row.request === undefined || row.response === undefined) {
    return {
      input: userInput(row.text ?? ""),
      answer: { type: "json", value: { injection: row.label === 1 } },
    };
  }
  return {
    input: userInput(contentAt(row.request, -1)),
    answer: answerOf(row.response.message),
  };
}

/** The tools offered stand in the system text. */
function allParts(row: Line): TrainingExample {
  const { input, answer } = lastUser(row);
  const system = contentAt(row.request, 0)
    .split("\n")
    .filter((line) => line.startsWith("- "));
  return {
    input: { ...input, parts: [{ role: "system", text: system.join("\n") }, ...input.parts] },
    answer,
  };
}

function tableOf(all: readonly Row[]): string {
  const head =
    "| task | examples | test | exact match (95 % interval) | coverage at 99 / 98 / 95 % | training s | answer ms p50 | MB |";
  const lines = all.map((row) => {
    const cells = [
      row.task,
      row.examples,
      row.test,
      exactText(row),
      coverageText(row),
      row.trainSeconds.toFixed(1),
      row.predictMsP50.toFixed(2),
      (row.bytes / 1e6).toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, "|---|--:|--:|---|---|--:|--:|--:|", ...lines].join("\n");
}

function sectionOf(rowsText: string): string[] {
  return [
    "## Specialists on public data",
    "",
    `\`node bench/specialists.ts\`, seed ${SEED}, one thread of ${cpus()[0]?.model ?? "an unknown processor"}, Node ${process.version}.`,
    "Coverage: the largest share of the test that agrees to this degree when taken by score, seen on the test itself; a certificate promises less. Times are wall time, other work on the machine included.",
    "CLINC150 is tested on 3,000 in-scope and 200 out-of-scope requests; no out-of-scope request is in training, so 0.938 is the most that exact match can reach.",
    "",
    rowsText,
  ];
}
