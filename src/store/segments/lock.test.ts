import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { withFolder } from "../testing.ts";
import { tryLock } from "./lock.ts";

const MODULE = pathToFileURL(join(import.meta.dirname, "lock.ts")).href;

/** In a process of its own: within one, SQLite itself remembers who holds what. */
function isFreeForOthers(path: string): boolean {
  const program = `import { tryLock } from ${JSON.stringify(MODULE)}; console.log(tryLock(process.argv[1]) !== null)`;
  const args = [
    "--experimental-strip-types",
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "-e",
    program,
    path,
  ];
  return execFileSync(process.execPath, args, { encoding: "utf8" }).trim() === "true";
}

test("a lock stays held against other processes when its own process asks for it again", () =>
  withFolder(async (dir) => {
    const path = join(dir, "a.lock");
    const lock = tryLock(path);
    const seen = [tryLock(path), isFreeForOthers(path)];
    lock?.release();
    expect([...seen, isFreeForOthers(path)]).toEqual([null, false, true]);
  }));

test("a lock file is for its owner alone", () =>
  withFolder(async (dir) => {
    const path = join(dir, "a.lock");
    tryLock(path)?.release();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }));
