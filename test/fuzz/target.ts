import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { prepareStore } from "./prepare.ts";

/** A gateway in a process of its own: `understudy serve` with what it is in production. */
export type Target = {
  readonly port: number;
  /** Who has it may ask models. */
  readonly key: string;
  /** Resident memory, null where the system does not tell it. */
  readonly residentBytes: () => number | null;
  /** What went wrong inside, by its log; its end, when it has ended. */
  readonly faults: () => string[];
  /** Stops it as an operator does. Returns what was wrong with its end. */
  readonly stop: () => Promise<string | null>;
};

const PROGRAM = resolve(import.meta.dirname, "../../bin/understudy.js");
/** Lines of the log that tell of a fault of ours. */
const FAULT = /request-failed|a fault of ours|uncaught|unhandled|TypeError|RangeError/i;
const START_MS = 60_000;
const STOP_MS = 40_000;

export async function startTarget(upstreamUrl: string): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-fuzz-"));
  const config = join(folder, "config.json");
  writeFileSync(
    config,
    JSON.stringify({ port: 0, keysRequired: true, providers: { up: { url: upstreamUrl } } }),
  );
  const store = join(folder, "store");
  const key = await prepareStore(store);
  const args = ["serve", "--config", config, "--store", store, "--log"];
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, UNDERSTUDY_UPSTREAM: undefined },
  });
  const faults: string[] = [];
  let exit: string | null = null;
  let isStopping = false;
  const ended = new Promise<void>((done) => {
    child.on("exit", (code, signal) => {
      exit = `ended with ${code ?? signal ?? "?"}`;
      if (!isStopping) faults.push(`the gateway ${exit}`);
      done();
    });
  });
  child.stderr.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString().split("\n"))
      if (FAULT.test(line) && faults.length < 100) faults.push(line.slice(0, 500));
  });
  const port = await portOf(child.stdout, ended);
  return {
    port,
    key,
    residentBytes: () => residentOf(child.pid),
    faults: () => faults,
    async stop() {
      isStopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
      return exit === "ended with 0" ? null : `the gateway ${exit ?? ""} when it was told to stop`;
    },
  };
}

function portOf(output: NodeJS.ReadableStream, ended: Promise<void>): Promise<number> {
  return new Promise((done, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error("the gateway did not start")), START_MS);
    output.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const port = /listens on http:\/\/[^:]+:(\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      done(Number(port));
    });
    ended.then(() => reject(new Error(`the gateway did not start: ${text}`)), reject);
  });
}

function residentOf(pid: number | undefined): number | null {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid ?? 0}/status`, "utf8"))?.[1];
    return kb === undefined ? null : Number(kb) * 1024;
  } catch {
    return null;
  }
}
