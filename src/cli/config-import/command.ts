import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { HouseError } from "../../core/index.ts";
import { printJson } from "../context.ts";
import { paint } from "../print.ts";
import { importConfig, MAX_CONFIG_BYTES } from "./import-config.ts";

type Flags = { readonly out?: string; readonly json?: boolean };

/** Adds `understudy config import FILE`. */
export function addConfigImport(root: Command): void {
  root
    .command("config")
    .description("configs of other gateways")
    .command("import")
    .argument("<file>", "a LiteLLM proxy's YAML, or a Portkey config in JSON")
    .description(
      "writes it as a config of ours and says what could not be taken over; secrets are never written",
    )
    .option("--out <file>", "write the config here instead of standard output; must not exist")
    .option("--json", "one JSON document on stdout: config, mapped, unmapped, environment")
    .action((file: string, flags: Flags) => configImport(file, flags, new Date()));
}

function configImport(path: string, flags: Flags, now: Date): void {
  const found = importConfig({ text: readConfig(path), path, today: now.toISOString().slice(0, 10) });
  const text = `${JSON.stringify(found.config, null, 2)}\n`;
  if (flags.out !== undefined) writeNew(flags.out, text);
  if (flags.json === true) {
    printJson(found);
    return;
  }
  if (flags.out === undefined) process.stdout.write(text);
  const note = (line: string): void => void process.stderr.write(`${line}\n`);
  note(
    paint(
      "bold",
      `from ${found.from}${flags.out === undefined ? "" : `, into ${flags.out}`}`,
      process.stderr,
    ),
  );
  for (const line of found.mapped) note(`  ${line}`);
  if (found.environment.length > 0) note(`  to be set: ${found.environment.join(", ")}`);
  if (found.unmapped.length === 0) return;
  note(paint("yellow", `not taken over (${found.unmapped.length}):`, process.stderr));
  for (const { at, why } of found.unmapped) note(`  ${at === "" ? "the config" : at}: ${why}`);
}

function readConfig(path: string): string {
  try {
    const { size } = statSync(path);
    if (size <= MAX_CONFIG_BYTES) return readFileSync(path, "utf8");
    throw new HouseError(
      "bad-input",
      `Cannot read "${path}": it has ${size} bytes, expected at most ${MAX_CONFIG_BYTES}`,
    );
  } catch (error) {
    if (error instanceof HouseError) throw error;
    const isMissing = (error as { code?: string }).code === "ENOENT";
    const what = isMissing ? "there is no such file" : (error as Error).message;
    throw new HouseError("bad-input", `Cannot read "${path}": ${what}`, { cause: error });
  }
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    const isThere = (error as { code?: string }).code === "EEXIST";
    const what = isThere ? "it is there already" : (error as Error).message;
    throw new HouseError("bad-usage", `Cannot write "${path}": ${what}`, { cause: error });
  }
}
