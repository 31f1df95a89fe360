import { rotationTables } from "../graph/rotary.ts";
import type { ModelConfig, Weights } from "../model-config.ts";
import { GROUP_NAMES, LINEAR_GROUPS, type LinearGroup } from "./linear-groups.ts";
import { dequantize, quantize, type Quantized } from "./quantize.ts";

export type Precision = "f32" | "int8" | "int4";

/** The matrix of one product: as it is, transposed to [inner, outer]; or quantised. */
export type LinearWeight =
  | {
      readonly kind: "float";
      readonly outer: number;
      readonly inner: number;
      readonly transposed: Float32Array;
    }
  | ({ readonly kind: "quantized"; readonly outer: number; readonly inner: number } & Quantized);

/** A model's numbers in the form that the inference graph takes. */
export type ModelParts = {
  readonly linears: readonly Readonly<Record<LinearGroup, LinearWeight>>[];
  readonly biases: readonly Readonly<Partial<Record<LinearGroup, Float32Array>>>[];
  /** Weights of the norms, by their names. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  readonly head: LinearWeight;
  /** Rows of the rotation tables: no sequence can be longer. */
  readonly positions: number;
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
};

// 32 is the block of every quantised format in use (GGUF's Q8_0 and Q4_0).
export const BLOCK = 32;

export type PartsOptions = {
  readonly precision: Precision;
  /** Rows of the rotation tables. */
  readonly positions: number;
  /**
   * `integer`: quantised weights are multiplied as they are. `float`: as the numbers they stand for, where the runtime has no
   * fast product for them (WebAssembly unpacks the whole matrix at each step: 10 ms instead of 1.6 ms at 5M parameters).
   */
  readonly products: "integer" | "float";
};

export function modelParts(config: ModelConfig, weights: Weights, options: PartsOptions): ModelParts {
  const layers = Array.from({ length: config.layers }, (_, layer) => layer);
  const { positions } = options;
  return {
    linears: layers.map((layer) =>
      groupsOf((group) => groupWeight(config, weights, { layer, group, options })),
    ),
    biases: layers.map((layer) =>
      config.attentionBias ? { qkv: joined(weights, layer, "qkv", "bias") } : {},
    ),
    vectors: new Map(
      [...weights].filter(([name]) => name.includes("norm")).map(([name, { data }]) => [name, data]),
    ),
    head: headWeight(config, weights, options),
    positions,
    ...rotationTables(config, positions),
  };
}

/** The rows of a layer's modules of one group, one after another: [outer, inner], or its biases. */
export function joined(
  weights: Weights,
  layer: number,
  group: LinearGroup,
  kind: "weight" | "bias",
): Float32Array {
  const { modules } = LINEAR_GROUPS[group];
  const tensors = modules.map((module) => numbers(weights, `model.layers.${layer}.${module}.${kind}`));
  if (tensors.length === 1) return tensors[0];
  const all = new Float32Array(tensors.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const data of tensors) {
    all.set(data, at);
    at += data.length;
  }
  return all;
}

export function numbers(weights: Weights, name: string): Float32Array {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new RangeError(`Cannot open the model: it has no tensor "${name}"`);
  return tensor.data;
}

function groupsOf(make: (group: LinearGroup) => LinearWeight): Readonly<Record<LinearGroup, LinearWeight>> {
  const [qkv, o, gateUp, down] = GROUP_NAMES.map(make);
  return { qkv, o, gateUp, down };
}

function groupWeight(
  config: ModelConfig,
  weights: Weights,
  {
    layer,
    group,
    options,
  }: { readonly layer: number; readonly group: LinearGroup; readonly options: PartsOptions },
): LinearWeight {
  const sides = LINEAR_GROUPS[group].sides(config);
  return linearWeight(joined(weights, layer, group, "weight"), sides, options);
}

function headWeight(config: ModelConfig, weights: Weights, options: PartsOptions): LinearWeight {
  const name = config.tiedHead ? "model.embed_tokens.weight" : "lm_head.weight";
  const sides = { outer: config.vocabularySize, inner: config.hiddenSize };
  // The head decides between words that are close: it stays at 8 bits, as in llama.cpp's 4-bit models.
  const precision = options.precision === "int4" ? "int8" : options.precision;
  return linearWeight(numbers(weights, name), sides, { ...options, precision });
}

function linearWeight(
  data: Float32Array,
  { outer, inner }: { readonly outer: number; readonly inner: number },
  { precision, products }: PartsOptions,
): LinearWeight {
  const float = (weight: Float32Array): LinearWeight => ({
    kind: "float",
    outer,
    inner,
    transposed: transpose(weight, outer, inner),
  });
  if (precision === "f32") return float(data);
  const quantized = quantize(data, outer, inner, { bits: precision === "int8" ? 8 : 4, block: BLOCK });
  if (products === "float") return float(dequantize(quantized, outer, inner));
  return { kind: "quantized", outer, inner, ...quantized };
}

/** [rows, columns] to [columns, rows]. */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1)
      turned[column * rows + row] = data[row * columns + column];
  }
  return turned;
}
