import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { HouseError } from "../core/index.ts";
import {
  CATALOGUE,
  CATALOGUE_CHECKED,
  DEFAULT_ENDPOINT,
  finestFit,
  folderOf,
  LEFT_OUT,
  memoryOf,
  parseHubName,
  PULLED_FILE,
  pullModel,
  runsHere,
  type OpenModel,
  type Precision,
  type PulledModel,
} from "../models/index.ts";
import { printJson } from "./context.ts";
import { bytes, count, paint, table, type Column } from "./print.ts";
import { progressLine } from "./progress.ts";

type Environment = { readonly [name: string]: string | undefined };

/** What main.ts lends to the commands of this file. */
export type Hooks = {
  readonly storeOf: (command: Command) => string;
  readonly untilStopped: (work: (signal: AbortSignal) => Promise<number>) => Promise<number>;
  readonly env: Environment;
};

/** Adds `understudy models` and `understudy models pull`. */
export function addModels(root: Command, { storeOf, untilStopped, env }: Hooks): void {
  const models = root
    .command("models")
    .description("open small language models: what they need, may and can; pull fetches one")
    .option("--json", "one JSON document on stdout")
    .option("--fits <size>", "only those that fit into so much memory, for example 8GB", memoryFlag)
    .option("--runs-here", "only those that this engine itself can run and train")
    .action((flags: ListFlags) => {
      process.stdout.write(listModels(flags));
    });
  models
    .command("pull")
    .argument("<model>", "hf:ORG/NAME or hf:ORG/NAME@REVISION")
    .description("fetches a model's configuration, tokenizer and safetensors; resumes, checks each file")
    .option("--json", "one JSON document on stdout")
    .option("--to <dir>", "folder (default <store>/models/ORG--NAME)")
    .option("--endpoint <url>", `the hub or a mirror (default HF_ENDPOINT, or ${DEFAULT_ENDPOINT})`)
    .addHelpText("after", PULL_EXAMPLES)
    .action(async (model: string, _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<PullFlags>();
      const folder = (name: string): string => flags.to ?? join(storeOf(command), "models", name);
      process.exitCode = await untilStopped(async (signal) => pull(model, { flags, folder, env, signal }));
    });
}

const PULL_EXAMPLES = `
A private or gated model needs a token in HF_TOKEN. Ctrl-C keeps what came; the same command goes on from there.

Examples:
  understudy models pull hf:HuggingFaceTB/SmolLM2-135M-Instruct
  understudy models pull hf:Qwen/Qwen3-0.6B@main --to models/qwen3`;

export type ListFlags = { readonly json?: boolean; readonly fits?: number; readonly runsHere?: boolean };

/** The catalogue, or what is asked of it, as a table or one JSON document. */
export function listModels({ json, fits, runsHere: isHereOnly }: ListFlags): string {
  const chosen = CATALOGUE.filter(
    (model) =>
      (isHereOnly !== true || runsHere(model)) && (fits === undefined || finestFit(model, fits) !== null),
  );
  if (json !== true) return describe(chosen, fits);
  const models = chosen.map((model) => facts(model, fits));
  return `${JSON.stringify({ checked: CATALOGUE_CHECKED, models }, null, 2)}\n`;
}

function facts(model: OpenModel, fits: number | undefined): unknown {
  const memory = memoryOf(model);
  const fit = fits === undefined ? {} : { fitsAs: finestFit(model, fits) };
  return { ...model, runsHere: runsHere(model), memory, ...fit, checked: CATALOGUE_CHECKED };
}

const COLUMNS: readonly Column[] = [
  { title: "model" },
  { title: "parameters", right: true },
  { title: "context", right: true },
  { title: "f16", right: true },
  { title: "int8", right: true },
  { title: "int4", right: true },
  { title: "cache/1k", right: true },
  { title: "runs" },
  { title: "licence" },
  { title: "good at" },
];

function describe(models: readonly OpenModel[], fits: number | undefined): string {
  const rows = models.map((model) => row(model, fits === undefined ? null : finestFit(model, fits)));
  const left = LEFT_OUT.map(({ name, why }) => `${name}: ${why}`).join("; ");
  return [
    "",
    table(COLUMNS, rows),
    "",
    `  ${models.length} of ${CATALOGUE.length} models; facts read in ${CATALOGUE_CHECKED}, – where not verified, ? beside a model not wholly verified.`,
    "  runs: here = this engine runs and trains it; server = through llama.cpp or vLLM as a provider.",
    ...(fits === undefined ? [] : [`  The precision at which it fits into ${bytes(fits)} is marked *.`]),
    `  Not listed: ${left}.`,
    "",
  ].join("\n");
}

function row(model: OpenModel, fit: Precision | null): string[] {
  const { weightsBytes, cacheBytesPer1000Tokens } = memoryOf(model);
  const weights = (precision: Precision): string => {
    const text = bytes(weightsBytes[precision]);
    return precision === fit ? paint("green", `*${text}`) : text;
  };
  const { parameters, activeParameters: active } = model;
  return [
    model.verified ? model.id : `${model.id} ?`,
    active === parameters || active === null
      ? billions(parameters)
      : `${billions(active)} of ${billions(parameters)}`,
    model.contextTokens === null ? "–" : count(model.contextTokens),
    weights("f16"),
    weights("int8"),
    weights("int4"),
    bytes(cacheBytesPer1000Tokens),
    runsHere(model) ? paint("green", "here") : "server",
    model.licence?.name ?? "–",
    model.goodAt,
  ];
}

/** 0.13 B, 8.2 B. */
function billions(parameters: number | null): string {
  if (parameters === null) return "–";
  const value = parameters / 1e9;
  return `${value.toFixed(value < 1 ? 2 : 1)} B`;
}

const UNITS: { readonly [unit: string]: number } = {
  MB: 1e6,
  MIB: 2 ** 20,
  GB: 1e9,
  GIB: 2 ** 30,
  G: 1e9,
  M: 1e6,
};

/** 8GB, 7.5GiB, 512MB. Throws HouseError bad-usage. */
function memoryFlag(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toUpperCase()];
  if (factor !== undefined && Number(number) > 0) return Number(number) * factor;
  throw new HouseError("bad-usage", `Cannot use --fits "${text}": expected a size like 8GB, 7.5GiB or 512MB`);
}

type PullFlags = { readonly json?: boolean; readonly to?: string; readonly endpoint?: string };
type PullRun = {
  readonly flags: PullFlags;
  readonly folder: (name: string) => string;
  readonly env: Environment;
  readonly signal: AbortSignal;
};

async function pull(text: string, { flags, folder: folderFor, env, signal }: PullRun): Promise<number> {
  const model = parseHubName(text);
  const folder = folderFor(folderOf(model));
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const line = progressLine(process.stderr, () => Date.now());
  const out = flags.json === true ? process.stderr : process.stdout;
  try {
    const pulled = await pullModel(
      {
        model,
        folder,
        endpoint: flags.endpoint ?? given("HF_ENDPOINT") ?? DEFAULT_ENDPOINT,
        token: given("HF_TOKEN"),
      },
      {
        nowMs: () => Date.now(),
        random: Math.random,
        wait: async (ms, until) => wait(ms, undefined, { signal: until }).catch(() => undefined),
        progress: line.progress,
        onRetry: (text) => {
          line.clear();
          process.stderr.write(`${text}\n`);
        },
        note: (text) => void out.write(`${text}\n`),
        signal,
      },
    );
    line.clear();
    if (flags.json === true) printJson({ folder, ...pulled });
    else process.stdout.write(summary(folder, pulled));
    return 0;
  } finally {
    line.clear();
  }
}

function summary(folder: string, { files }: PulledModel): string {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${paint("green", "done")}: ${files.length} files, ${bytes(total)}, checked, in ${folder} (${PULLED_FILE} has the checksums)\n`;
}
