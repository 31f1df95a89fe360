import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { HouseError, parseJson } from "../../core/index.ts";
import { brokenFile, writeWhole } from "./file.ts";

// The index of the largest models has a few thousand lines; a config has fifty.
const MAX_JSON_BYTES = 16 * 2 ** 20;

/** A JSON file, parsed. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  const value = parseJson(text);
  if (value === undefined) throw brokenFile(path, "it is not JSON");
  return value;
}

async function readText(path: string): Promise<string> {
  if (!existsSync(path))
    throw new HouseError("not-found", `Cannot read ${JSON.stringify(path)}: there is no such file`);
  const { size } = await stat(path);
  if (size > MAX_JSON_BYTES)
    throw brokenFile(path, `it has ${size} bytes, expected at most ${MAX_JSON_BYTES}`);
  return readFile(path, "utf8");
}

/** Writes a JSON file whole. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, (sink) => sink.write(Buffer.from(`${JSON.stringify(value, null, 2)}\n`, "utf8")));
}

/** Whether a parsed value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
