/** A decoder of the Llama family, as Hugging Face configurations describe it. */
export type ModelConfig = {
  readonly architecture: "llama" | "qwen2" | "qwen3";
  /** Rows of the embedding. */
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  /** Width inside the SwiGLU feed-forward block. */
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Key and value heads; divides `heads` (grouped-query attention). */
  readonly kvHeads: number;
  /** Width of one head; `heads × headSize` need not be `hiddenSize` (Qwen3). Even, for the rotary embedding. */
  readonly headSize: number;
  readonly ropeTheta: number;
  /** Llama 3 stretches low rotary frequencies; null without scaling. */
  readonly ropeScaling: RopeScaling | null;
  /** Added to the mean square inside RMSNorm. */
  readonly normEpsilon: number;
  /** Whether the output head is the embedding, transposed. */
  readonly tiedHead: boolean;
  /** Biases of q, k and v (Qwen2: always). */
  readonly attentionBias: boolean;
  /** RMSNorm on every query and key head before the rotary embedding (Qwen3: always). */
  readonly qkNorm: boolean;
  /** Longest sequence the model was made for, in tokens. */
  readonly contextSize: number;
  readonly bosTokenId: number | null;
  /** Any of these ends an answer. */
  readonly eosTokenIds: readonly number[];
};

/** Llama 3's rotary scaling (`rope_type: llama3`) and linear scaling. */
export type RopeScaling =
  | { readonly kind: "linear"; readonly factor: number }
  | {
      readonly kind: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContextSize: number;
    };

/** Row-major float32; `data.length` is the product of `shape`. */
export type Tensor = { readonly shape: readonly number[]; readonly data: Float32Array };

/**
 * Parameters under their Hugging Face names and in Hugging Face's layout: `model.layers.0.self_attn.q_proj.weight` is
 * [out, in], `model.embed_tokens.weight` is [vocabulary, hidden]. With a tied head there is no `lm_head.weight`.
 */
export type Weights = ReadonlyMap<string, Tensor>;

/**
 * A low-rank change to linear layers (LoRA, Hu et al. 2021; DoRA, Liu et al. 2024), in PEFT's terms.
 * Tensors are named by the module they change: `model.layers.0.self_attn.q_proj.lora_A` [rank, in], `….lora_B` [out, rank],
 * and with DoRA `….lora_magnitude_vector` [out]. The change is (alpha / rank) · B·A.
 */
export type Adapter = {
  readonly kind: "lora" | "dora";
  readonly rank: number;
  readonly alpha: number;
  /** Last names of the changed modules: `q_proj`, …, `down_proj`. */
  readonly targets: readonly string[];
  readonly tensors: Weights;
};

/** The linear modules of a layer that an adapter can change. */
export const LINEAR_MODULES = [
  "self_attn.q_proj",
  "self_attn.k_proj",
  "self_attn.v_proj",
  "self_attn.o_proj",
  "mlp.gate_proj",
  "mlp.up_proj",
  "mlp.down_proj",
] as const;

/** Every parameter of a model with its shape, in a fixed order: what a checkpoint must hold. */
export function parameterShapes(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const { hiddenSize: hidden, intermediateSize: inner, headSize, heads, kvHeads } = config;
  const shapes = new Map<string, readonly number[]>();
  shapes.set("model.embed_tokens.weight", [config.vocabularySize, hidden]);
  for (let layer = 0; layer < config.layers; layer += 1) {
    const put = (name: string, shape: readonly number[]): void =>
      void shapes.set(`model.layers.${layer}.${name}`, shape);
    put("input_layernorm.weight", [hidden]);
    put("self_attn.q_proj.weight", [heads * headSize, hidden]);
    put("self_attn.k_proj.weight", [kvHeads * headSize, hidden]);
    put("self_attn.v_proj.weight", [kvHeads * headSize, hidden]);
    if (config.attentionBias) {
      put("self_attn.q_proj.bias", [heads * headSize]);
      put("self_attn.k_proj.bias", [kvHeads * headSize]);
      put("self_attn.v_proj.bias", [kvHeads * headSize]);
    }
    if (config.qkNorm) {
      put("self_attn.q_norm.weight", [headSize]);
      put("self_attn.k_norm.weight", [headSize]);
    }
    put("self_attn.o_proj.weight", [hidden, heads * headSize]);
    put("post_attention_layernorm.weight", [hidden]);
    put("mlp.gate_proj.weight", [inner, hidden]);
    put("mlp.up_proj.weight", [inner, hidden]);
    put("mlp.down_proj.weight", [hidden, inner]);
  }
  shapes.set("model.norm.weight", [hidden]);
  if (!config.tiedHead) shapes.set("lm_head.weight", [config.vocabularySize, hidden]);
  return shapes;
}

/** Learnt numbers of a model. */
export function parameterCount(config: ModelConfig): number {
  let count = 0;
  for (const shape of parameterShapes(config).values()) count += sizeOf(shape);
  return count;
}

/** Elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
