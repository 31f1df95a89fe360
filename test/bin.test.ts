import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const BIN = resolve(import.meta.dirname, "../bin/understudy.js");

/** Starts `serve` by the program as users do; the flags of the process that serves, and how it ended on SIGTERM. */
async function serveWith(flags: readonly string[]): Promise<{ flags: string[]; code: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-bin-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const args = ["serve", "--store", join(folder, "store"), "--upstream", "http://127.0.0.1:9", "--port", "0"];
  const child = spawn(process.execPath, [...flags, BIN, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for await (const piece of child.stdout) {
    said += String(piece);
    if (said.includes("listens on")) break;
  }
  const seen = readFileSync(`/proc/${child.pid}/cmdline`, "utf8").split("\0");
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const [code] = (await exited) as [unknown];
  return { flags: seen.filter((word) => /semi.space|heap.growing/.test(word)), code };
}

test.runIf(process.platform === "linux")(
  "serve bounds its heap, in the process that was started",
  async () => {
    const served = await serveWith(["--disable-warning=ExperimentalWarning"]);
    expect(served).toEqual({ flags: ["--max-semi-space-size=16", "--heap-growing-percent=200"], code: 0 });
  },
);

test.runIf(process.platform === "linux")("serve keeps the bounds that the operator has set", async () => {
  const one = await serveWith(["--max_semi_space_size=32"]);
  expect(one).toEqual({ flags: ["--max_semi_space_size=32", "--heap-growing-percent=200"], code: 0 });
  const both = ["--max-semi-space-size=32", "--heap-growing-percent=50"];
  expect(await serveWith(both)).toEqual({ flags: both, code: 0 });
});
