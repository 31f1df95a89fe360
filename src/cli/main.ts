import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ERROR_CODES, HouseError } from "../core/index.ts";
import { addAudit } from "./audit.ts";
import { normalizeConfig, type Config } from "./config.ts";
import { numberFlag, realEffects, withContext, type Context } from "./context.ts";
import { doctorCommand } from "./doctor.ts";
import { addExampleList } from "./examples.ts";
import { EXPORTS, exportCommand } from "./export.ts";
import { exportBaseModel, tellExport, type ModelFlags } from "./export-model.ts";
import { importCommand } from "./import.ts";
import { addConfigImport } from "./config-import/command.ts";
import { addKeys } from "./keys.ts";
import { certifyCommand, convertCommand, discoverCommand, trainCommand } from "./loop-commands.ts";
import { maskCommand } from "./mask.ts";
import { addModels } from "./models.ts";
import { paint } from "./print.ts";
import { addRecording, foldFirst } from "./recording.ts";
import { replay } from "./replay.ts";
import { reportCommand } from "./report.ts";
import { addServe } from "./serve-command.ts";
import { addSpecialist } from "./specialist.ts";

/** Runs the command line. Exit codes: 0 done, 1 the work failed, 2 bad usage or bad input. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  // A reader that has seen enough (head, less) closes the pipe; that is not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  // Commander has written its own line; --help and --version end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof HouseError) {
    process.stderr.write(`${paint("red", "understudy:", process.stderr)} ${error.message}\n`);
    return ERROR_CODES[error.code].exitCode;
  }
  process.stderr.write(
    `understudy: a fault of ours, please report it: ${(error as Error).stack ?? String(error)}\n`,
  );
  return 1;
}

type AnyFlags = { readonly [name: string]: never };

/** Runs work in a context made from a command's flags; its number is the exit code. */
async function inContext(
  command: Command,
  work: (context: Context) => Promise<number> | number,
): Promise<void> {
  const config = configOf(command);
  process.exitCode = await withContext(config, async (context) => work(context));
}

/** The same for work on all calls: what the gateway recorded is taken in first. */
async function inCalls(
  command: Command,
  work: (context: Context) => Promise<number> | number,
): Promise<void> {
  await inContext(command, (context) => {
    foldFirst(context.store, context.config);
    return work(context);
  });
}

const configOf = (command: Command): Config =>
  normalizeConfig(command.optsWithGlobals<AnyFlags>(), process.env);

/** Examples under a command's help. */
const HELP: { readonly [command: string]: readonly string[] } = {
  import: [
    "understudy import agent.jsonl.gz",
    "understudy import langfuse-export.json otlp-traces.jsonl",
    "understudy import batch-input.jsonl batch-output.jsonl --refused refused.jsonl",
  ],
  convert: ["understudy convert agent.jsonl.gz", "understudy convert --epsilon 0.05 --json > report.json"],
  discover: ["understudy discover --assignments assignments.jsonl"],
  train: ["understudy train", "understudy train ticket-triage-support"],
  certify: ["understudy certify --epsilon 0.01"],
  report: [
    "understudy report --account",
    "understudy report --html report.html",
    "understudy report --json | jq '.tasks[] | {name, certificate}'",
  ],
  serve: [
    "understudy serve --upstream https://api.openai.com/v1",
    "understudy serve --upstream http://127.0.0.1:8000/v1 --upstream-key-env VLLM_KEY",
    "understudy serve --upstream replay:agent.jsonl.gz      # without a key: answers as the log did",
  ],
  replay: ["understudy replay held-back.jsonl --url http://127.0.0.1:4141 --out answers.jsonl"],
  examples: [
    "understudy examples ticket-triage-support --limit 50",
    "understudy examples --suspect",
    "understudy examples --suspect --json | jq -r '.examples[].callId'",
  ],
  mask: ["understudy mask notes.txt > masked.txt", "understudy mask --spans < notes.txt"],
  export: [
    "understudy export dataset ticket-triage-support --out dataset.jsonl",
    "understudy export certificates",
    "understudy export specialist ticket-triage-support --out triage",
    "understudy export adapter book-table --form peft --out book-table-adapter",
    "understudy export adapter book-table --form merged-gguf --dtype q8_0 --out book-table-model",
    "understudy export base --form gguf --out base-gguf",
  ],
  models: [
    "understudy models --fits 8GB",
    "understudy models --runs-here --json | jq '.models[].id'",
    "understudy models pull hf:HuggingFaceTB/SmolLM2-135M-Instruct",
  ],
  config: ["understudy config import litellm.yaml --out understudy.config.json"],
  keys: [
    "understudy keys create --name billing-agent --expires 90d",
    "understudy keys create --role viewer --name prometheus",
    "understudy keys rotate q3kxv7m2c5aw --overlap 2h",
    "understudy keys list --json | jq '.keys[] | select(.state == \"good\") | .id'",
  ],
  audit: ["understudy audit verify --noted 120:9f86d081884c7d65…", "understudy audit list --last 20 --json"],
  fold: ["understudy fold", "understudy fold --store /var/lib/understudy --json"],
  erase: [
    "understudy erase --user jane@example.com --with-specialists",
    "understudy erase --before 2026-01-01 --json",
  ],
  specialist: ["understudy specialist triage --json | jq '{id, kind: .familyKind, training}'"],
  doctor: ["understudy doctor --store /var/lib/understudy", "understudy doctor --online --json"],
};

function addExamples(root: Command): void {
  for (const command of root.commands) {
    const examples = HELP[command.name()];
    if (examples !== undefined)
      command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`);
  }
}

/** All commands, with their options and help. */
export function program(): Command {
  const root = new Command("understudy")
    .description(
      "Turns an agent that runs on a large language model into one that runs mostly on small ones, and proves it.",
    )
    .version(version())
    .option("--store <dir>", "folder of the store (default .understudy, or UNDERSTUDY_STORE)")
    .option("--config <file>", "config file (default understudy.config.json where there is one)")
    .exitOverride()
    .showHelpAfterError("(understudy --help shows the commands)")
    .addHelpText("after", EXAMPLES);
  addLoop(root);
  addServing(root);
  addTools(root);
  addModels(root, { storeOf: (command) => configOf(command).store, untilStopped, env: process.env });
  addKeys(root, configOf);
  addAudit(root, configOf);
  addExampleList(root, configOf);
  addSpecialist(root, configOf);
  addRecording(root, configOf);
  addExamples(root);
  return root;
}

const EXAMPLES = `
Examples:
  understudy convert agent.jsonl.gz             a log in, specialists and certificates out
  understudy convert --epsilon 0.05             the same calls, at most 5 % disagreement
  understudy serve --upstream https://api.openai.com/v1
  OPENAI_BASE_URL=http://127.0.0.1:4141/v1 node my-agent.js
  understudy report --json | jq .certifiedShare`;

const jsonFlag = ["--json", "one JSON document on stdout"] as const;

function onBase(command: Command): Command {
  return command.option(
    "--base <dir>",
    "model folder that generative specialists are adapted from (default: the one shipped; see models pull)",
  );
}

function promise(command: Command): Command {
  return onBase(command)
    .option(
      "--epsilon <share>",
      "largest disagreement allowed among served calls (default 0.02)",
      numberFlag("--epsilon"),
    )
    .option(
      "--delta <share>",
      "chance, at most, that a certificate is false (default 0.05)",
      numberFlag("--delta"),
    )
    .option("--seed <n>", "seed of everything random (default 1)", numberFlag("--seed"))
    .option(
      "--generative",
      "also adapt the small language model, where cheaper specialists do not suffice (minutes per task)",
    );
}

function addLoop(root: Command): void {
  const intake = (command: Command): Command =>
    command
      .option("--format <name>", "read every record as this form instead of detecting it (docs/logs.md)")
      .option("--refused <file>", "write refused lines with their reasons to this file");
  intake(
    root
      .command("import")
      .argument("<files...>")
      .description("takes logs in: JSON Lines or one JSON document, plain or gzip'd, forms detected")
      .option(...jsonFlag),
  ).action(async (files: string[], flags: AnyFlags, command: Command) =>
    inCalls(command, async (context) => importCommand(context, files, flags)),
  );
  intake(
    promise(
      root
        .command("convert")
        .argument("[files...]")
        .description("the whole loop on a log: tasks, specialists, certificates, report")
        .option(...jsonFlag),
    ),
  ).action(async (files: string[], flags: AnyFlags, command: Command) =>
    inCalls(command, async (context) => convertCommand(context, files, flags)),
  );
  root
    .command("discover")
    .description("finds the recurring tasks")
    .option(...jsonFlag)
    .option("--assignments <file>", "write a line {callId, taskId} per call of a task")
    .action(async (flags: AnyFlags, command: Command) =>
      inCalls(command, (context) => discoverCommand(context, flags)),
    );
  promise(
    root
      .command("train")
      .argument("[tasks...]")
      .description("trains specialists (all tasks, or those named)")
      .option(...jsonFlag),
  ).action(async (tasks: string[], flags: AnyFlags, command: Command) =>
    inContext(command, async (context) => trainCommand(context, tasks, flags)),
  );
  promise(
    root
      .command("certify")
      .argument("[tasks...]")
      .description("proves what trained specialists may serve")
      .option(...jsonFlag),
  ).action(async (tasks: string[], flags: AnyFlags, command: Command) =>
    inContext(command, (context) => certifyCommand(context, tasks, flags)),
  );
  root
    .command("report")
    .description("the present state: tasks, certificates, share, cost, latency")
    .option(...jsonFlag)
    .option("--account", "task by task, where calls are lost to a certificate")
    .option("--html <file>", "write the report with its pictures as one page")
    .action(async (flags: AnyFlags, command: Command) =>
      inCalls(command, (context) => reportCommand(context, flags)),
    );
}

function addServing(root: Command): void {
  addServe(root, { onBase, configOf, untilStopped });
  root
    .command("replay")
    .argument("<file>")
    .description("sends recorded requests to a gateway and compares the answers")
    .requiredOption("--url <url>", "the gateway, for example http://127.0.0.1:4141")
    .option(...jsonFlag)
    .option("--out <file>", "write a line per call to this file")
    .option("--concurrency <n>", "requests in flight (default 4)", numberFlag("--concurrency"))
    .option("--stream", "ask for streamed answers")
    .action(async (file: string, flags: { url: string }) => {
      const note = (line: string): void => void process.stderr.write(`${line}\n`);
      process.exitCode = await untilStopped((signal) =>
        replay({ file, ...flags }, { ...realEffects(), print, note, signal }),
      );
    });
}

function addTools(root: Command): void {
  root
    .command("mask")
    .argument("[files...]")
    .description("masks secrets and personal data in text (standard input without files)")
    .option("--spans", "a JSON line per line with what was found and where")
    .action(async (files: string[], flags: { spans?: boolean }) => {
      process.exitCode = await maskCommand(files, flags);
    });
  addExport(root);
  addConfigImport(root);
  root
    .command("doctor")
    .description("checks machine, config, store, keys, port, TLS, providers and disk, and says what to fix")
    .option(...jsonFlag)
    .option("--online", "also asks every provider's address, without a key")
    .action(async (flags: { json?: boolean; online?: boolean }, command: Command) => {
      process.exitCode = await doctorCommand(configOf(command), process.env, flags);
    });
}

function addExport(root: Command): void {
  onBase(root.command("export"))
    .argument("<what>", EXPORTS.join(" | "))
    .argument("[tasks...]")
    .description("datasets, certificates and weights in forms others read")
    .option("--out <path>", "write to this file instead of standard output; weights: into this new folder")
    .option(
      "--form <name>",
      "adapter: peft (default), gguf, merged-hf or merged-gguf; base: hf (default) or gguf",
    )
    .option("--dtype <name>", "of a GGUF model: f16 (default) or q8_0")
    .option("--json", "adapter, base: one JSON document on stdout")
    .action(async (what: string, tasks: string[], given: ModelFlags, command: Command) => {
      const flags = { ...given, base: configOf(command).base };
      // A base is no one's data: it is written without a store.
      if (what === "base") process.exitCode = tellExport(await exportBaseModel(flags), flags);
      else await inContext(command, (context) => exportCommand(context, what, tasks, flags));
    });
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs until the work ends by itself or a signal asks it to; a second signal ends it at once. */
async function untilStopped(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

function version(): string {
  const { version: text } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { version: string };
  return text;
}
