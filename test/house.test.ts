import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

// The floors of the house: a room may import rooms of lower floors only, and only by their door.
const FLOORS: Record<string, number> = {
  core: 0,
  learn: 1,
  engine: 1,
  store: 1,
  guard: 1,
  models: 2,
  collect: 3,
  curate: 3,
  discover: 3,
  select: 3,
  train: 3,
  evaluate: 3,
  route: 3,
  refine: 3,
  "call.ts": 4,
  "loop.ts": 4,
  gateway: 5,
  agent: 5,
  cli: 6,
};
const MAX_LINES = 400;
const SRC = resolve(import.meta.dirname, "../src");
const IMPORT = /(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

const files = filesUnder(SRC).filter((file) => file.endsWith(".ts"));
const roomOf = (file: string): string =>
  relative(SRC, file)
    .split("/")[0]
    .replace(/\.test\.ts$/, ".ts");
const inTests = (file: string): boolean => file.endsWith(".test.ts");

function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

function breaches(file: string): string[] {
  const room = roomOf(file);
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(IMPORT)].flatMap(([, target]) => {
    const path = resolve(dirname(file), target);
    const other = roomOf(path);
    const line = `${relative(SRC, file)} -> ${relative(SRC, path)}`;
    // What is published is src alone.
    if (!path.startsWith(SRC)) return inTests(file) ? [] : [`${line}: out of src`];
    if (other === room) return [];
    if (FLOORS[other] === undefined) return [`${line}: unknown room`];
    if (FLOORS[other] >= FLOORS[room]) return [`${line}: upward or sideways`];
    const isDoor = other.endsWith(".ts") || relative(SRC, path) === `${other}/index.ts`;
    return isDoor || inTests(file) ? [] : [`${line}: past the door`];
  });
}

describe("the house", () => {
  test("every file stands in a known room", () => {
    expect(files.map(roomOf).filter((room) => FLOORS[room] === undefined)).toEqual([]);
  });
  test("imports go downward, by the door", () => {
    expect(files.flatMap(breaches)).toEqual([]);
  });
  test("no file is longer than the cap", () => {
    const long = files.filter((file) => readFileSync(file, "utf8").split("\n").length > MAX_LINES + 1);
    expect(long.map((file) => relative(SRC, file))).toEqual([]);
  });
});
