import { describe, expect, test } from "vitest";
import { listModels, type ListFlags } from "./models.ts";
import { bytes } from "./print.ts";

type Listed = {
  readonly models: readonly { readonly id: string; readonly fitsAs?: string; readonly runsHere: boolean }[];
};
const listed = (flags: ListFlags): Listed["models"] =>
  (JSON.parse(listModels({ ...flags, json: true })) as Listed).models;

describe("listModels()", () => {
  test("with --fits leaves out what does not fit and says as what the rest does", () => {
    const fitting = new Map(listed({ fits: 4e9 }).map(({ id, fitsAs }) => [id, fitsAs]));
    expect(fitting.get("Qwen/Qwen3-0.6B")).toBe("f16");
    expect(fitting.get("Qwen/Qwen3-4B")).toBe("int4");
    expect(fitting.has("Qwen/Qwen3-8B")).toBe(false);
  });

  test("with --runs-here lists only what this engine runs", () => {
    const here = listed({ runsHere: true });
    expect(here.length).toBeGreaterThan(10);
    expect(here.every(({ runsHere }) => runsHere)).toBe(true);
  });

  test("prints a line per model with dashes for what is not known", () => {
    const lines = listModels({}).split("\n");
    expect(lines.find((line) => line.includes("Hymba"))).toMatch(
      /nvidia\/Hymba-1\.5B-Instruct \? +1\.5 B +– +3\.0 GB +1\.6 GB +844 MB +– +server/,
    );
    expect(lines.filter((line) => line.includes("null") || line.includes("NaN"))).toEqual([]);
  });

  test("names what is left out, and why", () => {
    expect(listModels({})).toMatch(/Not listed: RETRO.*Toolformer/);
  });
});

test.each([
  [null, "–"],
  [0, "0 B"],
  [999, "999 B"],
  [1_500, "1.5 kB"],
  [999_600_000, "1.0 GB"],
  [16_381_470_720, "16.4 GB"],
])("bytes(%s) is %s", (size, text) => expect(bytes(size)).toBe(text));
