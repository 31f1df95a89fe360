import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { CONFIG_FILE, configForm } from "../src/cli/config.ts";
import { program } from "../src/cli/main.ts";
import { gaugesOf } from "../src/cli/live.ts";
import { createMetrics, createTally } from "../src/gateway/index.ts";
import { LIST_PRICES } from "../src/models/index.ts";
import { ERROR_CODES } from "../src/core/index.ts";
import { LOG_FORMATS } from "../src/collect/index.ts";

const read = (path: string): string => readFileSync(resolve(import.meta.dirname, "..", path), "utf8");

test("docs/errors.md tells every error code as the table in the code has it, and no other", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `([a-z-]+)` \| (\d+) \| (\d) \| (yes|no) \|/gm)].map(
    ([, code, status, exit, retry]) =>
      [code, { status: Number(status), exitCode: Number(exit), retryable: retry === "yes" }] as const,
  );
  expect(Object.fromEntries(rows)).toEqual(ERROR_CODES);
});

test("docs/config.md's example is a config that is accepted, with every field there is", () => {
  const [, example] = /```json\n([\s\S]*?)```/.exec(read("docs/config.md")) ?? [];
  const parsed = configForm.parse(JSON.parse(example));
  expect(Object.keys(parsed).sort()).toEqual(Object.keys(configForm.shape).sort());
  expect(read("docs/config.md")).toContain(CONFIG_FILE);
});

test("docs/logs.md names every form of log that can be read", () => {
  const text = read("docs/logs.md");
  expect(
    LOG_FORMATS.filter((format) => !text.includes(format.replace("openai-batch-output", "-output"))),
  ).toEqual([]);
});

test("README.md names every command there is", () => {
  const commands = program().commands.flatMap((command) => [
    command.name(),
    ...command.commands.map((inner) => inner.name()),
  ]);
  const readme = read("README.md");
  expect(commands.length).toBeGreaterThan(9);
  expect(commands.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([]);
});

test("every local link in the documents leads somewhere", () => {
  const files = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
  const links = files.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link),
  );
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !existsSync(resolve(import.meta.dirname, "..", link)))).toEqual([]);
});

test("docs/security.md: each test that it names is there", () => {
  const rows = read("docs/security.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && line.includes(".test.ts"));
  const named = rows.flatMap((row) => {
    const files = [...row.matchAll(/`([\w./-]+\.test\.ts)`((?:[^`]|`(?![\w./-]+\.test\.ts))*)/g)];
    return files.flatMap(([, file, after]) =>
      [...after.matchAll(/"([^"]+)"/g)].map(([, name]) => [file, name] as const),
    );
  });
  expect(rows.length).toBeGreaterThan(20);
  expect(named.length).toBeGreaterThan(rows.length);
  expect(named.filter(([file, name]) => !read(file).includes(`"${name}"`))).toEqual([]);
});

test("docs/operations.md names every metric of ours, and no other", async () => {
  const metrics = createMetrics(
    createTally(() => LIST_PRICES, 0),
    gaugesOf(() => null, null),
  );
  const families = await metrics.families();
  const ours = families.map(({ name }) => name).filter((name) => name.startsWith("understudy_"));
  const told = [...read("docs/operations.md").matchAll(/^\|.*$/gm)].flatMap(([row]) =>
    [...row.matchAll(/`(understudy_[a-z_]+)`/g)].map(([, name]) => name),
  );
  expect(ours.length).toBeGreaterThan(15);
  expect(told.toSorted()).toEqual(ours.toSorted());
});
