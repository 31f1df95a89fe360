// The project in two minutes: a sample agent log becomes certified specialists behind an endpoint, and the last three
// days of the log, which no step has seen, are sent through it with an unmodified OpenAI client.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { count, paint } from "../src/cli/print.ts";
import type { ChatRequest, ChatResponse } from "../src/core/index.ts";
import { CLI, freePort, startGateway, type GatewayProcess } from "./gateway-process.ts";
import { replayThroughClient, summaryOf, type RecordedLine } from "./demo/replay.ts";

const ROOT = join(import.meta.dirname, "..");
const SAMPLE = join(ROOT, "samples/agent-log.jsonl.gz");
/** Sessions that begin on this day or later are held back. */
const HELD_FROM = "2026-03-13";
/** What the demo promises: at most 5 % of what specialists serve differs from the LLM. */
const EPSILON = "0.05";

type LogLine = RecordedLine & { readonly timestamp: string; readonly session: string };

async function main(args: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-demo-"));
  const { seen, held } = splitByTime(readLog());
  const files = {
    seen: join(folder, "seen.jsonl"),
    held: join(folder, "held.jsonl"),
    store: join(folder, "store"),
  };
  writeLines(files.seen, seen);
  writeLines(files.held, held);

  say(
    1,
    `The log of an invented company's agents: ${count(seen.length)} calls until ${HELD_FROM}. Its last three days, ${count(held.length)} calls, are put aside.`,
  );
  say(2, "Finding recurring tasks, training a specialist for each, certifying it on calls it has not seen…");
  const converted = understudy(["convert", files.seen, "--store", files.store, "--epsilon", EPSILON]);
  if (converted !== 0) throw new Error(`convert ended with ${converted}`);

  const port = await freePort();
  say(
    3,
    `Starting the endpoint on port ${port}. No key here, so the LLM behind it is a replay of the recorded log.`,
  );
  const options = ["--store", files.store, "--upstream", `replay:${files.held}`];
  const gateway = await startGateway(options, port, process.stdout);
  say(4, `Sending the ${count(held.length)} calls put aside through it with the ordinary openai client…`);
  const outcomes = await replayThroughClient(`${gateway.url}/v1`, held);
  process.stdout.write(summaryOf(outcomes, namesOf(files.store)));
  if (args.includes("--stay")) await stay(gateway);
  else await stop(gateway);
  rmSync(folder, { recursive: true, force: true });
}

const say = (step: number, text: string): void =>
  void process.stdout.write(`\n${paint(["bold", "cyan"], `${step}`)}  ${text}\n`);

function readLog(): LogLine[] {
  const text = gunzipSync(readFileSync(SAMPLE)).toString("utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LogLine & { request: ChatRequest; response: ChatResponse | null });
}

/** By the day a session began, so that no session is on both sides. */
function splitByTime(log: readonly LogLine[]): { readonly seen: LogLine[]; readonly held: LogLine[] } {
  const began = new Map<string, string>();
  for (const { session, timestamp } of log) if (!began.has(session)) began.set(session, timestamp);
  const isHeld = ({ session }: LogLine): boolean => (began.get(session) ?? "") >= HELD_FROM;
  return { seen: log.filter((line) => !isHeld(line)), held: log.filter(isHeld) };
}

function writeLines(file: string, lines: readonly LogLine[]): void {
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function understudy(args: readonly string[]): number {
  return spawnSync(process.execPath, [...CLI, ...args], { stdio: "inherit" }).status ?? 1;
}

/** Task ids with their names, from the report. */
function namesOf(store: string): Map<string, string> {
  const { stdout } = spawnSync(process.execPath, [...CLI, "report", "--json", "--store", store], {
    encoding: "utf8",
  });
  const { tasks } = JSON.parse(stdout) as { tasks: { id: string; name: string }[] };
  return new Map(tasks.map(({ id, name }) => [id, name]));
}

async function stay(gateway: GatewayProcess): Promise<void> {
  process.stdout.write(`\n  The endpoint stays up: OPENAI_BASE_URL=${gateway.url}/v1   Ctrl-C ends it.\n`);
  await Promise.race([gateway.ended, new Promise((resolve) => process.once("SIGINT", resolve))]);
  await gateway.stop();
}

async function stop(gateway: GatewayProcess): Promise<void> {
  await gateway.stop();
  process.stdout.write(
    "\n  Next: npx understudy convert your-log.jsonl.gz      then: npx understudy serve --upstream https://api.openai.com/v1\n\n",
  );
}

await main(process.argv.slice(2));
