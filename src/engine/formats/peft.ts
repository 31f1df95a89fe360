import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Adapter, ModelConfig, Tensor } from "../model-config.ts";
import { adapterFault, adapterShapes, targetsOf } from "./adapter-shapes.ts";
import { brokenFile, unwritable } from "./file.ts";
import { readJson, writeJson } from "./json-file.ts";
import { peftConfigFor, peftConfigOf, type PeftConfig } from "./peft-config.ts";
import { readSafetensors, writeSafetensors, type SafetensorsDtype } from "./safetensors.ts";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";
const TENSOR = /^base_model\.model\.(.+)\.(?:(lora_[AB])\.weight|(lora_magnitude_vector)(?:\.weight)?)$/;

/** An adapter and the name of the base it was made for, as its folder says. */
export type PeftAdapter = { readonly adapter: Adapter; readonly baseModel: string | null };

/** Reads a folder that PEFT saved and checks it against the base it is to change. */
export async function loadPeftAdapter(dir: string, base: ModelConfig): Promise<PeftAdapter> {
  const config = peftConfigOf(await readJson(join(dir, CONFIG)));
  if (typeof config === "string") throw brokenFile(join(dir, CONFIG), config);
  const path = join(dir, WEIGHTS);
  const adapter = adapterOf(config, await readTensors(path));
  const fault = adapterFault(base, adapter);
  if (fault !== null) throw brokenFile(path, fault);
  const tensors = new Map<string, Tensor>();
  for (const name of adapterShapes(base, adapter).keys()) tensors.set(name, adapter.tensors.get(name)!); // All there: checked.
  return { adapter: { ...adapter, tensors }, baseModel: config.baseModel };
}

async function readTensors(path: string): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of await readSafetensors(path)) {
    const [, module, matrix, magnitude] = TENSOR.exec(name) ?? [];
    if (module === undefined)
      throw brokenFile(
        path,
        `tensor ${JSON.stringify(name)} is no lora_A, lora_B or lora_magnitude_vector of a linear module`,
      );
    tensors.set(`${module}.${matrix ?? magnitude}`, tensor);
  }
  return tensors;
}

function adapterOf({ kind, rank, alpha }: PeftConfig, tensors: Map<string, Tensor>): Adapter {
  const modules = [...tensors.keys()].map((name) => name.slice(0, name.lastIndexOf(".")));
  return { kind, rank, alpha, targets: targetsOf(modules), tensors };
}

/** Writes a folder that PEFT (and vLLM, which has no DoRA) loads onto the same base. */
export async function savePeftAdapter(
  dir: string,
  base: ModelConfig,
  adapter: Adapter,
  options: { readonly baseModel?: string; readonly dtype?: SafetensorsDtype } = {},
): Promise<void> {
  const fault = adapterFault(base, adapter);
  if (fault !== null) throw unwritable(dir, fault);
  await mkdir(dir, { recursive: true });
  const tensors = [...adapter.tensors].map(([name, tensor]) => [peftName(name), tensor] as const);
  await writeSafetensors(join(dir, WEIGHTS), new Map(tensors), { dtype: options.dtype });
  await writeJson(join(dir, CONFIG), peftConfigFor(adapter, options.baseModel ?? null));
}

// PEFT keeps the magnitude vector without `.weight`.
function peftName(name: string): string {
  return `${PREFIX}${name}${name.endsWith(".lora_magnitude_vector") ? "" : ".weight"}`;
}
