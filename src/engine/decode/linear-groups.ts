import type { ModelConfig } from "../model-config.ts";

/** A layer's linear modules, joined where they read the same input: one product costs less than two or three. */
export type LinearGroup = "qkv" | "o" | "gateUp" | "down";

export type GroupLayout = {
  /** Modules in the order of their rows. */
  readonly modules: readonly string[];
  readonly sides: (config: ModelConfig) => { readonly outer: number; readonly inner: number };
};

const attentionWidth = ({ heads, headSize }: ModelConfig): number => heads * headSize;

export const LINEAR_GROUPS: Readonly<Record<LinearGroup, GroupLayout>> = {
  qkv: {
    modules: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    sides: (config) => ({
      outer: (config.heads + 2 * config.kvHeads) * config.headSize,
      inner: config.hiddenSize,
    }),
  },
  o: {
    modules: ["self_attn.o_proj"],
    sides: (config) => ({ outer: config.hiddenSize, inner: attentionWidth(config) }),
  },
  gateUp: {
    modules: ["mlp.gate_proj", "mlp.up_proj"],
    sides: (config) => ({ outer: 2 * config.intermediateSize, inner: config.hiddenSize }),
  },
  down: {
    modules: ["mlp.down_proj"],
    sides: (config) => ({ outer: config.hiddenSize, inner: config.intermediateSize }),
  },
};

export const GROUP_NAMES: readonly LinearGroup[] = ["qkv", "o", "gateUp", "down"];

/** What decides the graph an adapter needs: which products it changes, whether it scales their outputs (DoRA), and how its numbers are held. */
export type AdapterShape = {
  readonly kind: "lora" | "dora";
  readonly groups: readonly LinearGroup[];
  readonly number: "float32" | "float16";
};

/** Rows of a module: its part of the group's `outer`. */
export function moduleRows(
  { heads, kvHeads, headSize, hiddenSize, intermediateSize }: ModelConfig,
  module: string,
): number {
  if (module === "self_attn.q_proj") return heads * headSize;
  if (module === "self_attn.k_proj" || module === "self_attn.v_proj") return kvHeads * headSize;
  return module === "mlp.gate_proj" || module === "mlp.up_proj" ? intermediateSize : hiddenSize;
}
