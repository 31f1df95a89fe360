import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  loadGguf,
  loadGgufAdapter,
  loadModelFolder,
  loadPeftAdapter,
  openModel,
  parseTokenizer,
  tokenizerFromGguf,
  type Adapter,
  type Weights,
} from "../../engine/index.ts";
import { packGenerative } from "../generative/artifact.ts";
import { openBase, type Base } from "../generative/base.ts";
import { exportBase, exportSpecialist, type ExportedSpecialist } from "./export.ts";
import { randomSpecialist, writeTinyBase } from "../generative/testing.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let base: Base;
beforeAll(async () => {
  const dir = join(folder, "base");
  mkdirSync(dir);
  await writeTinyBase(dir, 1);
  base = await openBase(dir);
});

const orderOf = (changes: Partial<ExportedSpecialist> & { rank?: number | null }): ExportedSpecialist => ({
  task: "weather",
  specialistId: "s1",
  certificate: null,
  artifact: packGenerative(randomSpecialist(base, changes.rank === undefined ? 4 : changes.rank)),
  form: "peft",
  dtype: "f16",
  dir: mkdtempSync(join(folder, "out-")),
  ...changes,
});

/** Log-probabilities of a few tokens: by adapter on the base, or by merged weights. */
async function scoresOf(weights: Weights, adapter?: Adapter): Promise<number[]> {
  const model = await openModel({ config: base.config, weights, precision: "f32" });
  const handle = adapter === undefined ? undefined : model.loadAdapter(adapter);
  const answer = base.tokenizer.encode('{"city":"Oslo"}');
  const prompt = [1, ...base.tokenizer.encode("weather in Oslo")];
  const scores = await model.score({ prompt, answer, ...(handle && { adapter: handle }) });
  await model.close();
  return [...scores];
}

async function farthest(one: Promise<number[]>, other: Promise<number[]>): Promise<number> {
  const [a, b] = await Promise.all([one, other]);
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, index) => Math.abs(value - b[index])));
}

const learnt = (): Adapter => {
  const { adapter, tensors } = randomSpecialist(base, 4);
  return { kind: "lora", ...adapter!, tensors };
};

test("exportSpecialist() writes an adapter that PEFT's reader takes back unchanged, with the name of its base", async () => {
  const order = orderOf({ form: "peft" });
  await exportSpecialist(order, base);
  const { adapter, baseModel } = await loadPeftAdapter(order.dir, base.config);
  expect(adapter.tensors).toEqual(learnt().tensors);
  expect([adapter.rank, adapter.alpha, baseModel]).toEqual([
    4,
    8,
    `understudy-base-${base.hash.slice(0, 8)}`,
  ]);
});

test("exportSpecialist() writes a LoRA file of llama.cpp that is read back unchanged", async () => {
  const order = orderOf({ form: "gguf" });
  await exportSpecialist(order, base);
  const adapter = await loadGgufAdapter(join(order.dir, "adapter.gguf"), base.config);
  expect(adapter.tensors).toEqual(learnt().tensors);
});

test("exportSpecialist() merges into a folder that scores as base and adapter do, with its tokenizer", async () => {
  const order = orderOf({ form: "merged-hf" });
  await exportSpecialist(order, base);
  const merged = await loadModelFolder(order.dir);
  // Float16 weights: 11 bits.
  expect(await farthest(scoresOf(merged.weights), scoresOf(base.weights, learnt()))).toBeLessThan(5e-3);
  expect(await farthest(scoresOf(merged.weights), scoresOf(base.weights))).toBeGreaterThan(5e-2);
  const read = (name: string): string => readFileSync(join(order.dir, name), "utf8");
  const files = { tokenizer: read("tokenizer.json"), config: read("tokenizer_config.json") };
  expect(parseTokenizer(files, "it").encode("Oslo")).toEqual(base.tokenizer.encode("Oslo"));
});

test.each([
  ["f16", 5e-3],
  ["q8_0", 5e-2],
] as const)(
  "exportSpecialist() merges into a GGUF file in %s, with its tokenizer",
  async (dtype, tolerance) => {
    const order = orderOf({ form: "merged-gguf", dtype });
    const { files } = await exportSpecialist(order, base);
    expect(files.map(({ name }) => name)).toEqual(["README.md", `model-${dtype}.gguf`]);
    const { weights, tokenizer } = await loadGguf(join(order.dir, `model-${dtype}.gguf`));
    expect(await farthest(scoresOf(weights), scoresOf(base.weights, learnt()))).toBeLessThan(tolerance);
    expect(tokenizerFromGguf(tokenizer!, "it").encode("Oslo")).toEqual(base.tokenizer.encode("Oslo"));
  },
);

test("exportSpecialist() writes all weights where all were trained, and no adapter of them", async () => {
  const order = orderOf({ form: "merged-hf", rank: null });
  await exportSpecialist(order, base);
  const { tensors } = randomSpecialist(base, null);
  expect(
    await farthest(scoresOf((await loadModelFolder(order.dir)).weights), scoresOf(tensors)),
  ).toBeLessThan(5e-3);
  await expect(exportSpecialist(orderOf({ form: "peft", rank: null }), base)).rejects.toThrow(
    'Cannot export "weather" as peft: all weights of this specialist were trained',
  );
});

test("exportSpecialist() says in README.md what the specialist reads and writes, and what is proven", async () => {
  const certificate = {
    policyHash: "p1",
    verdict: "certified",
    epsilon: 0.02,
    delta: 0.05,
    threshold: 0.5,
  };
  const order = orderOf({ certificate });
  await exportSpecialist(order, base);
  const readme = readFileSync(join(order.dir, "README.md"), "utf8");
  for (const part of ["| begin | `<bos>` | 1 |", "| end | `<eos>` | 2 |", "| a part by user | `<x1>` |"])
    expect(readme).toContain(part);
  expect(readme).toContain("`p1`: certified at epsilon 0.02");
  const [, grammar] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
  expect({ schema: JSON.parse(grammar) as unknown }).toEqual(randomSpecialist(base, 4).grammar);
});

test("exportSpecialist() leaves a folder alone that is not empty", async () => {
  const order = orderOf({});
  writeFileSync(join(order.dir, "mine.txt"), "");
  await expect(exportSpecialist(order, base)).rejects.toThrow("it is not empty; name a new folder");
});

test("exportBase() writes a base that is the same base again", async () => {
  const dir = join(folder, "exported");
  await exportBase(base, { dir, form: "hf", dtype: "f16" });
  // The tiny base is float32; once rounded to float16 it stays what it is.
  const again = join(folder, "again");
  await exportBase(await openBase(dir), { dir: again, form: "hf", dtype: "f16" });
  expect((await openBase(again)).hash).toBe((await openBase(dir)).hash);
});
