import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parameterShapes, type ModelConfig, type Weights } from "../model-config.ts";
import { loadGgufAdapter, saveGgufAdapter } from "./gguf-adapter.ts";
import { loadGguf, saveGguf } from "./gguf-model.ts";
import { configFromHuggingFace } from "./hf-config.ts";
import { loadModelFolder, saveModelFolder } from "./model-folder.ts";
import { loadPeftAdapter, savePeftAdapter } from "./peft.ts";

// Folders that transformers and PEFT saved; versions in test/golden/engine/versions.json.
const GOLDEN = resolve(import.meta.dirname, "../../../test/golden/engine");
const folder = mkdtempSync(join(tmpdir(), "formats-golden-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MODELS = ["llama", "llama-untied", "llama3-rope-scaling", "qwen2", "qwen3", "qwen3-untied"];

const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(GOLDEN, path), "utf8"));
const base = (name: string): Promise<{ config: ModelConfig; weights: Weights }> =>
  loadModelFolder(join(GOLDEN, name));

describe.each(MODELS)("the model %s of transformers", (name) => {
  test("loads, saves and loads to the same", async () => {
    const model = await base(name);
    const copy = join(folder, name);
    await saveModelFolder(copy, model.config, model.weights);
    expect(await loadModelFolder(copy)).toEqual(model);
  });
  test("goes through GGUF in f32 to the same", async () => {
    const model = await base(name);
    const path = join(folder, `${name}.gguf`);
    await saveGguf(path, { ...model, tokenizer: null });
    expect(await loadGguf(path)).toEqual({ ...model, tokenizer: null, chatTemplate: null });
  });
  test("has one meaning in the configurations of transformers 4 and 5", async () => {
    const before = configFromHuggingFace(await json(`${name}/config.transformers-4.json`));
    expect(before).toEqual(configFromHuggingFace(await json(`${name}/config.json`)));
  });
});

test("loadModelFolder() gives the tensors in the order of parameterShapes()", async () => {
  const { config, weights } = await base("qwen2");
  expect([...weights.keys()]).toEqual([...parameterShapes(config).keys()]);
});

test("loadModelFolder() reads shards as one model", async () => {
  expect(await base("llama-bf16-sharded")).toEqual(await base("llama-bf16"));
});

test("loadModelFolder() reads bfloat16 as the float32 weights, rounded", async () => {
  const rounded = (await base("llama-bf16")).weights.get("model.norm.weight")!.data;
  const exact = (await base("llama")).weights.get("model.norm.weight")!.data;
  const worst = exact.reduce((most, value, i) => Math.max(most, Math.abs(rounded[i] / value - 1)), 0);
  expect(worst).toBeLessThanOrEqual(2 ** -8);
});

test("configFromHuggingFace() reads linear rotary scaling", async () => {
  expect(configFromHuggingFace(await json("llama-linear-rope/config.json"))).toMatchObject({
    ropeScaling: { kind: "linear", factor: 4 },
  });
});

describe.each(["lora", "dora"] as const)("the %s adapter of PEFT", (kind) => {
  test("loads, saves and loads to the same", async () => {
    const { config } = await base("llama");
    const read = await loadPeftAdapter(join(GOLDEN, `peft-${kind}`), config);
    expect(read.adapter).toMatchObject({ kind, rank: 4, alpha: 8 });
    const copy = join(folder, kind);
    await savePeftAdapter(copy, config, read.adapter, { baseModel: "../llama" });
    expect(await loadPeftAdapter(copy, config)).toEqual(read);
  });
});

test("a LoRA adapter goes through GGUF to the same", async () => {
  const { config } = await base("llama");
  const { adapter } = await loadPeftAdapter(join(GOLDEN, "peft-lora"), config);
  const path = join(folder, "adapter.gguf");
  await saveGgufAdapter(path, config, adapter);
  expect(await loadGgufAdapter(path, config)).toEqual(adapter);
});

test("saveGgufAdapter() refuses DoRA aloud", async () => {
  const { config } = await base("llama");
  const { adapter } = await loadPeftAdapter(join(GOLDEN, "peft-dora"), config);
  await expect(saveGgufAdapter(join(folder, "dora.gguf"), config, adapter)).rejects.toThrow(/no DoRA/);
});
