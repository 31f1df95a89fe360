// The generative rung beside the schema-guided families, on public data: exact answers, validity, training time.
// Usage: node bench/generative.ts [--quick] [--json] [--data DIR] [--threads N] [--only TEXT]   (default ../shared/data, all cores)
import { existsSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { HouseError, seededRandom, type Json, type Prediction } from "../src/core/index.ts";
import { schemaOfTools } from "../src/engine/index.ts";
import { unpackGenerative } from "../src/models/generative/artifact.ts";
import { families } from "../src/models/index.ts";
import {
  coverageText,
  exactText,
  linesOf,
  measure,
  SEED,
  type Line,
  type Row,
  type Split,
} from "./measure.ts";
import { writeSection } from "./mixed/section.ts";
import { conversation, groupSplit, lastUser, randomSplit } from "./reading.ts";

type Bench = {
  readonly task: string;
  readonly file: string;
  readonly quick: boolean;
  readonly rungs: readonly string[];
  readonly split: (rows: readonly Line[]) => Split;
};

const SNIPS_TEST_FROM = 13_000;
const SGD_TRAIN_SHARE = 0.75;
const SGD_TRAIN = 2_000;
/** Of tasks whose answers are long: thirteen texts of a hundred tokens each are written per question. */
const LONG_TEST = 150;

const BENCHES: readonly Bench[] = [
  {
    task: "SNIPS, 2,000",
    file: "snips_train.calls",
    quick: true,
    rungs: ["generative", "span-copy"],
    split: randomSplit(2_000, SNIPS_TEST_FROM, lastUser),
  },
  {
    task: "SNIPS, 500",
    file: "snips_train.calls",
    quick: false,
    rungs: ["generative", "span-copy"],
    split: randomSplit(500, SNIPS_TEST_FROM, lastUser),
  },
  {
    task: "Advising SQL, question split",
    file: "advising_sql.calls",
    quick: false,
    rungs: ["generative", "template-fill"],
    split: (rows) => ({
      train: rows.filter((row) => row.split === "train").map(lastUser),
      test: seededRandom(SEED)
        .shuffle(rows.filter((row) => row.split === "test"))
        .slice(0, LONG_TEST)
        .map(lastUser),
    }),
  },
  {
    task: "SGD service calls, 2,000",
    file: "sgd_train.calls",
    quick: false,
    rungs: ["generative", "span-copy"],
    split: sgdSplit,
  },
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

const rows: Row[] = [];
for (const bench of BENCHES) {
  if ((options.quick && !bench.quick) || !bench.task.includes(options.only)) continue;
  const file = join(options.data, `${bench.file}.jsonl.gz`);
  if (existsSync(file)) rows.push(...(await measureRungs(bench, file)));
  else console.error(`Skipped ${bench.task}: ${file} is not there`);
}
const table = tableOf(rows);
console.log(options.json ? JSON.stringify({ rows }) : table);
if (!options.quick && options.only === "" && rows.length > 0)
  writeSection("generative", sectionOf(table).join("\n"));

async function measureRungs({ task, rungs, split }: Bench, file: string): Promise<Row[]> {
  const parts = split(linesOf(file));
  const measured: Row[] = [];
  for (const kind of rungs) {
    const family = families.find((one) => one.kind === kind);
    if (family === undefined) throw new RangeError(`Cannot measure "${kind}": there is no such family`);
    const isGenerative = kind === "generative";
    const fit = { threads: Number(options.threads) };
    const judge = isGenerative ? { judge: validity } : {};
    try {
      measured.push(await measure({ task, family, split: parts, fit, ...judge }));
      console.error(`${task}, ${kind}: ${measured.at(-1)?.exact.toFixed(3)} exact`);
    } catch (error) {
      // A family that cannot learn a task has no row; anything else is a fault.
      if (!(error instanceof HouseError)) throw error;
      console.error(`${task}, ${kind}: ${error.message}`);
    }
  }
  return measured;
}

/** Whether a prediction validates against the schema its grammar was made of, judged by a validator of its own. */
function validity(artifact: Uint8Array): (prediction: Prediction) => boolean {
  const { grammar } = unpackGenerative(artifact);
  if (grammar === null) return ({ answer }) => answer.type === "text";
  const schema = "schema" in grammar ? grammar.schema : schemaOfTools(grammar.tools, grammar.form);
  const validate = new Ajv2020({ strict: false }).compile(schema as object);
  return ({ answer, score }) => score > 0 && validate(valueOf(answer));
}

function valueOf(answer: Prediction["answer"]): Json {
  switch (answer.type) {
    case "text":
      return answer.text;
    case "json":
      return answer.value;
    case "tool-calls":
      return answer.calls.length === 1
        ? { name: answer.calls[0].name, arguments: answer.calls[0].arguments }
        : answer.calls.map((call) => ({ name: call.name, arguments: call.arguments }));
  }
}

/** Service calls only; whole dialogues are in one part. */
function sgdSplit(all: readonly Line[]): Split {
  const calls = all.filter(({ response }) => (response?.message.tool_calls ?? []).length > 0);
  const parts = groupSplit(calls, (row) => row.meta?.trace_id ?? "", SGD_TRAIN_SHARE);
  return {
    train: seededRandom(SEED).shuffle(parts.train).slice(0, SGD_TRAIN).map(conversation),
    test: seededRandom(SEED).shuffle(parts.test).slice(0, LONG_TEST).map(conversation),
  };
}

function tableOf(all: readonly Row[]): string {
  const head =
    "| task | family | examples | test | exact match (95 % interval) | coverage at 99 / 98 / 95 % | valid | training s | answer ms p50 | MB |";
  const lines = all.map((row) => {
    const cells = [
      row.task,
      row.family,
      row.examples,
      row.test,
      exactText(row),
      coverageText(row),
      row.judged === null ? "–" : row.judged.toFixed(3),
      row.trainSeconds.toFixed(0),
      row.predictMsP50.toFixed(1),
      (row.bytes / 1e6).toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, "|---|---|--:|--:|---|---|--:|--:|--:|--:|", ...lines].join("\n");
}

function sectionOf(text: string): string[] {
  return [
    "## The generative rung",
    "",
    `\`npm run bench:generative\`, seed ${SEED}, ${options.threads} threads of ${cpus()[0]?.model ?? "an unknown processor"}, Node ${process.version}.`,
    "The base that ships with the package, adapted to each task from the examples alone. Valid: the share of answers that a JSON Schema validator takes, none cut off. Coverage as above. Times are wall time.",
    "SNIPS is tested on the 784 utterances behind the first 13,000 of a seeded order; SGD on service calls of dialogues that are not in training; SQL on the data's own question split.",
    "",
    text,
  ];
}
