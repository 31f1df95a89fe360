// Hugging Face's names of the parts of a model, and llama.cpp's (gguf-py's tensor_mapping.py).
const WHOLE: readonly (readonly [huggingFace: string, gguf: string])[] = [
  ["model.embed_tokens", "token_embd"],
  ["model.norm", "output_norm"],
  ["lm_head", "output"],
];
const LAYER: readonly (readonly [huggingFace: string, gguf: string])[] = [
  ["input_layernorm", "attn_norm"],
  ["self_attn.q_proj", "attn_q"],
  ["self_attn.k_proj", "attn_k"],
  ["self_attn.v_proj", "attn_v"],
  ["self_attn.o_proj", "attn_output"],
  ["self_attn.q_norm", "attn_q_norm"],
  ["self_attn.k_norm", "attn_k_norm"],
  ["post_attention_layernorm", "ffn_norm"],
  ["mlp.gate_proj", "ffn_gate"],
  ["mlp.up_proj", "ffn_up"],
  ["mlp.down_proj", "ffn_down"],
];

/** `model.layers.3.mlp.up_proj` → `blk.3.ffn_up`; null for a module that a GGUF file has no name for. */
export function ggufModule(module: string): string | null {
  const [, layer, part] = /^model\.layers\.(\d+)\.(.+)$/.exec(module) ?? [];
  if (layer === undefined) return WHOLE.find(([name]) => name === module)?.[1] ?? null;
  const found = LAYER.find(([name]) => name === part);
  return found === undefined ? null : `blk.${layer}.${found[1]}`;
}

/** `blk.3.ffn_up` → `model.layers.3.mlp.up_proj`; null for a module that this engine does not have. */
export function huggingFaceModule(module: string): string | null {
  const [, layer, part] = /^blk\.(\d+)\.(.+)$/.exec(module) ?? [];
  if (layer === undefined) return WHOLE.find(([, name]) => name === module)?.[0] ?? null;
  const found = LAYER.find(([, name]) => name === part);
  return found === undefined ? null : `model.layers.${layer}.${found[0]}`;
}

/** The GGUF name of a parameter (`….weight`, `….bias`) of `parameterShapes`. */
export function ggufName(parameter: string): string {
  const dot = parameter.lastIndexOf(".");
  const module = ggufModule(parameter.slice(0, dot));
  if (module === null) throw new RangeError(`No GGUF name for the parameter ${JSON.stringify(parameter)}`);
  return `${module}${parameter.slice(dot)}`;
}
