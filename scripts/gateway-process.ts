import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

/** The command line as a program for this Node: `spawn(process.execPath, [...CLI, "report"])`. */
export const CLI = [
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "../bin/understudy.js"),
];
const POLL_MS = 50;
const READY_TIMEOUT_MS = 30_000;

export type GatewayProcess = { readonly url: string; readonly ended: Promise<void>; stop(): Promise<void> };

/** `understudy serve` with these options as a process of its own, ready to answer; what it prints goes to `output`, where given. */
export async function startGateway(
  options: readonly string[],
  port: number,
  output?: NodeJS.WritableStream,
): Promise<GatewayProcess> {
  const args = [...CLI, "serve", ...options, "--port", String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  if (output === undefined) child.stdout.resume();
  else child.stdout.pipe(output);
  const url = `http://127.0.0.1:${port}`;
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  const giveUp = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(url))) {
    if (performance.now() > giveUp) {
      await stop();
      throw new Error("the endpoint did not start");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { url, ended, stop };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** A port that nothing listens on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
