import type { ModelConfig } from "../model-config.ts";
import { graphWriter, type GraphWriter } from "./graph-writer.ts";
import type { LinearWeight, ModelParts } from "./model-parts.ts";
import { LINEAR_GROUPS, moduleRows, type AdapterShape, type LinearGroup } from "./linear-groups.ts";

// onnx.proto3, TensorProto.DataType.
const FLOAT = 1;

/**
 * The forward pass for inference, with sides decided at each run. Inputs: `embeddings` [batch, length, hidden];
 * `positions` int64 [batch, length]; `lastPositions` int32 [batch], the last of each row's; `totalLength` int32, the longest
 * row with this step; `places` int64 [outputs] into the flattened rows; per layer `past.N.key` and `past.N.value`
 * [batch, kvHeads, capacity, headSize]; and an adapter's matrices. Outputs: `logProbs` [outputs, vocabulary];
 * `hidden` [batch, length, hidden] after the last norm; `state` [batch, length, layers × 2 × kvHeads × headSize], the keys
 * and values of the new tokens, for the caller to append to the pasts.
 *
 * The attention's own output of past and present together is left unread: onnxruntime-node 1.30 copies every output it
 * hands back, also one written in place, which at 512 positions costs more than all products of a small model.
 */
export function inferenceModel(
  config: ModelConfig,
  parts: ModelParts,
  adapter: AdapterShape | null,
): Uint8Array {
  const graph = graphWriter();
  graph.input("embeddings", "float32", ["batch", "length", config.hiddenSize]);
  graph.input("positions", "int64", ["batch", "length"]);
  graph.input("lastPositions", "int32", ["batch"]);
  graph.input("totalLength", "int32", []);
  graph.input("places", "int64", ["outputs"]);
  graph.floats("cosines", [parts.positions, config.headSize / 2], parts.cosines);
  graph.floats("sines", [parts.positions, config.headSize / 2], parts.sines);
  const build: Build = { graph, config, parts, adapter, state: [] };
  const normed = norm(build, "embeddings", "model.layers.0.input_layernorm.weight");
  let stream: Residual = { normed, residual: "embeddings" };
  for (let layer = 0; layer < config.layers; layer += 1) stream = block(build, layer, stream);
  graph.output("hidden", stream.normed, ["batch", "length", config.hiddenSize]);
  const rows = graph.node({ op: "Reshape" }, [stream.normed, graph.integers([-1, config.hiddenSize])]);
  const picked = graph.node({ op: "Gather" }, [rows, "places"], { axis: 0 });
  const logits = matrixProduct(build, picked, "head", parts.head);
  const logProbs = graph.node({ op: "LogSoftmax" }, [logits], { axis: -1 });
  graph.output("logProbs", logProbs, ["outputs", config.vocabularySize]);
  const width = 2 * config.layers * config.kvHeads * config.headSize;
  graph.output("state", graph.node({ op: "Concat" }, build.state, { axis: -1 }), ["batch", "length", width]);
  return graph.build();
}

type Build = {
  readonly graph: GraphWriter;
  readonly config: ModelConfig;
  readonly parts: ModelParts;
  readonly adapter: AdapterShape | null;
  /** Keys and values of the new tokens, layer by layer. */
  readonly state: string[];
};

/** The stream of a decoder: the sum so far, and the same normed for the next step. */
type Residual = { readonly residual: string; readonly normed: string };

function block(build: Build, layer: number, { residual, normed }: Residual): Residual {
  const name = `model.layers.${layer}`;
  const isLast = layer + 1 === build.config.layers;
  const next = isLast ? "model.norm.weight" : `model.layers.${layer + 1}.input_layernorm.weight`;
  const mixed = linear(build, layer, "o", attention(build, layer, linear(build, layer, "qkv", normed)));
  const middle = addNorm(build, residual, mixed, `${name}.post_attention_layernorm.weight`);
  const inner = gated(build, linear(build, layer, "gateUp", middle.normed));
  return addNorm(build, middle.residual, linear(build, layer, "down", inner), next);
}

function attention(build: Build, layer: number, qkv: string): string {
  const { graph, config } = build;
  const sides = ["batch", config.kvHeads, "capacity", config.headSize];
  const past = [`past.${layer}.key`, `past.${layer}.value`];
  for (const name of past) graph.input(name, "float32", sides);
  const queries = config.heads * config.headSize;
  const keys = config.kvHeads * config.headSize;
  const [q, k, v] = graph.nodes({ op: "Split", outputs: 3 }, [qkv, graph.integers([queries, keys, keys])], {
    axis: -1,
  });
  const query = rotated(
    build,
    config.qkNorm ? normedHeads(build, q, config.heads, `${layer}.self_attn.q_norm`) : q,
  );
  const key = rotated(
    build,
    config.qkNorm ? normedHeads(build, k, config.kvHeads, `${layer}.self_attn.k_norm`) : k,
  );
  build.state.push(key, v);
  const [mixed] = graph.nodes(
    { op: "GroupQueryAttention", domain: "com.microsoft", outputs: 3 },
    [query, key, v, ...past, "lastPositions", "totalLength"],
    { num_heads: config.heads, kv_num_heads: config.kvHeads },
  );
  return mixed;
}

// The attention could rotate for itself, but hands rotated keys back only within the whole past, and only for heads of 16 · n.
function rotated({ graph }: Build, x: string): string {
  return graph.node(microsoft("RotaryEmbedding"), [x, "positions", "cosines", "sines"]);
}

/** Qwen3 norms every query and key head before they are rotated. */
function normedHeads(build: Build, value: string, heads: number, name: string): string {
  const { graph, config } = build;
  const apart = graph.node({ op: "Reshape" }, [value, graph.integers([0, 0, heads, config.headSize])]);
  const normed = norm(build, apart, `model.layers.${name}.weight`);
  return graph.node({ op: "Reshape" }, [normed, graph.integers([0, 0, heads * config.headSize])]);
}

/** SwiGLU: silu(gate) · up. */
function gated({ graph }: Build, gateUp: string): string {
  const [gate, up] = graph.nodes({ op: "Split", outputs: 2 }, [gateUp], { axis: -1, num_outputs: 2 });
  // QuickGelu is x · sigmoid(alpha · x): SiLU in one operator.
  const silu = graph.node(microsoft("QuickGelu"), [gate], { alpha: { float: 1 } });
  return graph.node({ op: "Mul" }, [silu, up]);
}

function norm({ graph, config, parts }: Build, x: string, weight: string): string {
  graph.floats(weight, [vector(parts, weight).length], vector(parts, weight));
  return graph.node({ op: "SimplifiedLayerNormalization" }, [x, weight], {
    axis: -1,
    epsilon: { float: config.normEpsilon },
  });
}

function addNorm({ graph, config, parts }: Build, x: string, added: string, weight: string): Residual {
  graph.floats(weight, [config.hiddenSize], vector(parts, weight));
  const [normed, , , residual] = graph.nodes(
    { op: "SkipSimplifiedLayerNormalization", domain: "com.microsoft", outputs: 4 },
    [x, added, weight],
    { epsilon: { float: config.normEpsilon } },
  );
  return { normed, residual };
}

function vector(parts: ModelParts, name: string): Float32Array {
  const found = parts.vectors.get(name);
  if (found === undefined) throw new RangeError(`Cannot build the model: it has no "${name}"`);
  return found;
}

/** One of a layer's four products, with its part of the adapter and its bias. */
function linear(build: Build, layer: number, group: LinearGroup, x: string): string {
  const { graph, parts, adapter, config } = build;
  const { outer } = LINEAR_GROUPS[group].sides(config);
  let y = matrixProduct(build, x, `${layer}.${group}`, parts.linears[layer][group]);
  if (adapter?.groups.includes(group) === true) {
    const name = `adapter.${layer}.${group}`;
    y = graph.node({ op: "Add" }, [y, change(build, x, name, { group, number: adapter.number })]);
    if (adapter.kind === "dora") {
      graph.input(`${name}.scale`, "float32", [outer]);
      y = graph.node({ op: "Mul" }, [y, `${name}.scale`]);
    }
  }
  const bias = parts.biases[layer][group];
  if (bias === undefined) return y;
  graph.floats(`${layer}.${group}.bias`, [outer], bias);
  return graph.node({ op: "Add" }, [y, `${layer}.${group}.bias`]);
}

/** x·A·B: A of the whole group, the modules' ranks side by side, then each module's B on its own part. */
function change(
  { graph, config }: Build,
  x: string,
  name: string,
  { group, number }: { readonly group: LinearGroup; readonly number: AdapterShape["number"] },
): string {
  const { modules, sides } = LINEAR_GROUPS[group];
  const matrix = (key: string, shape: readonly (number | string)[]): string => {
    graph.input(key, number, shape);
    // Products in float16 are slow on processors; widening an adapter costs less than a tenth of a token.
    return number === "float32" ? key : graph.node({ op: "Cast" }, [key], { to: FLOAT });
  };
  const low = graph.node({ op: "MatMul" }, [x, matrix(`${name}.a`, [sides(config).inner, `ranks.${group}`])]);
  const parts =
    modules.length === 1
      ? [low]
      : graph.nodes({ op: "Split", outputs: modules.length }, [low], {
          axis: -1,
          num_outputs: modules.length,
        });
  const changes = modules.map((module, index) => {
    const b = matrix(`${name}.b.${index}`, ["rank", moduleRows(config, module)]);
    return graph.node({ op: "MatMul" }, [parts[index], b]);
  });
  return changes.length === 1 ? changes[0] : graph.node({ op: "Concat" }, changes, { axis: -1 });
}

function matrixProduct({ graph }: Build, x: string, name: string, weight: LinearWeight): string {
  const { outer, inner } = weight;
  if (weight.kind === "float") {
    graph.floats(`${name}.weight`, [inner, outer], weight.transposed);
    return graph.node({ op: "MatMul" }, [x, `${name}.weight`]);
  }
  const { bits, block, values, scales } = weight;
  const blocks = Math.ceil(inner / block);
  graph.bytes(`${name}.quantized`, [outer, blocks, (block * bits) / 8], values);
  graph.floats(`${name}.scales`, [outer, blocks], scales);
  return graph.node(
    microsoft("MatMulNBits"),
    [x, `${name}.quantized`, `${name}.scales`],
    // Accuracy level 4: activations to int8 by blocks too, so that products run on the integer units.
    { K: inner, N: outer, bits, block_size: block, accuracy_level: 4 },
  );
}

// ONNX Runtime's own operators.
const microsoft = (op: string): { readonly op: string; readonly domain: "com.microsoft" } => ({
  op,
  domain: "com.microsoft",
});
