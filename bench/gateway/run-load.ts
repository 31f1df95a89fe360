import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Behaviour } from "./upstream-process.ts";
import type { Job, Result } from "./load-process.ts";

const LOAD_CORE = "1";
/** Where the gateways run. */
const GATEWAY_CORE = "0";

/** A provider on the core of the load. */
export type Provider = { readonly port: number; behave(behaviour: Behaviour): Promise<void>; stop(): void };

export async function startProvider(): Promise<Provider> {
  const file = join(import.meta.dirname, "upstream-process.ts");
  const child = spawn("taskset", ["-c", LOAD_CORE, process.execPath, file], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const next = (): Promise<{ type: string; port?: number }> =>
    new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error("the provider ended"));
      child.once("exit", ended);
      child.once("message", (message) => {
        child.off("exit", ended);
        resolve(message as { type: string; port?: number });
      });
    });
  const { port } = await next();
  if (port === undefined) throw new Error("the provider did not say its port");
  return {
    port,
    async behave(behaviour) {
      const ready = next();
      child.send(behaviour);
      await ready;
    },
    stop: () => void child.kill("SIGKILL"),
  };
}

/** Runs one job in a process of its own and gives its result. */
export function runLoad(job: Job): Promise<Result> {
  return resultOf<Result>(LOAD_CORE, "load-process.ts", JSON.stringify(job));
}

/** Milliseconds of a block that is written and synced, by a process that does nothing else, on the gateways' core. */
export type DiskTimes = { readonly p50: number; readonly p99: number };

export function runDisk(writes: number): Promise<DiskTimes> {
  return resultOf<DiskTimes>(GATEWAY_CORE, "disk-process.ts", String(writes));
}

function resultOf<T>(core: string, name: string, argument: string): Promise<T> {
  const file = join(import.meta.dirname, name);
  const child = spawn("taskset", ["-c", core, process.execPath, file, argument], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("close", () => {
      try {
        resolve(JSON.parse(text) as T);
      } catch {
        reject(new Error(`${name} ended without a result: ${text.slice(0, 200)}`));
      }
    });
  });
}
