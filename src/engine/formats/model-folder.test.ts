import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { parameterShapes, sizeOf, type ModelConfig, type Tensor } from "../model-config.ts";
import { loadModelFolder, saveModelFolder } from "./model-folder.ts";
import { writeSafetensors } from "./safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "formats-folder-"));
afterAll(() => rmSync(folder, { recursive: true }));

const config: ModelConfig = {
  architecture: "llama",
  vocabularySize: 6,
  hiddenSize: 4,
  intermediateSize: 5,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 2,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 16,
  bosTokenId: 0,
  eosTokenIds: [1],
};
const weights = new Map<string, Tensor>(
  [...parameterShapes(config)].map(([name, shape]) => [
    name,
    { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => i / 8) },
  ]),
);
const file = join(folder, "model.safetensors");

beforeEach(async () => {
  rmSync(join(folder, "model.safetensors.index.json"), { force: true });
  await saveModelFolder(folder, config, weights);
});

describe("loadModelFolder()", () => {
  test.each(["f32", "f16", "bf16"] as const)("reads what saveModelFolder() wrote in %s", async (dtype) => {
    await saveModelFolder(folder, config, weights, { dtype });
    expect(await loadModelFolder(folder)).toEqual({ config, weights });
  });
  test("passes over the copy of a tied head and old rotary buffers, as transformers does", async () => {
    const more = new Map(weights)
      .set("lm_head.weight", { shape: [6, 4], data: new Float32Array(24) })
      .set("model.layers.0.self_attn.rotary_emb.inv_freq", { shape: [1], data: new Float32Array(1) });
    await writeSafetensors(file, more);
    expect(await loadModelFolder(folder)).toEqual({ config, weights });
  });
  test("refuses a missing tensor by name", async () => {
    const fewer = new Map(weights);
    fewer.delete("model.norm.weight");
    await writeSafetensors(file, fewer);
    await expect(loadModelFolder(folder)).rejects.toThrow(
      /model.safetensors": tensor "model.norm.weight" is missing/,
    );
  });
  test("refuses a tensor too many by name", async () => {
    await writeSafetensors(file, new Map(weights).set("odd", { shape: [1], data: new Float32Array(1) }));
    await expect(loadModelFolder(folder)).rejects.toThrow(/tensor "odd" is not a part of this model/);
  });
  test("refuses a misshaped tensor by name", async () => {
    const other = { shape: [4, 6], data: new Float32Array(24) };
    await writeSafetensors(file, new Map(weights).set("model.embed_tokens.weight", other));
    await expect(loadModelFolder(folder)).rejects.toThrow(
      /"model.embed_tokens.weight" has the shape \[4, 6\], expected \[6, 4\]/,
    );
  });
  test("refuses a config that is no JSON", async () => {
    await writeFile(join(folder, "config.json"), "{");
    await expect(loadModelFolder(folder)).rejects.toThrow(/config.json": it is not JSON/);
  });
  test("says not-found for an empty folder", async () => {
    await expect(loadModelFolder(join(folder, "none"))).rejects.toMatchObject({ code: "not-found" });
  });
  test("refuses an index that reaches out of its folder", async () => {
    rmSync(file);
    const index = { weight_map: { "model.norm.weight": "../other.safetensors" } };
    await writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
    await expect(loadModelFolder(folder)).rejects.toThrow(/names the file "..\/other.safetensors"/);
  });
});

test("saveModelFolder() refuses weights that are not the model's, and writes nothing", async () => {
  const before = await readFile(file);
  const wrong = { ...config, tiedHead: false };
  await expect(saveModelFolder(folder, wrong, weights)).rejects.toThrow(
    /Cannot write .*"lm_head.weight" is missing/,
  );
  expect(await readFile(file)).toEqual(before);
});

test("saveModelFolder() refuses a llama with biases and says what it is", async () => {
  const wrong = { ...config, attentionBias: true };
  await expect(saveModelFolder(folder, wrong, weights)).rejects.toThrow(/is the architecture qwen2/);
});
