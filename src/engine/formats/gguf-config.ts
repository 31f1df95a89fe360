import type { ModelConfig, RopeScaling } from "../model-config.ts";
import { configFault } from "./check-config.ts";
import { brokenFile } from "./file.ts";
import type { GgufFile } from "./gguf-file.ts";
import type { GgufMetadata, GgufValue } from "./gguf-metadata.ts";
import { llama3Divisors } from "./rotary-rows.ts";

export const ROPE_DIVISORS = "rope_freqs.weight";

// GGUF keeps of Llama 3's scaling only its effect, the divisors. These keys of ours say it exactly; other readers pass them over.
const ORIGINAL_CONTEXT = "understudy.rope.original_context_length";
const LOW_FREQUENCY = "understudy.rope.low_freq_factor";
const HIGH_FREQUENCY = "understudy.rope.high_freq_factor";
const END_TOKENS = "understudy.eos_token_ids";
// All published Llama 3 models; what is assumed of a file without those keys, and then checked against its divisors.
const LLAMA3 = { originalContextSize: 8192, lowFrequencyFactor: 1, highFrequencyFactor: 4 };
// Divisors are float32 in the file, made from float32 frequencies.
const DIVISOR_TOLERANCE = 1e-3;

const ARCHITECTURES: readonly unknown[] = ["llama", "qwen2", "qwen3"];
// The places of end tokens in a GGUF file, in the order in which they are filled.
const END_KEYS = ["eos", "eot", "eom"].map((name) => `tokenizer.ggml.${name}_token_id`);

/** What the metadata and the tensors' names say of a model. */
export async function configOfGguf(file: GgufFile): Promise<ModelConfig> {
  const { metadata, tensors, path } = file;
  const fail = (what: string): Error => brokenFile(path, what);
  const type = textAt(metadata, "general.type") ?? "model";
  if (type !== "model") throw fail(`its general.type is ${JSON.stringify(type)}, expected a model`);
  const architecture = textAt(metadata, "general.architecture");
  if (!ARCHITECTURES.includes(architecture))
    throw fail(`its architecture is ${JSON.stringify(architecture)}, expected llama, qwen2 or qwen3`);
  if ((numberAt(metadata, "split.count") ?? 1) > 1)
    throw fail("it is one part of a split model, expected a whole one");
  if ((numberAt(metadata, `${architecture}.expert_count`) ?? 0) > 0)
    throw fail("it is a mixture of experts, which is not supported");
  const attentionBias = tensors.has("blk.0.attn_q.bias");
  const base: ModelConfig = {
    // A llama with biases on q, k and v computes what a qwen2 computes.
    architecture: (architecture === "llama" && attentionBias
      ? "qwen2"
      : architecture) as ModelConfig["architecture"],
    ...sizesOf(file, String(architecture)),
    ropeScaling: null,
    tiedHead: !tensors.has("output.weight"),
    attentionBias,
    qkNorm: tensors.has("blk.0.attn_q_norm.weight"),
    bosTokenId: numberAt(metadata, "tokenizer.ggml.bos_token_id") ?? null,
    eosTokenIds: endTokensOf(metadata),
  };
  const fault = configFault(base);
  if (fault !== null) throw fail(fault);
  return { ...base, ropeScaling: await scalingOf(file, String(architecture), base) };
}

type Sizes = Pick<
  ModelConfig,
  | "vocabularySize"
  | "hiddenSize"
  | "intermediateSize"
  | "layers"
  | "heads"
  | "kvHeads"
  | "headSize"
  | "ropeTheta"
  | "normEpsilon"
  | "contextSize"
>;

function sizesOf({ path, metadata, tensors }: GgufFile, architecture: string): Sizes {
  const optional = (key: string): number | undefined => numberAt(metadata, `${architecture}.${key}`);
  const need = (key: string): number => {
    const value = optional(key);
    if (value === undefined) throw brokenFile(path, `it has no number ${architecture}.${key}`);
    return value;
  };
  const heads = need("attention.head_count");
  const hiddenSize = need("embedding_length");
  const headSize = optional("attention.key_length") ?? hiddenSize / heads;
  for (const key of ["attention.value_length", "rope.dimension_count"])
    if ((optional(key) ?? headSize) !== headSize)
      throw brokenFile(
        path,
        `its ${architecture}.${key} is ${optional(key)}, expected the head size ${headSize}`,
      );
  if (metadata.get(`${architecture}.attention.head_count_kv`)?.type === "array")
    throw brokenFile(path, "its key-value heads differ from layer to layer, which is not supported");
  return {
    vocabularySize: tensors.get("token_embd.weight")?.shape[0] ?? need("vocab_size"),
    hiddenSize,
    intermediateSize: need("feed_forward_length"),
    layers: need("block_count"),
    heads,
    kvHeads: optional("attention.head_count_kv") ?? heads,
    headSize,
    ropeTheta: optional("rope.freq_base") ?? 10_000,
    normEpsilon: shortened(need("attention.layer_norm_rms_epsilon")),
    contextSize: need("context_length"),
  };
}

// 1e-5 comes back from float32 as 0.000009999999747378752: the shortest decimal with the same float32 is what was meant.
function shortened(value: number): number {
  for (let digits = 1; digits < 9; digits += 1) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(value)) return rounded;
  }
  return value;
}

function endTokensOf(metadata: GgufMetadata): readonly number[] {
  const ours = metadata.get(END_TOKENS);
  const ids = ours?.type === "array" ? ours.value : END_KEYS.map((key) => numberAt(metadata, key));
  return [...new Set(ids.filter((id) => typeof id === "number"))];
}

async function scalingOf(
  file: GgufFile,
  architecture: string,
  base: ModelConfig,
): Promise<RopeScaling | null> {
  const { metadata, path } = file;
  const kind = textAt(metadata, `${architecture}.rope.scaling.type`) ?? "none";
  if (file.tensors.has(ROPE_DIVISORS)) return llama3Of(file, base);
  const factor = numberAt(metadata, `${architecture}.rope.scaling.factor`) ?? 1;
  if (kind === "none" || (kind === "linear" && factor === 1)) return null;
  if (kind === "linear" && factor > 1) return { kind, factor: shortened(factor) };
  throw brokenFile(
    path,
    `its rotary scaling is ${JSON.stringify(kind)} with factor ${factor}, expected linear or llama3`,
  );
}

async function llama3Of(file: GgufFile, base: ModelConfig): Promise<RopeScaling> {
  const { data } = await file.read(ROPE_DIVISORS);
  const said = (key: string, other: number): number => numberAt(file.metadata, key) ?? other;
  const scaling: RopeScaling = {
    kind: "llama3",
    factor: data.reduce((most, divisor) => Math.max(most, divisor), 1),
    lowFrequencyFactor: said(LOW_FREQUENCY, LLAMA3.lowFrequencyFactor),
    highFrequencyFactor: said(HIGH_FREQUENCY, LLAMA3.highFrequencyFactor),
    originalContextSize: said(ORIGINAL_CONTEXT, LLAMA3.originalContextSize),
  };
  const config = { ...base, ropeScaling: scaling };
  const expected = configFault(config) === null ? llama3Divisors(config) : new Float32Array();
  const isThis =
    expected.length === data.length &&
    expected.every((divisor, i) => Math.abs(data[i] / divisor - 1) < DIVISOR_TOLERANCE);
  if (!isThis) throw brokenFile(file.path, `its ${ROPE_DIVISORS} is not Llama 3's rotary scaling`);
  return scaling;
}

/** The metadata of a model, without its tokenizer. A string says what GGUF or llama.cpp cannot express. */
export function metadataOfConfig(config: ModelConfig): Map<string, GgufValue> | string {
  const { architecture: arch, ropeScaling } = config;
  if (ropeScaling?.kind === "llama3" && arch !== "llama")
    return `the rotary scaling llama3 is known to llama.cpp for the architecture llama only, not for ${arch}`;
  if (arch === "qwen2" && config.heads * config.headSize !== config.hiddenSize)
    return `llama.cpp wants heads × head size to be the hidden size in a qwen2, here ${config.heads} × ${config.headSize} and ${config.hiddenSize}`;
  const u32 = (key: string, value: number): [string, GgufValue] => [`${arch}.${key}`, { type: "u32", value }];
  const f32 = (key: string, value: number): [string, GgufValue] => [`${arch}.${key}`, { type: "f32", value }];
  return new Map<string, GgufValue>([
    ["general.architecture", { type: "string", value: arch }],
    ["general.type", { type: "string", value: "model" }],
    u32("context_length", config.contextSize),
    u32("embedding_length", config.hiddenSize),
    u32("block_count", config.layers),
    u32("feed_forward_length", config.intermediateSize),
    u32("attention.head_count", config.heads),
    u32("attention.head_count_kv", config.kvHeads),
    u32("attention.key_length", config.headSize),
    u32("attention.value_length", config.headSize),
    u32("rope.dimension_count", config.headSize),
    u32("vocab_size", config.vocabularySize),
    f32("attention.layer_norm_rms_epsilon", config.normEpsilon),
    f32("rope.freq_base", config.ropeTheta),
    ...scalingKeys(arch, ropeScaling),
    ...tokenKeys(config),
  ]);
}

function scalingKeys(arch: string, scaling: RopeScaling | null): [string, GgufValue][] {
  if (scaling === null) return [];
  if (scaling.kind === "linear")
    return [
      [`${arch}.rope.scaling.type`, { type: "string", value: "linear" }],
      [`${arch}.rope.scaling.factor`, { type: "f32", value: scaling.factor }],
    ];
  return [
    [ORIGINAL_CONTEXT, { type: "f64", value: scaling.originalContextSize }],
    [LOW_FREQUENCY, { type: "f64", value: scaling.lowFrequencyFactor }],
    [HIGH_FREQUENCY, { type: "f64", value: scaling.highFrequencyFactor }],
  ];
}

function tokenKeys({ bosTokenId, eosTokenIds }: ModelConfig): [string, GgufValue][] {
  const keys: [string, GgufValue][] = [];
  if (bosTokenId !== null) keys.push(["tokenizer.ggml.bos_token_id", { type: "u32", value: bosTokenId }]);
  END_KEYS.slice(0, eosTokenIds.length).forEach((key, i) =>
    keys.push([key, { type: "u32", value: eosTokenIds[i] }]),
  );
  if (eosTokenIds.length > 1) keys.push([END_TOKENS, { type: "array", of: "u32", value: eosTokenIds }]);
  return keys;
}

/** A number of the metadata, or undefined. */
export function numberAt(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key)?.value;
  return typeof value === "number" ? value : undefined;
}

/** A text of the metadata, or undefined. */
export function textAt(metadata: GgufMetadata, key: string): string | undefined {
  const value = metadata.get(key)?.value;
  return typeof value === "string" ? value : undefined;
}
