// Exact match, coverage, training time, answer time and size of specialists on public data.
// Usage: node bench/specialists.ts [--quick] [--json] [--data DIR]   (default ../shared/data)
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import {
  agrees,
  answerOf,
  seededRandom,
  textOf,
  type ChatRequest,
  type Message,
  type SpecialistFamily,
  type TaskInput,
  type TrainingExample,
} from "../src/core/index.ts";
import { clopperPearsonInterval, closedSet, optionRanker, coverageAtRisk } from "../src/learn/index.ts";

type Split = { readonly train: readonly TrainingExample[]; readonly test: readonly TrainingExample[] };
type Bench = {
  readonly task: string;
  readonly family: SpecialistFamily;
  readonly file: string;
  readonly quick: boolean;
  readonly split: (rows: readonly Line[]) => Split;
};
type Line = {
  readonly split: string;
  readonly request?: ChatRequest;
  readonly response?: { readonly message: Message };
  readonly text?: string;
  readonly label?: number;
};
type Row = {
  readonly task: string;
  readonly examples: number;
  readonly test: number;
  readonly exact: number;
  readonly exactInterval: { readonly low: number; readonly high: number } | null;
  /** Largest share of the test that, taken by score, agrees to this degree; seen on the test itself, so no promise. */
  readonly coverage99: number;
  readonly coverage98: number;
  readonly coverage95: number;
  readonly trainSeconds: number;
  readonly predictMsP50: number;
  readonly bytes: number;
};

const SEED = 1;
const CONFIDENCE = 0.95;
const MARKERS = ["<!-- specialists -->", "<!-- /specialists -->"] as const;
const DOCUMENT = resolve(import.meta.dirname, "../docs/benchmarks.md");

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
  if (existsSync(file)) rows.push(await measure(bench, file));
  else console.error(`Skipped ${bench.task}: ${file} is not there`);
}
const table = tableOf(rows);
console.log(options.json ? JSON.stringify({ rows }) : table);
if (!options.quick && rows.length > 0) writeSection(table);

async function measure(bench: Bench, file: string): Promise<Row> {
  const { train, test } = bench.split(linesOf(file));
  const startMs = performance.now();
  const artifact = await bench.family.fit(train, { seed: SEED });
  const trainSeconds = (performance.now() - startMs) / 1000;
  const specialist = await bench.family.load(artifact);
  const timesMs: number[] = [];
  const results: { readonly score: number; readonly agrees: boolean }[] = [];
  for (const { input, answer } of test) {
    const before = performance.now();
    const prediction = await specialist.predict(input);
    timesMs.push(performance.now() - before);
    results.push({ score: prediction.score, agrees: agrees(prediction.answer, answer) });
  }
  await specialist.close?.();
  const right = results.filter((result) => result.agrees).length;
  const coverage = (agreement: number): number => coverageAt(results, agreement);
  return {
    task: bench.task,
    examples: train.length,
    test: test.length,
    exact: right / test.length,
    exactInterval: clopperPearsonInterval(right, test.length, CONFIDENCE),
    coverage99: coverage(0.99),
    coverage98: coverage(0.98),
    coverage95: coverage(0.95),
    trainSeconds,
    predictMsP50: timesMs.sort((a, b) => a - b)[Math.floor(timesMs.length / 2)],
    bytes: artifact.length,
  };
}

function coverageAt(
  results: readonly { readonly score: number; readonly agrees: boolean }[],
  agreement: number,
): number {
  const scores = results.map(({ score }) => score);
  const losses = results.map((result) => (result.agrees ? 0 : 1));
  return coverageAtRisk(scores, losses, 1 - agreement)?.coverage ?? 0;
}

function linesOf(file: string): Line[] {
  const text = gunzipSync(readFileSync(file)).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

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

function contentAt(request: ChatRequest | undefined, place: number): string {
  const message = request?.messages.at(place);
  return message === undefined ? "" : textOf(message);
}

function userInput(text: string): TaskInput {
  return { parts: [{ role: "user", text }], tools: [] };
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
    const interval = row.exactInterval;
    const cells = [
      row.task,
      row.examples,
      row.test,
      `${row.exact.toFixed(3)} (${interval === null ? "no calls" : `${interval.low.toFixed(3)}–${interval.high.toFixed(3)}`})`,
      `${row.coverage99.toFixed(2)} / ${row.coverage98.toFixed(2)} / ${row.coverage95.toFixed(2)}`,
      row.trainSeconds.toFixed(1),
      row.predictMsP50.toFixed(2),
      (row.bytes / 1e6).toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, "|---|--:|--:|---|---|--:|--:|--:|", ...lines].join("\n");
}

function writeSection(table: string): void {
  const [open, close] = MARKERS;
  const section = [
    open,
    "## Specialists on public data",
    "",
    `\`node bench/specialists.ts\`, seed ${SEED}, one thread of ${cpus()[0]?.model ?? "an unknown processor"}, Node ${process.version}.`,
    "Coverage: the largest share of the test that agrees to this degree when taken by score, seen on the test itself; a certificate promises less. Times are wall time, other work on the machine included.",
    "CLINC150 is tested on 3,000 in-scope and 200 out-of-scope requests; no out-of-scope request is in training, so 0.938 is the most that exact match can reach.",
    "",
    table,
    close,
  ].join("\n");
  const old = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, "utf8") : "# Benchmarks\n";
  const start = old.indexOf(open);
  const end = old.indexOf(close);
  const replaced =
    start >= 0 && end > start
      ? old.slice(0, start) + section + old.slice(end + close.length)
      : `${old.trimEnd()}\n\n${section}\n`;
  writeFileSync(DOCUMENT, replaced);
}
