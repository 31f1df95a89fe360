#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript: this one where it is new enough, else the one pinned in node_modules.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NEEDED = [22, 19];
const own = (path) => fileURLToPath(new URL(path, import.meta.url));
const isNewEnough = () => {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
};

const source = own("../src/cli/main.ts");
const entry = existsSync(source) ? source : own("../dist/cli/main.js");
const pinned = own("../node_modules/node/bin/node");

/**
 * Starts the endpoint anew in this very process, with a young heap of 16 MB a half where V8 would let it grow to 64, and with three times as much of all else as is
 * in use before V8 looks through all of it: left to itself it takes what lies outside the heap for a heap that is full, and looks every second. What the operator has set
 * is kept; where a process cannot be replaced (Windows, older Nodes), or its V8 does not know these flags (they are no promise of any version), nothing is set.
 */
const HEAP = ["--max-semi-space-size=16", "--heap-growing-percent=200"];
const bounded = () => {
  const given = `${process.env.NODE_OPTIONS ?? ""} ${process.execArgv.join(" ")}`.replaceAll("_", "-");
  const missing = HEAP.filter((flag) => !given.includes(flag.split("=")[0]));
  if (process.argv[2] !== "serve" || missing.length === 0) return;
  if (process.platform === "win32" || typeof process.execve !== "function") return;
  if (spawnSync(process.execPath, [...missing, "--version"], { stdio: "ignore" }).status !== 0) return;
  const args = [process.execPath, ...process.execArgv, ...missing, ...process.argv.slice(1)];
  process.execve(process.execPath, args, process.env);
};

if (isNewEnough()) {
  bounded();
  const { main } = await import(entry);
  await main();
} else if (existsSync(pinned)) {
  const child = spawn(
    pinned,
    ["--disable-warning=ExperimentalWarning", own("./understudy.js"), ...process.argv.slice(2)],
    { stdio: "inherit" },
  );
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
} else {
  process.stderr.write(
    `understudy: Node ${process.versions.node} is too old: needs ${NEEDED.join(".")} or newer (in a clone, npm install brings one)\n`,
  );
  process.exit(2);
}
