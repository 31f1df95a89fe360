import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { program } from "../src/cli/main.ts";
import { openStore } from "../src/store/index.ts";

const CLI = resolve(import.meta.dirname, "../bin/understudy.js");
const folder = mkdtempSync(join(tmpdir(), "understudy-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { readonly code: number | null; readonly out: string; readonly error: string };

function run(args: readonly string[], env: Record<string, string> = {}): Ended {
  const options = { encoding: "utf8" as const, env: { ...process.env, NO_COLOR: "1", ...env }, cwd: folder };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", CLI, ...args],
    options,
  );
  return { code: status, out: stdout, error: stderr };
}

let files = 0;
function file(content: string | Buffer): string {
  files += 1;
  const path = join(folder, `${files}.jsonl`);
  writeFileSync(path, content);
  return path;
}

const call = (id: string): string =>
  JSON.stringify({
    id,
    request: { model: "m", messages: [{ role: "user", content: id }] },
    response: { message: { role: "assistant", content: "ok" } },
  });
const store = (): string => join(folder, `store-${(files += 1)}`);
const callsIn = (dir: string): number => {
  const open = openStore({ dir, nowMs: () => 0 });
  const { calls } = open.calls.count();
  open.close();
  return calls;
};

/** One line on stderr, exit code 2, and the call that was there before is still there. */
function expectRefused(content: string | Buffer, line: RegExp): void {
  const dir = store();
  expect(run(["import", file(call("before")), "--store", dir]).code).toBe(0);
  const { code, error } = run(["import", file(content), "--store", dir]);
  expect({ code, lines: error.trim().split("\n").length }).toEqual({ code: 2, lines: 1 });
  expect(error).toMatch(line);
  expect(callsIn(dir)).toBe(1);
}

describe("understudy import, hostile input", () => {
  test("an empty log", () => expectRefused("", /no calls in it/));
  test("binary", () =>
    expectRefused(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256)), /refused/));
  test("gzip that breaks off at once", () =>
    expectRefused(gzipSync(call("x")).subarray(0, 12), /gzip data is broken/));
  test("a line of 50 MB", () => expectRefused(`{"a":"${"x".repeat(50 * 1024 * 1024)}"}`, /bytes long/));
  test("deep nesting", () => expectRefused(`${"[".repeat(100_000)}${"]".repeat(100_000)}`, /refused/));
  test("wrong types", () => expectRefused(JSON.stringify({ request: { messages: 7 } }), /request\.messages/));
  test("unknown roles", () =>
    expectRefused(JSON.stringify({ request: { messages: [{ role: "wizard", content: "" }] } }), /role/));
  test("another form of file", () => expectRefused('{"hello":"world"}', /none of the known forms/));
});

describe("understudy", () => {
  test("a file that is not there ends with one line and exit code 2", () => {
    const { code, error } = run(["import", join(folder, "nowhere.jsonl"), "--store", store()]);
    expect([code, error.trim().split("\n").length]).toEqual([2, 1]);
    expect(error).toMatch(/no such file/);
  });

  test("an unreadable key ends with one line and exit code 2, and is not replaced", () => {
    const dir = store();
    run(["import", file(call("a")), "--store", dir]);
    const wrong = run(["report", "--store", dir], { UNDERSTUDY_KEY: Buffer.alloc(32, 7).toString("base64") });
    expect([wrong.code, wrong.error.trim().split("\n").length]).toEqual([2, 1]);
    writeFileSync(join(dir, "key"), "not a key");
    chmodSync(join(dir, "key"), 0o600);
    const broken = run(["report", "--store", dir]);
    expect([broken.code, broken.error.trim().split("\n").length]).toEqual([2, 1]);
    expect(broken.error).toMatch(/key/);
  });

  test("bad usage ends with exit code 2", () => {
    expect(run(["convert", "--epsilon", "two"]).code).toBe(2);
    expect(run(["convert", "--epsilon", "7", "--store", store()]).code).toBe(2);
    expect(run(["nonsense"]).code).toBe(2);
    expect(run(["discover", "--store", store()]).error).toMatch(/import a log first/);
  });

  test("an unknown field in the config is refused by name", () => {
    const config = file('{"epsilom": 0.1}');
    expect(run(["report", "--config", config, "--store", store()]).error).toMatch(/epsilom/);
  });

  test("--help names every command and shows examples", () => {
    const { code, out } = run(["--help"]);
    expect(code).toBe(0);
    for (const name of ["import", "convert", "serve", "replay", "Examples"]) expect(out).toContain(name);
  });

  test("every command shows examples of its own", () => {
    const without = program().commands.filter((command) => {
      let help = "";
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      return !help.includes(`Examples:\n  understudy ${command.name()}`);
    });
    expect(without.map((command) => command.name())).toEqual([]);
  });

  test("report --json of an empty store is one document in the promised shape", () => {
    const { out } = run(["report", "--json", "--store", store()]);
    expect(JSON.parse(out)).toEqual({
      calls: 0,
      sessions: 0,
      tasks: [],
      unassigned: 0,
      certifiedShare: 0,
      certifiedShareInterval: null,
      costUsd: { before: null, after: null, unpricedCalls: 0, pricesAsOf: expect.any(String) },
      losses: {
        "one-off": 0,
        untrained: 0,
        unserved: 0,
        form: 0,
        model: 0,
        score: 0,
        noise: 0,
        sample: 0,
      },
    });
  });

  test("mask takes text in and gives masked text out", () => {
    const text = file("write to ann.lee@example.com\nand again to ann.lee@example.com\n");
    expect(run(["mask", text]).out).toBe("write to <EMAIL_1>\nand again to <EMAIL_1>\n");
  });

  test("import --refused writes the refused lines with their reasons", () => {
    const out = join(folder, "refused.jsonl");
    const { code } = run(["import", file(`${call("a")}\nnonsense\n`), "--store", store(), "--refused", out]);
    expect(code).toBe(0);
    const { reason, line, text } = JSON.parse(readFileSync(out, "utf8")) as { [field: string]: unknown };
    expect({ reason, line, text }).toEqual({ reason: "not-json", line: 2, text: "nonsense" });
  });
});
