import type { ModelConfig } from "../model-config.ts";
import { configFault } from "./check-config.ts";
import { ropeFields, ropeOf } from "./hf-rope.ts";
import { isRecord } from "./json-file.ts";

type Json = Readonly<Record<string, unknown>>;

const ARCHITECTURES: Readonly<Record<string, ModelConfig["architecture"]>> = {
  LlamaForCausalLM: "llama",
  MistralForCausalLM: "llama",
  Qwen2ForCausalLM: "qwen2",
  Qwen3ForCausalLM: "qwen3",
};

const CLASS_OF: Readonly<Record<ModelConfig["architecture"], string>> = {
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
};

/**
 * The configuration in a parsed `config.json`, with the end tokens of `generation_config.json` where there is one.
 * A string says, in one line, what this engine cannot run.
 */
export function configFromHuggingFace(json: unknown, generation: unknown = {}): ModelConfig | string {
  if (!isRecord(json)) return "it is not a JSON object";
  const architecture = architectureOf(json);
  if (!Object.hasOwn(CLASS_OF, architecture)) return architecture;
  const rope = ropeOf(json);
  if (typeof rope === "string") return rope;
  const fault = numbersFault(json) ?? foreignFault(json);
  if (fault !== null) return fault;
  const config: ModelConfig = {
    architecture: architecture as ModelConfig["architecture"], // Looked up in the table above.
    ...sizesOf(json),
    ...rope,
    tiedHead: json.tie_word_embeddings === true,
    attentionBias: architecture === "qwen2",
    qkNorm: architecture === "qwen3",
    bosTokenId: typeof json.bos_token_id === "number" ? json.bos_token_id : null,
    eosTokenIds: endTokens(isRecord(generation) ? generation : {}, json),
  };
  return configFault(config) ?? config;
}

function architectureOf(json: Json): string {
  const names: readonly unknown[] = Array.isArray(json.architectures) ? json.architectures : [];
  const known = names.find((name) => typeof name === "string" && Object.hasOwn(ARCHITECTURES, name));
  if (typeof known === "string") return ARCHITECTURES[known];
  const said = JSON.stringify(
    names.length === 1 ? names[0] : (json.architectures ?? json.model_type ?? null),
  );
  return `its architecture is ${said}, expected one of ${Object.keys(ARCHITECTURES).join(", ")}`;
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
  | "normEpsilon"
  | "contextSize"
>;

const REQUIRED = [
  "vocab_size",
  "hidden_size",
  "intermediate_size",
  "num_hidden_layers",
  "num_attention_heads",
  "max_position_embeddings",
];
// Absent or null means the value Transformers takes.
const OPTIONAL = ["num_key_value_heads", "head_dim", "rms_norm_eps"];

function numbersFault(json: Json): string | null {
  for (const name of REQUIRED)
    if (typeof json[name] !== "number")
      return `its ${name} is ${JSON.stringify(json[name])}, expected a number`;
  for (const name of OPTIONAL)
    if (typeof (json[name] ?? 0) !== "number")
      return `its ${name} is ${JSON.stringify(json[name])}, expected a number`;
  return null;
}

/** Only after `numbersFault`: every field read here is a number or absent. */
function sizesOf(json: Json): Sizes {
  const number = (name: string): number => json[name] as number;
  const heads = number("num_attention_heads");
  const hiddenSize = number("hidden_size");
  return {
    vocabularySize: number("vocab_size"),
    hiddenSize,
    intermediateSize: number("intermediate_size"),
    layers: number("num_hidden_layers"),
    heads,
    kvHeads: (json.num_key_value_heads ?? heads) as number,
    headSize: (json.head_dim ?? hiddenSize / heads) as number,
    normEpsilon: (json.rms_norm_eps ?? 1e-6) as number,
    contextSize: number("max_position_embeddings"),
  };
}

/** Parts of the same classes that this engine does not compute, each refused by its name. */
function foreignFault(json: Json): string | null {
  const act = json.hidden_act ?? "silu";
  if (act !== "silu") return `its hidden_act is ${JSON.stringify(act)}, expected silu`;
  const isQwen2 = architectureOf(json) === "qwen2";
  if (json.attention_bias === true && !isQwen2)
    return "it has attention_bias: biases also on o_proj, which are not supported";
  if (json.mlp_bias === true) return "it has mlp_bias: biases in the feed-forward block are not supported";
  if ((json.quantization_config ?? null) !== null)
    return "it is quantised (quantization_config), expected plain weights";
  const rotary = json.partial_rotary_factor ?? 1;
  if (rotary !== 1) return `its partial_rotary_factor is ${JSON.stringify(rotary)}, expected 1`;
  return slidingFault(json);
}

// A window no shorter than the context never cuts anything off; Qwen names a window and switches it off beside it.
function slidingFault(json: Json): string | null {
  const layerTypes: readonly unknown[] = Array.isArray(json.layer_types) ? json.layer_types : [];
  const other = layerTypes.find((type) => type !== "full_attention");
  if (other !== undefined) return `it has layers of type ${JSON.stringify(other)}, expected full_attention`;
  const window = json.sliding_window ?? null;
  if (window === null || json.use_sliding_window === false) return null;
  if (typeof window === "number" && window >= (json.max_position_embeddings as number)) return null;
  return `it has a sliding_window of ${JSON.stringify(window)}, which is not supported`;
}

function endTokens(generation: Json, json: Json): readonly number[] {
  const said = generation.eos_token_id ?? json.eos_token_id ?? [];
  const list: readonly unknown[] = Array.isArray(said) ? said : [said];
  return list.filter((id) => typeof id === "number");
}

/** `config.json` for Transformers 4 and 5. */
export function configToHuggingFace(
  config: ModelConfig,
  dtype: "f32" | "f16" | "bf16",
): Record<string, unknown> {
  const torchDtype = { f32: "float32", f16: "float16", bf16: "bfloat16" }[dtype];
  return {
    architectures: [CLASS_OF[config.architecture]],
    model_type: config.architecture,
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headSize,
    hidden_act: "silu",
    max_position_embeddings: config.contextSize,
    rms_norm_eps: config.normEpsilon,
    ...ropeFields(config),
    tie_word_embeddings: config.tiedHead,
    attention_bias: config.attentionBias,
    attention_dropout: 0,
    ...(config.architecture === "llama" ? { mlp_bias: false } : { use_sliding_window: false }),
    bos_token_id: config.bosTokenId,
    eos_token_id: oneOrList(config.eosTokenIds),
    torch_dtype: torchDtype,
    dtype: torchDtype,
    use_cache: true,
  };
}

/** `generation_config.json`. */
export function generationToHuggingFace(config: ModelConfig): Record<string, unknown> {
  return { bos_token_id: config.bosTokenId, eos_token_id: oneOrList(config.eosTokenIds) };
}

function oneOrList(ids: readonly number[]): number | readonly number[] | null {
  return ids.length > 1 ? ids : (ids[0] ?? null);
}
