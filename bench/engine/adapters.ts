import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BASE } from "./material.ts";
import type { Spread } from "./measure.ts";

export type AdapterFigures = {
  /** Which model carries them. */
  readonly name: string;
  readonly rank: number;
  readonly adapters: number;
  /** Growth of the process by one adapter. */
  readonly megabytes: number;
  /** What one holds by its own account. */
  readonly heldMegabytes: number;
  /** One request on another adapter less one on the same; milliseconds of one core. */
  readonly switchMs: Spread;
  readonly tokenMs: Spread;
};

const RANKS = [16, 32];

/** On the shipped base where it is there, else on the model of the other figures; on both unless quick. */
export function measureAdapters(quick: boolean): AdapterFigures[] {
  const names = existsSync(join(BASE, "config.json")) ? ["base", ...(quick ? [] : ["6M"])] : ["6M"];
  return names.flatMap((name) => RANKS.map((rank) => measureOne(name, rank)));
}

/** In a process of its own: only there memory that grows is theirs. */
function measureOne(name: string, rank: number): AdapterFigures {
  const script = join(import.meta.dirname, "adapters-process.ts");
  const { status, stdout } = spawnSync(process.execPath, ["--expose-gc", script, name, String(rank)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", 2],
  });
  if (status !== 0) throw new Error(`The process with adapters ended with ${String(status)}`);
  // Written by the script above.
  return JSON.parse(stdout) as AdapterFigures;
}
