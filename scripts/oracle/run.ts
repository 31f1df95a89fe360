// Regenerates the engine's golden files with the libraries they come from, then lets the same libraries read what Understudy writes.
// Needs Python 3.11 or later and a network; installs into ORACLE_HOME, by default a folder among the temporary files.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const HERE = import.meta.dirname;
const HOME = process.env.ORACLE_HOME ?? join(tmpdir(), "understudy-oracle");
const LLAMA = join(HOME, "llama");
const OURS = join(HOME, "ours");
const WRITER = join(HERE, "write-ours.ts");
const LLAMA_VERSION = "3.22.1";
const BINARIES: Record<string, string> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-arm64": "mac-arm64-metal",
  "darwin-x64": "mac-x64",
  "win32-x64": "win-x64",
};

mkdirSync(LLAMA, { recursive: true });
const python = environment("python", "requirements.txt");
const olderPython = environment("python-transformers-4", "requirements-transformers-4.txt");
installLlama();
run(python, ["record.py"]);
run(olderPython, ["transformers_4_configs.py"]);
checkOurs();

/** The Python of a virtual environment with exactly these packages. */
function environment(name: string, requirements: string): string {
  const folder = join(HOME, name);
  const isWindows = process.platform === "win32";
  const program = join(folder, isWindows ? "Scripts/python.exe" : "bin/python");
  if (!existsSync(program))
    run(process.env.PYTHON ?? (isWindows ? "python" : "python3"), ["-m", "venv", folder]);
  run(program, ["-m", "pip", "install", "--quiet", "-r", requirements]);
  return program;
}

function installLlama(): void {
  const binary = BINARIES[`${process.platform}-${process.arch}`];
  if (binary === undefined) throw new Error(`No llama.cpp for ${process.platform}-${process.arch}`);
  // Without `--ignore-scripts` it would look for a compiler, without `--omit=optional` fetch 640 MB of CUDA and Vulkan.
  const packages = [`node-llama-cpp@${LLAMA_VERSION}`, `@node-llama-cpp/${binary}@${LLAMA_VERSION}`];
  const flags = ["--prefix", LLAMA, "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"];
  run(process.platform === "win32" ? "npm.cmd" : "npm", ["install", ...flags, ...packages]);
}

/** The writing side is a script of its own, run as `node write-ours.ts FOLDER`; README.md says what it leaves there. */
function checkOurs(): void {
  if (!existsSync(WRITER)) return void process.stdout.write("no write-ours.ts: nothing of ours to check\n");
  rmSync(OURS, { recursive: true, force: true });
  mkdirSync(OURS);
  run(process.execPath, [WRITER, OURS]);
  run(python, ["check-ours.py", OURS]);
}

function run(program: string, args: string[]): void {
  const env = { ...process.env, ORACLE_NODE: process.execPath, ORACLE_LLAMA: LLAMA };
  const { status, error } = spawnSync(program, args, { cwd: HERE, stdio: "inherit", env });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
