// Starts the project's longer commands on a machine that has only Node and npm: installs what is missing, then works under
// the pinned Node. Plain JavaScript for the Node that is there, whichever it is.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NODE = join(ROOT, "node_modules/node/bin/node");
const QUIET = ["--disable-warning=ExperimentalWarning"];

const COMMANDS = {
  demo: (args) => node(["scripts/demo.ts", ...args]),
  sample: (args) => node(["scripts/make-sample.ts", ...args]),
  test: test,
  loss: () => vitest(["vitest.full.config.ts"], ["test/full/loss.test.ts"]),
};

/** Runs a program in the project; its exit code. */
function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (error) process.stderr.write(`${program}: ${String(error)}\n`);
  return status ?? 1;
}

const node = (args) => run(NODE, [...QUIET, ...args]);
const npm = (args, options) => run(process.platform === "win32" ? "npm.cmd" : "npm", args, options);

function install() {
  if (existsSync(NODE) && existsSync(join(ROOT, "node_modules/vitest"))) return 0;
  process.stderr.write("installing what the project needs (once)…\n");
  return npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: ["ignore", 2, 2] });
}

/** Types, lint, format, then all tests; the last line counts them. */
function test(args) {
  const isFull = args.includes("--full");
  const steps = [
    ["types", ["node_modules/typescript/bin/tsc", "--noEmit"]],
    ["lint", ["node_modules/oxlint/bin/oxlint", "--type-aware", "src", "test", "bench", "scripts", "bin"]],
    ["format", ["node_modules/oxfmt/bin/oxfmt", "--check", "src", "test", "bench", "scripts", "bin"]],
  ];
  for (const [name, command] of steps) {
    process.stdout.write(`${name}\n`);
    const code = node(command);
    if (code !== 0) return code;
  }
  return vitest(["vitest.config.ts", ...(isFull ? ["vitest.full.config.ts"] : [])]);
}

function vitest(configs, only = []) {
  const folder = mkdtempSync(join(tmpdir(), "understudy-test-"));
  let [passed, failed, code] = [0, 0, 0];
  for (const [index, config] of configs.entries()) {
    const file = join(folder, `${index}.json`);
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const status = node(["node_modules/vitest/vitest.mjs", "run", "--config", config, ...reporters, ...only]);
    code = code || status;
    if (!existsSync(file)) continue;
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, "utf8"));
    passed += numPassedTests;
    failed += numFailedTests;
  }
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return code;
}

const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  process.stderr.write(`usage: node scripts/run.js ${Object.keys(COMMANDS).join("|")}\n`);
  process.exit(2);
}
process.exitCode = install() || command(args);
