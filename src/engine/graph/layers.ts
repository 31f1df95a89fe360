import type { ModelConfig } from "../model-config.ts";
import { attend } from "./attention.ts";
import { add, divide, multiply, scale, silu, sqrt, sumLast } from "./elementwise.ts";
import type { Graph, Value } from "./graph.ts";
import { linear } from "./matrix.ts";
import { rmsNorm } from "./normalize.ts";
import { rotate, type Rotation } from "./rotary.ts";
import { reshape, transpose } from "./shape.ts";

/** What every layer of a stack shares. */
export type Stack = {
  readonly graph: Graph;
  readonly config: ModelConfig;
  readonly batch: number;
  readonly length: number;
  /** Parameters by their Hugging Face names, an adapter's too. */
  readonly parameters: ReadonlyMap<string, Value>;
  readonly adapter: { readonly kind: "lora" | "dora"; readonly scale: number } | null;
  /** int64 [batch, length]. */
  readonly positions: Value;
  /** Added to the attention scores, [batch, 1, length, length]: 0 where a query may look, very negative where not. */
  readonly mask: Value;
  /** Whether the mask lets no query look ahead: what it forbids is not computed. */
  readonly isCausal: boolean;
  readonly rotation: Rotation;
};

/** One transformer block, pre-norm: x + attention(norm(x)), then x + SwiGLU(norm(x)). x: [batch × length, hidden]. */
export function block(stack: Stack, layer: number, x: Value): Value {
  const { graph, config } = stack;
  const prefix = `model.layers.${layer}`;
  const normed = (value: Value, name: string): Value =>
    rmsNorm(graph, value, parameter(stack, `${prefix}.${name}.weight`), config.normEpsilon);
  const attended = add(graph, x, attention(stack, `${prefix}.self_attn`, normed(x, "input_layernorm")));
  const inner = normed(attended, "post_attention_layernorm");
  const gate = silu(graph, project(stack, `${prefix}.mlp.gate_proj`, inner));
  const gated = multiply(graph, gate, project(stack, `${prefix}.mlp.up_proj`, inner));
  return add(graph, attended, project(stack, `${prefix}.mlp.down_proj`, gated));
}

/** Self-attention with its projections. x: [batch × length, hidden]. */
function attention(stack: Stack, prefix: string, x: Value): Value {
  const { graph, config, batch, length } = stack;
  const { heads, kvHeads, headSize } = config;
  const groups = heads / kvHeads;
  const query = rotated(stack, `${prefix}.q_`, project(stack, `${prefix}.q_proj`, x), heads);
  const key = rotated(stack, `${prefix}.k_`, project(stack, `${prefix}.k_proj`, x), kvHeads);
  const value = project(stack, `${prefix}.v_proj`, x);
  const byGroup = reshape(graph, query, [batch, length, kvHeads, groups, headSize]);
  const byHead = (rows: Value): Value =>
    reshape(graph, transpose(graph, reshape(graph, rows, [batch, length, kvHeads, headSize]), [0, 2, 1, 3]), [
      batch * kvHeads,
      length,
      headSize,
    ]);
  const parts = {
    queries: transpose(graph, byGroup, [0, 2, 3, 1, 4]),
    keys: byHead(key),
    values: byHead(value),
  };
  const mixed = attend(graph, parts, { mask: stack.mask, isCausal: stack.isCausal });
  const joined = reshape(graph, transpose(graph, mixed, [0, 3, 1, 2, 4]), [batch * length, heads * headSize]);
  return project(stack, `${prefix}.o_proj`, joined);
}

function rotated(stack: Stack, prefix: string, x: Value, heads: number): Value {
  const { graph, config, batch, length } = stack;
  const rows = config.qkNorm ? headNorm(stack, `${prefix}norm.weight`, x, heads) : x;
  const sequences = reshape(graph, rows, [batch, length, heads * config.headSize]);
  return rotate(graph, sequences, stack.positions, stack.rotation);
}

function headNorm({ graph, config, parameters }: Stack, name: string, x: Value, heads: number): Value {
  const weight = found(parameters, name);
  const perHead = reshape(graph, x, [x.shape[0] * heads, config.headSize]);
  return reshape(graph, rmsNorm(graph, perHead, weight, config.normEpsilon), x.shape);
}

/** A linear layer by its module's name, with its bias and its adapter where there are any. */
export function project(stack: Stack, module: string, x: Value): Value {
  const { graph, parameters, adapter } = stack;
  const weight = parameter(stack, `${module}.weight`);
  const bias = parameters.get(`${module}.bias`) ?? null;
  const down = parameters.get(`${module}.lora_A`);
  const up = parameters.get(`${module}.lora_B`);
  if (adapter === null || down === undefined || up === undefined) return linear(graph, x, weight, bias);
  const change = scale(graph, linear(graph, linear(graph, x, down), up), adapter.scale);
  if (adapter.kind === "lora") return add(graph, linear(graph, x, weight, bias), change);
  const directed = add(graph, linear(graph, x, weight), change);
  const y = multiply(graph, directed, magnitudes(stack, module, { weight, down, up }));
  return bias === null ? y : add(graph, y, bias);
}

type DoraParts = { readonly weight: Value; readonly down: Value; readonly up: Value };

/** DoRA (Liu et al. 2024, section 4.3): m / ‖W + s·B·A‖ per output row, the norm taken as a constant on the way back. */
function magnitudes(stack: Stack, module: string, { weight, down, up }: DoraParts): Value {
  const { graph, adapter } = stack;
  const fixed = (value: Value): Value => ({ ...value, isTracked: false });
  const [outer, inner] = weight.shape;
  const product = graph.node("MatMul", [up, down], [outer, inner]);
  const moved = add(graph, fixed(weight), scale(graph, product, adapter?.scale ?? 1));
  const norms = sqrt(graph, sumLast(graph, multiply(graph, moved, moved)));
  return divide(graph, parameter(stack, `${module}.lora_magnitude_vector`), norms);
}

/** A parameter by its Hugging Face name. Throws RangeError where the model has none. */
export function parameter({ parameters }: Stack, name: string): Value {
  return found(parameters, name);
}

function found(parameters: ReadonlyMap<string, Value>, name: string): Value {
  const value = parameters.get(name);
  if (value === undefined) throw new RangeError(`Cannot build the model: parameter ${name} is missing`);
  return value;
}
