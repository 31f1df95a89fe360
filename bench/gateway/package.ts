import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
/** Of the package's files: what a gateway needs. */
const COPIED = ["bin", "package.json"];
const LINKED = ["base", "node_modules"];

let made: string | null = null;

/** The program as it is published: compiled, in a folder of its own that goes when this process ends. Made once. */
export function builtProgram(): string {
  if (made === null) {
    const folder = mkdtempSync(join(tmpdir(), "understudy-package-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const args = [compiler, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
    execFileSync(process.execPath, args, { stdio: ["ignore", 2, 2] });
    for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    for (const name of LINKED)
      if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(folder, name));
    made = join(folder, "bin/understudy.js");
  }
  return made;
}
