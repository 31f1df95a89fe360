import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const CLI = join(import.meta.dirname, "../../bin/understudy.js");
const NODE = ["--disable-warning=ExperimentalWarning", CLI];
const POLL_MS = 200;
const READY_TIMEOUT_MS = 30_000;

export type Run = {
  readonly stdout: string;
  readonly seconds: number;
  /** Highest resident memory; null where it cannot be read. */ readonly peakMb: number | null;
};

/** Runs the command line to its end, with its time and highest memory. Throws when it fails. */
export async function runCli(args: readonly string[]): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, [...NODE, ...args], { stdio: ["ignore", "pipe", "inherit"] });
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

/** A gateway on a free port, ready to answer. */
export async function startGateway(
  args: readonly string[],
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn(process.execPath, [...NODE, ...args, "--port", String(port)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const giveUp = performance.now() + READY_TIMEOUT_MS;
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (performance.now() > giveUp) throw new Error("the gateway did not start");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
