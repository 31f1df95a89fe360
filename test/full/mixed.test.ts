import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const DATA = resolve(ROOT, "../shared/data");
const isThere = existsSync(resolve(DATA, "mixed_agent_log.jsonl.gz"));
if (!isThere) process.stdout.write("skipped: ../shared/data/mixed_agent_log.jsonl.gz is not there\n");

type Row = { readonly served: number; readonly isWithin: boolean | null };
type Result = {
  readonly epsilon: number;
  readonly certifiedShare: number;
  readonly peakMb: number;
  readonly held: {
    readonly whole: Row;
    readonly tasks: readonly Row[];
    readonly failed: number;
    readonly mismatches: number;
  };
};
type Output = {
  readonly discovery: {
    readonly vMeasure: number;
    readonly ari: number;
    readonly longTailInsideTasks: number;
  };
  readonly results: readonly Result[];
};

describe.skipIf(!isThere)("the main job on the mixed log", () => {
  let output: Output;
  beforeAll(() => {
    const args = [
      "--disable-warning=ExperimentalWarning",
      "bench/mixed.ts",
      "--data",
      DATA,
      "--epsilon",
      "0.05",
      "--json",
    ];
    const { stdout } = spawnSync(process.execPath, args, {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["ignore", "pipe", "inherit"],
    });
    output = JSON.parse(stdout) as Output;
  }, 900_000);

  test("finds the tasks and leaves the long tail out", () => {
    const { vMeasure, ari, longTailInsideTasks } = output.discovery;
    expect(vMeasure).toBeGreaterThanOrEqual(0.95);
    expect(ari).toBeGreaterThanOrEqual(0.9);
    expect(longTailInsideTasks).toBeLessThanOrEqual(0.05);
  });

  test("certifies a fifth of all calls at epsilon 0.05, in bounded memory", () => {
    expect(output.results[0].certifiedShare).toBeGreaterThanOrEqual(0.2);
    expect(output.results[0].peakMb).toBeLessThan(3000);
  });

  test("keeps the promise on sessions held back", () => {
    const { whole, failed } = output.results[0].held;
    expect(failed).toBe(0);
    expect(output.results[0].held.mismatches).toBe(0);
    expect(whole.served).toBeGreaterThan(500);
    expect(whole.isWithin).toBe(true);
  });
});
