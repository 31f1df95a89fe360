import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { sizeOf, type Adapter, type ModelConfig, type Tensor } from "../model-config.ts";
import { adapterShapes } from "./adapter-shapes.ts";
import { loadGgufAdapter, saveGgufAdapter } from "./gguf-adapter.ts";
import { loadPeftAdapter, savePeftAdapter } from "./peft.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "formats-adapters-"));
afterAll(() => rmSync(folder, { recursive: true }));
const weightsFile = join(folder, "adapter_model.safetensors");
const gguf = join(folder, "adapter.gguf");

const base: ModelConfig = {
  architecture: "qwen3",
  vocabularySize: 3,
  hiddenSize: 4,
  intermediateSize: 5,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-6,
  tiedHead: true,
  attentionBias: false,
  qkNorm: true,
  contextSize: 8,
  bosTokenId: null,
  eosTokenIds: [],
};
const outline = { kind: "lora", rank: 2, alpha: 4, targets: ["q_proj", "down_proj"] } as const;
const lora: Adapter = {
  ...outline,
  tensors: new Map<string, Tensor>(
    [...adapterShapes(base, outline)].map(([name, shape]) => [
      name,
      { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => i) },
    ]),
  ),
};
const LAST_B = "model.layers.1.mlp.down_proj.lora_B";

/** The folder's tensors, changed and written again. */
async function respoil(change: (tensors: Map<string, Tensor>) => void): Promise<void> {
  const tensors = new Map(await readSafetensors(weightsFile));
  change(tensors);
  await writeSafetensors(weightsFile, tensors);
}

beforeEach(async () => {
  await savePeftAdapter(folder, base, lora);
  await saveGgufAdapter(gguf, base, lora, { name: "tiny" });
});

describe("loadPeftAdapter()", () => {
  test("reads an adapter of some modules, wider than the hidden size", async () => {
    expect(await loadPeftAdapter(folder, base)).toEqual({ adapter: lora, baseModel: null });
  });
  test("refuses a half of a pair by name", async () => {
    await respoil((tensors) => tensors.delete(`base_model.model.${LAST_B}.weight`));
    await expect(loadPeftAdapter(folder, base)).rejects.toThrow(
      /"model.layers.1.mlp.down_proj.lora_B" is missing/,
    );
  });
  test("refuses a tensor that is no part of LoRA on linear modules", async () => {
    const name = "base_model.model.model.embed_tokens.lora_embedding_A";
    await respoil((tensors) => tensors.set(name, { shape: [1], data: new Float32Array(1) }));
    await expect(loadPeftAdapter(folder, base)).rejects.toThrow(
      /embed_tokens.lora_embedding_A" is no lora_A/,
    );
  });
  test("refuses an adapter of the head, which this engine does not change", async () => {
    const name = "base_model.model.lm_head.lora_A.weight";
    await respoil((tensors) => tensors.set(name, { shape: [2, 4], data: new Float32Array(8) }));
    await expect(loadPeftAdapter(folder, base)).rejects.toThrow(
      /changes the module "lm_head", expected some of q_proj/,
    );
  });
  test("refuses an adapter made for another base, by tensor and shape", async () => {
    const wider = { ...base, hiddenSize: 8 };
    await expect(loadPeftAdapter(folder, wider)).rejects.toThrow(
      /q_proj.lora_A" has the shape \[2, 4\], expected \[2, 8\]/,
    );
  });
});

describe("loadGgufAdapter()", () => {
  test("reads what saveGgufAdapter() wrote", async () => {
    expect(await loadGgufAdapter(gguf, base)).toEqual(lora);
  });
  test("reads float16 rounded once", async () => {
    await saveGgufAdapter(gguf, base, lora, { dtype: "f16" });
    expect(await loadGgufAdapter(gguf, base)).toEqual(lora);
  });
  test("refuses an adapter of another architecture", async () => {
    const llama: ModelConfig = { ...base, architecture: "llama", qkNorm: false };
    await expect(loadGgufAdapter(gguf, llama)).rejects.toThrow(
      /is for the architecture "qwen3", its base is llama/,
    );
  });
  test("refuses an adapter that leaves out a layer of its base", async () => {
    await expect(loadGgufAdapter(gguf, { ...base, layers: 3 })).rejects.toThrow(
      /"model.layers.2.self_attn.q_proj.lora_A" is missing/,
    );
  });
});
