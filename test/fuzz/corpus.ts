import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./requests.ts";

/** A valid request that mutations start from. */
export type Seed = { readonly name: string; readonly path: string; readonly body: unknown };

const FOLDER = join(import.meta.dirname, "corpus");

const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .toSorted();

/** The seeds of the corpus. */
export function readSeeds(): Seed[] {
  return filesIn(FOLDER).map((name) => {
    const { path, body } = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Omit<Seed, "name">;
    return { name, path, body };
  });
}

/** Cases that once failed: tried first in every run. */
export function readFound(): Case[] {
  const folder = join(FOLDER, "found");
  return filesIn(folder).map((name) => {
    const { bytes, ...rest } = JSON.parse(readFileSync(join(folder, name), "utf8")) as Omit<Case, "bytes"> & {
      bytes: string;
    };
    return { ...rest, name, bytes: Buffer.from(bytes, "latin1") };
  });
}

/** A case as a file of the corpus. */
export function asFile(one: Case): string {
  return `${JSON.stringify({ ...one, bytes: one.bytes.toString("latin1") }, null, 2)}\n`;
}
