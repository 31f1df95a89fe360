import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(resolve(import.meta.dirname, "..", path), "utf8");

type Package = {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
};

const manifest = JSON.parse(read("package.json")) as {
  dependencies: { [name: string]: string };
  optionalDependencies: { [name: string]: string };
  allowScripts: { [name: string]: boolean };
};
const lock = JSON.parse(read("package-lock.json")) as { packages: { [path: string]: Package } };
const installed = Object.entries(lock.packages).filter(([path]) => path !== "");

test("every package is locked with its checksum", () => {
  expect(installed.length).toBeGreaterThan(50);
  expect(
    installed.filter(([, { integrity }]) => !integrity?.startsWith("sha512-")).map(([path]) => path),
  ).toEqual([]);
});

test("no package runs a script when it is installed, unless package.json says so", () => {
  const scripts = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
  const undecided = scripts.filter((name) => manifest.allowScripts[name] === undefined);
  expect(undecided).toEqual([]);
  // The Node that runs everything, for those whose own is too old.
  expect(scripts.filter((name) => manifest.allowScripts[name])).toEqual(["node"]);
});

test("what is published depends on exact versions", () => {
  const all = Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies });
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});
