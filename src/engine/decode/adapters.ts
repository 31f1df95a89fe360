import { HouseError } from "../../core/index.ts";
import { adapterFault } from "../formats/adapter-shapes.ts";
import { decodeF16, encodeF16 } from "../formats/half.ts";
import type { Adapter, ModelConfig, Tensor, Weights } from "../model-config.ts";
import type { Runtime, SessionTensor } from "../onnx/runtime.ts";
import type { AdapterInputs } from "./decoder.ts";
import type { Adapted } from "./feed.ts";
import type { AdapterHandle } from "./language-model.ts";
import { GROUP_NAMES, LINEAR_GROUPS, moduleRows, type LinearGroup } from "./linear-groups.ts";
import { numbers } from "./model-parts.ts";
import type { PrefixCache } from "./prefix-cache.ts";

/** The adapters of one model. */
export type Adapters = {
  load(adapter: Adapter): AdapterHandle;
  inputsOf(handle: AdapterHandle | undefined): Adapted;
};

type Base = { readonly config: ModelConfig; readonly weights: Weights; readonly runtime: Runtime };

const BASE_ALONE: Adapted = { id: 0, inputs: null };

export function openAdapters(base: Base, prefixes: PrefixCache): Adapters {
  const loaded = new Map<number, AdapterInputs>();
  let lastId = 0;
  return {
    load(adapter) {
      const fault = adapterFault(base.config, adapter);
      if (fault !== null) throw new HouseError("bad-input", `Cannot load the adapter: ${fault}`);
      const inputs = adapterInputs(base, adapter);
      lastId += 1;
      const id = lastId;
      loaded.set(id, inputs);
      const bytes = Object.values(inputs.feeds).reduce((total, tensor) => total + bytesOf(tensor), 0);
      const close = (): void => {
        loaded.delete(id);
        prefixes.drop(id);
      };
      return { id, bytes, close };
    },
    inputsOf(handle) {
      if (handle === undefined) return BASE_ALONE;
      const inputs = loaded.get(handle.id);
      if (inputs === undefined)
        throw new HouseError(
          "bad-usage",
          `Cannot use adapter ${handle.id}: it is closed, or of another model`,
        );
      return { id: handle.id, inputs };
    },
  };
}

/**
 * An adapter in the form of the inference graph: per layer and group, A transposed, and B · alpha / rank of each module transposed.
 * Held as float16 where that changes no number, as with adapters out of artifacts: a hundred of them lie in memory.
 */
export function adapterInputs({ config, weights, runtime }: Base, adapter: Adapter): AdapterInputs {
  const groups = GROUP_NAMES.filter((group) =>
    LINEAR_GROUPS[group].modules.some((module) => changes(adapter, module)),
  );
  const matrices = new Map<string, Tensor>();
  for (let layer = 0; layer < config.layers; layer += 1) {
    for (const group of groups) {
      const name = `adapter.${layer}.${group}`;
      for (const [key, matrix] of groupMatrices(config, adapter, layer, group))
        matrices.set(`${name}.${key}`, matrix);
    }
  }
  const number = [...matrices.values()].every(({ data }) => isHalf(data)) ? "float16" : "float32";
  const feeds: Record<string, SessionTensor> = {};
  for (const [name, { data, shape }] of matrices)
    feeds[name] = runtime.tensor(number, number === "float32" ? data : halvesOf(data), shape);
  if (adapter.kind === "dora") {
    for (let layer = 0; layer < config.layers; layer += 1) {
      for (const group of groups) {
        const scale = doraScale(weights, adapter, layer, group);
        feeds[`adapter.${layer}.${group}.scale`] = runtime.tensor("float32", scale, [scale.length]);
      }
    }
  }
  return { shape: { kind: adapter.kind, groups, number }, feeds };
}

// Adapters have two types of tensor.
const bytesOf = ({ size, type }: SessionTensor): number => size * (type === "float16" ? 2 : 4);

const changes = ({ targets }: Adapter, module: string): boolean =>
  targets.includes(module.slice(module.indexOf(".") + 1));

function halvesOf(data: Float32Array): Uint16Array {
  const halves = new Uint16Array(data.length);
  encodeF16(data, halves);
  return halves;
}

/** Whether every number is one of float16. */
function isHalf(data: Float32Array): boolean {
  const back = new Float32Array(data.length);
  decodeF16(halvesOf(data), back);
  return data.every((value, index) => value === back[index]);
}

/** `a` [inner, ranks] of a group, the modules' ranks side by side, and `b.N` [rank, rows] of each module; zeros for one left alone. */
function groupMatrices(
  config: ModelConfig,
  adapter: Adapter,
  layer: number,
  group: LinearGroup,
): [string, Tensor][] {
  const { rank } = adapter;
  const { inner } = LINEAR_GROUPS[group].sides(config);
  const { modules } = LINEAR_GROUPS[group];
  const ranks = rank * modules.length;
  const a = new Float32Array(inner * ranks);
  const scale = adapter.alpha / rank;
  const ups = modules.map((module, place): [string, Tensor] => {
    const rows = moduleRows(config, module);
    const b = new Float32Array(rank * rows);
    if (changes(adapter, module)) {
      const name = `model.layers.${layer}.${module}`;
      const down = numbers(adapter.tensors, `${name}.lora_A`);
      const up = numbers(adapter.tensors, `${name}.lora_B`);
      for (let index = 0; index < rank; index += 1) {
        for (let column = 0; column < inner; column += 1)
          a[column * ranks + place * rank + index] = down[index * inner + column];
        for (let row = 0; row < rows; row += 1) b[index * rows + row] = scale * up[row * rank + index];
      }
    }
    return [`b.${place}`, { shape: [rank, rows], data: b }];
  });
  return [["a", { shape: [inner, ranks], data: a }], ...ups];
}

/** DoRA's factor of each output: magnitude / ‖row of W + scale · B·A‖ (Liu et al. 2024, eq. 5); 1 for modules left alone. */
function doraScale(weights: Weights, adapter: Adapter, layer: number, group: LinearGroup): Float32Array {
  const { modules } = LINEAR_GROUPS[group];
  const rowSets = modules.map((module) => {
    const name = `model.layers.${layer}.${module}`;
    const weight = numbers(weights, `${name}.weight`);
    const [rows, inner] = weights.get(`${name}.weight`)?.shape ?? [0, 0];
    if (!changes(adapter, module)) return new Float32Array(rows).fill(1);
    return moduleScale(adapter, name, { weight, rows, inner });
  });
  const all = new Float32Array(rowSets.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const set of rowSets) {
    all.set(set, at);
    at += set.length;
  }
  return all;
}

function moduleScale(
  adapter: Adapter,
  name: string,
  { weight, rows, inner }: { readonly weight: Float32Array; readonly rows: number; readonly inner: number },
): Float32Array {
  const down = numbers(adapter.tensors, `${name}.lora_A`);
  const up = numbers(adapter.tensors, `${name}.lora_B`);
  const magnitude = numbers(adapter.tensors, `${name}.lora_magnitude_vector`);
  const factor = adapter.alpha / adapter.rank;
  const scale = new Float32Array(rows);
  const changed = new Float64Array(inner);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < inner; column += 1) changed[column] = weight[row * inner + column];
    for (let index = 0; index < adapter.rank; index += 1) {
      const part = factor * up[row * adapter.rank + index];
      for (let column = 0; column < inner; column += 1)
        changed[column] += part * down[index * inner + column];
    }
    let squares = 0;
    for (let column = 0; column < inner; column += 1) squares += changed[column] ** 2;
    // A row of zeros has no direction and stays zero.
    scale[row] = squares === 0 ? 0 : magnitude[row] / Math.sqrt(squares);
  }
  return scale;
}
