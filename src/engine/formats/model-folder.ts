import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parameterShapes, type ModelConfig, type Tensor, type Weights } from "../model-config.ts";
import { configFault } from "./check-config.ts";
import { shapesOf, weightsFault } from "./check-weights.ts";
import { brokenFile, unwritable } from "./file.ts";
import { configFromHuggingFace, configToHuggingFace, generationToHuggingFace } from "./hf-config.ts";
import { isRecord, readJson, writeJson } from "./json-file.ts";
import { withSafetensors, writeSafetensors, type SafetensorsDtype } from "./safetensors.ts";

const CONFIG = "config.json";
const GENERATION = "generation_config.json";
const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** A model in memory. */
export type Model = { readonly config: ModelConfig; readonly weights: Weights };

/** Reads a folder in Hugging Face's layout: config, end tokens, weights in one file or in shards. Every weight is checked. */
export async function loadModelFolder(dir: string): Promise<Model> {
  const config = await loadModelConfig(dir);
  // As Transformers chooses: one file, else shards.
  const isSharded = !existsSync(join(dir, WEIGHTS)) && existsSync(join(dir, INDEX));
  const where = join(dir, isSharded ? INDEX : WEIGHTS);
  const files = isSharded ? await shardsOf(dir) : [WEIGHTS];
  const shapes = new Map<string, readonly number[]>();
  for (const file of files)
    await withSafetensors(join(dir, file), async ({ tensors }) => {
      for (const [name, { shape }] of tensors) if (!isIgnored(config, name)) shapes.set(name, shape);
    });
  const fault = weightsFault(config, shapes);
  if (fault !== null) throw brokenFile(where, fault);
  return { config, weights: await readWeights(dir, files, config) };
}

/** The configuration of a folder, without its weights. */
export async function loadModelConfig(dir: string): Promise<ModelConfig> {
  const path = join(dir, CONFIG);
  const generationPath = join(dir, GENERATION);
  const generation = existsSync(generationPath) ? await readJson(generationPath) : {};
  const config = configFromHuggingFace(await readJson(path), generation);
  if (typeof config === "string") throw brokenFile(path, config);
  return config;
}

// Buffers that old versions of Transformers saved beside the weights, and the copy of a tied head: it ignores them too.
function isIgnored(config: ModelConfig, name: string): boolean {
  return name.endsWith(".rotary_emb.inv_freq") || (config.tiedHead && name === "lm_head.weight");
}

async function readWeights(dir: string, files: readonly string[], config: ModelConfig): Promise<Weights> {
  const weights = new Map<string, Tensor>();
  for (const file of files)
    await withSafetensors(join(dir, file), async ({ tensors, read }) => {
      for (const name of tensors.keys()) if (!isIgnored(config, name)) weights.set(name, await read(name));
    });
  // One order whatever the file's: sums over all parameters come out the same to the last bit. All are there: checked before.
  return new Map([...parameterShapes(config).keys()].map((name) => [name, weights.get(name)!] as const));
}

async function shardsOf(dir: string): Promise<readonly string[]> {
  const path = join(dir, INDEX);
  const json = await readJson(path);
  const map = isRecord(json) ? json.weight_map : undefined;
  if (!isRecord(map)) throw brokenFile(path, "it has no weight_map");
  const files = new Set<string>();
  for (const file of Object.values(map)) {
    // A plain name only: an index must not reach out of its folder.
    if (typeof file !== "string" || !/^[\w.-]+\.safetensors$/.test(file))
      throw brokenFile(
        path,
        `its weight_map names the file ${JSON.stringify(file)}, expected a .safetensors beside it`,
      );
    files.add(file);
  }
  return [...files].sort();
}

/** Writes a folder that Transformers, vLLM and this engine read. The tokenizer's files are the caller's. */
export async function saveModelFolder(
  dir: string,
  config: ModelConfig,
  weights: Weights,
  options: { readonly dtype?: SafetensorsDtype } = {},
): Promise<void> {
  const fault = configFault(config) ?? weightsFault(config, shapesOf(weights));
  if (fault !== null) throw unwritable(dir, fault);
  const dtype = options.dtype ?? "f32";
  await mkdir(dir, { recursive: true });
  await writeSafetensors(join(dir, WEIGHTS), weights, { dtype });
  await writeJson(join(dir, GENERATION), generationToHuggingFace(config));
  await writeJson(join(dir, CONFIG), configToHuggingFace(config, dtype));
}
