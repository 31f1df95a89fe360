import type { Adapter, ModelConfig, Tensor } from "../model-config.ts";
import { adapterFault, adapterShapes, targetsOf } from "./adapter-shapes.ts";
import { brokenFile, unwritable } from "./file.ts";
import { numberAt, textAt } from "./gguf-config.ts";
import { withGguf, writeGguf, type GgufFile } from "./gguf-file.ts";
import type { GgufValue } from "./gguf-metadata.ts";
import { ggufModule, huggingFaceModule } from "./gguf-names.ts";
import { isRotated, toHalves, toNeighbours } from "./rotary-rows.ts";

const TENSOR = /^(.+)\.weight\.lora_([ab])$/;

/** Reads a LoRA file of llama.cpp and checks it against the base it is to change. */
export function loadGgufAdapter(path: string, base: ModelConfig): Promise<Adapter> {
  return withGguf(path, async (file) => {
    const alpha = alphaOf(file, base);
    const tensors = new Map<string, Tensor>();
    for (const name of file.tensors.keys()) {
      const [, module, side] = TENSOR.exec(name) ?? [];
      const ours = module === undefined ? null : huggingFaceModule(module);
      if (ours === null)
        throw brokenFile(path, `tensor ${JSON.stringify(name)} is no lora_a or lora_b of a linear module`);
      const key = `${ours}.lora_${side.toUpperCase()}`;
      tensors.set(key, fromFile(base, key, await file.read(name)));
    }
    return checked(path, base, { alpha, tensors });
  });
}

function alphaOf({ path, metadata }: GgufFile, base: ModelConfig): number {
  const type = `${textAt(metadata, "general.type")}/${textAt(metadata, "adapter.type")}`;
  if (type !== "adapter/lora") throw brokenFile(path, `its type is ${type}, expected adapter/lora`);
  const architecture = textAt(metadata, "general.architecture");
  if (architecture !== base.architecture)
    throw brokenFile(
      path,
      `it is for the architecture ${JSON.stringify(architecture)}, its base is ${base.architecture}`,
    );
  const alpha = numberAt(metadata, "adapter.lora.alpha");
  if (alpha === undefined) throw brokenFile(path, "it has no number adapter.lora.alpha");
  return alpha;
}

// Rows that cannot be whole heads stay as they are: the check of shapes refuses them by name.
function fromFile(base: ModelConfig, key: string, tensor: Tensor): Tensor {
  if (base.architecture !== "llama" || !isRotated(key) || tensor.shape[0] % base.headSize !== 0)
    return tensor;
  return { shape: tensor.shape, data: toHalves(tensor, base.headSize).data };
}

function checked(path: string, base: ModelConfig, read: Pick<Adapter, "alpha" | "tensors">): Adapter {
  const names = [...read.tensors.keys()];
  const targets = targetsOf(names.map((name) => name.slice(0, name.lastIndexOf("."))));
  const first = names.find((name) => name.endsWith(".lora_A"));
  const rank = first === undefined ? 0 : read.tensors.get(first)!.shape[0]; // A name of this map.
  const adapter: Adapter = { kind: "lora", rank, targets, ...read };
  const fault = adapterFault(base, adapter);
  if (fault !== null) throw brokenFile(path, fault);
  const ordered = [...adapterShapes(base, adapter).keys()].map(
    (name) => [name, read.tensors.get(name)!] as const,
  );
  return { ...adapter, tensors: new Map(ordered) };
}

/** Writes a LoRA file for llama.cpp. It knows no DoRA: merge such an adapter into its base instead. */
export async function saveGgufAdapter(
  path: string,
  base: ModelConfig,
  adapter: Adapter,
  options: { readonly dtype?: "f32" | "f16"; readonly name?: string } = {},
): Promise<void> {
  if (adapter.kind === "dora")
    throw unwritable(
      path,
      "llama.cpp has no DoRA adapters; merge it into the base and write the whole model",
    );
  const fault = adapterFault(base, adapter);
  if (fault !== null) throw unwritable(path, fault);
  const dtype = options.dtype ?? "f32";
  const metadata = new Map<string, GgufValue>([
    ["general.architecture", { type: "string", value: base.architecture }],
    ["general.type", { type: "string", value: "adapter" }],
    ["general.file_type", { type: "u32", value: dtype === "f32" ? 0 : 1 }],
    ["adapter.type", { type: "string", value: "lora" }],
    ["adapter.lora.alpha", { type: "f32", value: adapter.alpha }],
  ]);
  if (options.name !== undefined) metadata.set("general.name", { type: "string", value: options.name });
  await writeGguf(path, metadata, tensorsFor(base, adapter), () => dtype);
}

function tensorsFor(base: ModelConfig, adapter: Adapter): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of adapter.tensors) {
    const dot = name.lastIndexOf(".");
    const key = `${ggufModule(name.slice(0, dot))}.weight.${name.slice(dot + 1).toLowerCase()}`;
    const isMoved = base.architecture === "llama" && isRotated(name);
    tensors.set(key, isMoved ? toNeighbours(tensor, base.headSize) : tensor);
  }
  return tensors;
}
