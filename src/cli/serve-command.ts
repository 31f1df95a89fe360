import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Command } from "commander";
import { HouseError } from "../core/index.ts";
import type { Config } from "./config.ts";
import { numberFlag, realEffects } from "./context.ts";
import { jsonLog, serve, type ServeHost, type ServeOptions } from "./serve.ts";
import { supervise, WORKER_VARIABLE, workerLine } from "./supervise.ts";

type Environment = { readonly [name: string]: string | undefined };

/** What main.ts lends to the commands of this file. */
export type ServeHooks = {
  readonly onBase: (command: Command) => Command;
  readonly configOf: (command: Command) => Config;
  readonly untilStopped: (work: (signal: AbortSignal) => Promise<number>) => Promise<number>;
};

/** A report walks over all calls: whoever asks again within this gets the last one. */
const REPORT_FRESH_MS = 30_000;
const REPORT_TIMEOUT_MS = 120_000;
const MAX_REPORT_BYTES = 64 * 1024 * 1024;

/** Adds `understudy serve`. */
export function addServe(root: Command, hooks: ServeHooks): void {
  hooks
    .onBase(root.command("serve"))
    .description("the gateway: certified calls by specialists, all others by the upstream LLM")
    .option("--port <n>", "port (default 4141)", numberFlag("--port"))
    .option("--host <name>", "address to listen on (default 127.0.0.1; others need keys)")
    .option("--upstream <url>", "base URL of an OpenAI-compatible server, or replay:FILE")
    .option(
      "--upstream-key-env <name>",
      "environment variable with the upstream's key (default OPENAI_API_KEY)",
    )
    .option("--log", "JSON log lines on stderr")
    .action(async (_: unknown, command: Command) => {
      process.exitCode = await run(command, hooks, process.env);
    });
}

async function run(
  command: Command,
  { configOf, untilStopped }: ServeHooks,
  env: Environment,
): Promise<number> {
  const reread = (): ServeOptions => optionsOf(configOf(command), command, env);
  const options = reread();
  const workers = options.gateway?.workers ?? 1;
  const number = env[WORKER_VARIABLE];
  const effects = { ...realEffects(), env };
  if (workers > 1 && number === undefined) {
    if (options.port === 0)
      throw new HouseError("bad-config", "Cannot share a free port among workers: choose one with --port");
    const log = options.log === true ? jsonLog() : stderrLog();
    const plan = { script: process.argv[1], args: process.argv.slice(2), workers };
    return untilStopped((signal) => supervise(plan, { ...effects, log, signal, onReload }));
  }
  const worker = number === undefined ? undefined : Number(number);
  const host = worker === undefined ? hostOf(reread, options) : workerHost(reread, options);
  // The same lines from every worker would be noise.
  const print = (line: string): void =>
    void (worker === undefined || worker === 1 ? process.stdout.write(`${line}\n`) : 0);
  const until = worker === undefined ? untilStopped : untilTold;
  return until((signal) => serve({ ...options, worker }, { ...effects, print, signal, host }));
}

function optionsOf(config: Config, command: Command, env: Environment): ServeOptions {
  const { store, base, host, port, upstream, key, gateway, prices } = config;
  const hasKey = upstream !== null && (env[upstream.keyEnv] ?? "") !== "";
  const isNamed = command.getOptionValue("upstreamKeyEnv") !== undefined;
  const upstreamKeyEnv = hasKey || isNamed ? upstream?.keyEnv : undefined;
  const log = command.getOptionValue("log") === true;
  return { store, base, host, port, key, upstream: upstream?.url, upstreamKeyEnv, gateway, prices, log };
}

function hostOf(reread: () => ServeOptions, { store }: ServeOptions): ServeHost {
  return {
    reread,
    onReload,
    reloadOthers: () => {},
    stop: () => void process.kill(process.pid, "SIGTERM"),
    report: reportOf(store),
    gather: (own) => async () => [await own()],
    ready: () => {},
  };
}

/** Of one of several: what concerns all goes by the supervisor. */
function workerHost(reread: () => ServeOptions, options: ServeOptions): ServeHost {
  const line = workerLine(process);
  return {
    ...hostOf(reread, options),
    stop: () => void process.kill(process.ppid, "SIGTERM"),
    reloadOthers: () => void process.kill(process.ppid, "SIGHUP"),
    gather: (own) => line.gather(own),
    ready: () => line.ready(),
  };
}

function onReload(listener: () => void): () => void {
  process.on("SIGHUP", listener);
  return () => void process.off("SIGHUP", listener);
}

/** A worker obeys its supervisor: Ctrl-C reaches both, and a supervisor that is gone stops nobody. */
async function untilTold(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => controller.abort());
  process.on("disconnect", () => controller.abort());
  const code = await work(controller.signal);
  // The line to the supervisor would keep this process alive.
  if (process.connected) process.disconnect();
  return code;
}

/** The report in a process of its own: it reads all calls, and the serving thread must not wait for it. */
function reportOf(store: string): () => Promise<string> {
  let last: { readonly text: Promise<string>; readonly atMs: number } | null = null;
  return () => {
    const now = performance.now();
    if (last !== null && now - last.atMs < REPORT_FRESH_MS) return last.text;
    const config = process.argv.flatMap((arg, at) => (arg === "--config" ? [arg, process.argv[at + 1]] : []));
    const args = [process.argv[1], "report", "--json", "--store", store, ...config];
    const limits = { timeout: REPORT_TIMEOUT_MS, maxBuffer: MAX_REPORT_BYTES };
    const text = promisify(execFile)(process.execPath, [...process.execArgv, ...args], limits).then(
      ({ stdout }) => stdout,
      (error: unknown) => {
        last = null;
        throw new HouseError("overloaded", "Cannot make the report: the gateway's machine says why", {
          cause: error,
        });
      },
    );
    last = { text, atMs: now };
    return text;
  };
}

/** What the supervisor has to say without --log: a line for the person at the terminal. */
function stderrLog(): ReturnType<typeof jsonLog> {
  const say = (line: object): void => void process.stderr.write(`understudy: ${JSON.stringify(line)}\n`);
  return { info: () => {}, warn: say, error: say };
}
