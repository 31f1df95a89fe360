import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TrainingExample } from "../../core/index.ts";
import { baseHashIn, packGenerative, unpackGenerative } from "./artifact.ts";
import { openBase, type Base } from "./base.ts";
import { adaptFor } from "./adapt-for.ts";
import { generativeOn } from "./family.ts";
import { adaptDefaults, fitGenerative } from "./fit.ts";
import { memoryBeside } from "./memory.ts";
import { loadGenerative } from "./specialist.ts";
import { randomSpecialist, writeTinyBase } from "./testing.ts";

const root = mkdtempSync(join(tmpdir(), "understudy-base-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A base with no marks of ours, as one from a hub. */
async function writeForeignBase(name: string, seed: number): Promise<string> {
  const folder = join(root, name);
  mkdirSync(folder);
  await writeTinyBase(folder, seed);
  const path = join(folder, "tokenizer.json");
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(/"<(sep|x\d+)>"/g, '"<|$1|>"'));
  return folder;
}

let folder: string;
let base: Base;
beforeAll(async () => {
  folder = await writeForeignBase("one", 1);
  base = await openBase(folder);
});

const examples = Array.from({ length: 30 }, (_, i): TrainingExample => {
  const city = ["Oslo", "Rome", "Lima"][i % 3];
  return {
    input: { parts: [{ role: "user", text: `weather in ${city} for ${i} days` }], tools: [] },
    answer: { type: "json", value: { city, days: i } },
  };
});

test("a base of another's make has marks in words, and ends answers as its tokenizer says", () => {
  const { marks, tokenizer } = base;
  expect([marks.begin, tokenizer.decode(marks.separator), marks.end]).toEqual([[1], "\n=> ", 2]);
  expect(tokenizer.decode(marks.roles.user)).toBe("\nUser: ");
});

test("a specialist fitted on a chosen base writes by its schema, and names that base", async () => {
  const quick = { ...adaptDefaults, passes: 1, rank: 2 };
  const artifact = await fitGenerative(base, examples, { seed: 1, threads: 0 }, quick);
  expect(unpackGenerative(artifact)).toMatchObject({ base: base.hash, adapter: { rank: 2 } });
  const specialist = await generativeOn(folder).load(artifact);
  const { answer } = await specialist.predict(examples[0].input);
  // Untrained, it may not come to an end: then it says so by an empty text.
  expect(answer.type === "json" ? Object.keys(Object(answer.value)) : answer).toEqual(
    answer.type === "json" ? ["city", "days"] : { type: "text", text: "" },
  );
  await specialist.close?.();
});

describe("generativeOn().load()", () => {
  test("says in one line which base is missing", async () => {
    const artifact = packGenerative(randomSpecialist(base, 2));
    const other = await writeForeignBase("two", 2);
    await expect(generativeOn(other).load(artifact)).rejects.toThrow(
      `Cannot load a generative specialist: its base ${base.hash} is not in "${other}"; give its folder with --base`,
    );
    await expect(generativeOn().load(artifact)).rejects.toThrow("is not the one shipped");
    await expect(loadGenerative(artifact, await openBase(other))).rejects.toThrow("train the task again");
  });
  test("says which folder is no base, and sees it once it is one", async () => {
    const artifact = packGenerative(randomSpecialist(base, 2));
    const later = join(root, "later");
    await expect(generativeOn(later).load(artifact)).rejects.toThrow("later");
    await writeForeignBase("later", 1);
    const specialist = await generativeOn(later).load(artifact);
    await specialist.close?.();
  });
});

test("startsFrom() of the family is what artifacts name", async () => {
  expect(await generativeOn(folder).startsFrom?.()).toBe(
    baseHashIn(packGenerative(randomSpecialist(base, 2))),
  );
});

describe("memoryBeside()", () => {
  test("refuses a base that does not fit, before it is read", async () => {
    await expect(memoryBeside(folder, { maxBytes: 1e6, threads: 2 })).rejects.toThrow(
      /^Cannot adapt the base in ".*one": its 0\.1M parameters take 0\.0 GB with 2 threads/,
    );
  });
  test("leaves what the base does not take", async () => {
    const { weights } = base;
    const bytes = [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(await memoryBeside(folder, { maxBytes: 1e9, threads: 2 })).toBe(1e9 - bytes);
    expect(await memoryBeside(folder, { threads: 2 })).toBeUndefined();
  });
});

test("a fit says what memory it takes, and is refused where there is less", async () => {
  const said: string[] = [];
  const options = {
    seed: 1,
    threads: 0,
    maxBytes: 1e6,
    progress: ({ stage, total, unit }: { stage: string; total: number | null; unit: string }): void =>
      void said.push(`${stage}: ${total} ${unit}`),
  };
  const fit = fitGenerative(base, examples, options, { ...adaptDefaults, passes: 1, rank: 2 });
  await expect(fit).rejects.toThrow(/needs about \d+ MB of memory, allowed are 1 MB/);
  expect(said.join()).toMatch(/^memory: \d+ MB of memory$/);
});

test("adaptFor() takes rank 16 on larger bases, and the defaults on those made here", () => {
  expect(adaptFor(base)).toBe(adaptDefaults);
  const larger = { ...base, config: { ...base.config, hiddenSize: 576, intermediateSize: 1536, layers: 30 } };
  expect(adaptFor(larger).rank).toBe(16);
});
