import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

test("the demo ends well, with specialists that answered", () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "scripts/demo.ts"],
    {
      cwd: resolve(import.meta.dirname, "../.."),
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  expect(status).toBe(0);
  const [, served] = /(\d+) of [\d,]+ calls \([\d.]+ %\) answered by specialists/.exec(stdout) ?? [];
  expect(Number(served)).toBeGreaterThan(100);
});
