import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { CLI } from "../../scripts/gateway-process.ts";

const POLL_MS = 200;

export type Run = {
  readonly stdout: string;
  readonly seconds: number;
  /** Highest resident memory; null where it cannot be read. */ readonly peakMb: number | null;
};

/** Runs the command line to its end, with its time and highest memory. Throws when it fails. */
export async function runCli(args: readonly string[]): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, [...CLI, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let peakMb: number | null = null;
  const poll = setInterval(() => {
    peakMb = peakOf(child.pid) ?? peakMb;
  }, POLL_MS);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(poll);
  if (code !== 0) throw new Error(`understudy ${args[0]} ended with ${code}`);
  return {
    stdout: Buffer.concat(chunks).toString("utf8"),
    seconds: (performance.now() - started) / 1000,
    peakMb,
  };
}

function peakOf(pid: number | undefined): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}
