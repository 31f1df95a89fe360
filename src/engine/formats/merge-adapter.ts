import { HouseError } from "../../core/index.ts";
import type { Adapter, ModelConfig, Tensor, Weights } from "../model-config.ts";
import { adapterFault } from "./adapter-shapes.ts";

/**
 * The base with an adapter worked in. LoRA: W + (alpha / rank)·B·A. DoRA: each row o of that, times m[o] / ‖row o‖
 * (Liu et al. 2024, eq. 5). Unchanged tensors are the base's own, not copies. O(out·rank·in) per module, sums in float64.
 */
export function mergeAdapter(weights: Weights, adapter: Adapter, config: ModelConfig): Weights {
  const fault = adapterFault(config, adapter);
  if (fault !== null) throw new HouseError("bad-input", `Cannot merge the adapter: ${fault}`);
  const merged = new Map(weights);
  for (const [name, down] of adapter.tensors) {
    if (!name.endsWith(".lora_A")) continue;
    const module = name.slice(0, -".lora_A".length);
    const base = weights.get(`${module}.weight`);
    const up = adapter.tensors.get(`${module}.lora_B`);
    if (base === undefined || up === undefined)
      throw new HouseError("bad-input", `Cannot merge the adapter: the base has no ${module}.weight`);
    const magnitudes = adapter.tensors.get(`${module}.lora_magnitude_vector`) ?? null;
    merged.set(`${module}.weight`, mergeModule(base, { down, up, magnitudes }, adapter.alpha / adapter.rank));
  }
  return merged;
}

/** down: [rank, in]; up: [out, rank]; magnitudes: [out], null without DoRA. */
type ModuleChange = { readonly down: Tensor; readonly up: Tensor; readonly magnitudes: Tensor | null };

function mergeModule(base: Tensor, { down, up, magnitudes }: ModuleChange, scale: number): Tensor {
  const [rows, columns] = base.shape;
  const [rank] = down.shape;
  const data = new Float32Array(base.data.length);
  const row = new Float64Array(columns);
  for (let o = 0; o < rows; o += 1) {
    row.set(base.data.subarray(o * columns, (o + 1) * columns));
    for (let k = 0; k < rank; k += 1) addScaled(row, down.data, k * columns, scale * up.data[o * rank + k]);
    if (magnitudes !== null) setLength(row, magnitudes.data[o]);
    data.set(row, o * columns);
  }
  return { shape: base.shape, data };
}

function addScaled(row: Float64Array, source: Float32Array, from: number, factor: number): void {
  for (let i = 0; i < row.length; i += 1) row[i] += factor * source[from + i];
}

// A row of zeros has no direction and stays zero.
function setLength(row: Float64Array, length: number): void {
  let square = 0;
  for (const value of row) square += value * value;
  const factor = square === 0 ? 0 : length / Math.sqrt(square);
  for (let i = 0; i < row.length; i += 1) row[i] *= factor;
}
