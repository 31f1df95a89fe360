import { sizeOf } from "../model-config.ts";
import {
  writeOnnx,
  type ElementType,
  type OnnxAttribute,
  type OnnxInitializer,
  type OnnxNode,
  type OnnxValue,
} from "../onnx/model-proto.ts";

/** A value of a graph under construction: shapes are known while building, numbers only while running. */
export type Value = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** Whether a gradient may be asked through it. */
  readonly isTracked: boolean;
};

/** The gradient of one input: dy is the gradient of the output; `into`, where given, is to be added to. */
type Gradient = (dy: Value, into: Value | null) => Value;

type TapeEntry = {
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** One per input; null where none flows (indices, constants). */
  readonly gradients: readonly (Gradient | null)[];
};

/** Of an ONNX operator: attributes, the domain it comes from ("" is ONNX), and the type of its outputs (float32). */
export type NodeOptions = {
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly domain?: "" | "com.microsoft";
  readonly type?: ElementType;
};

/** An ONNX graph under construction, with the tape that reverse-mode differentiation runs backwards over. */
export type Graph = {
  /** A value handed in at each run. Trainable ones are tracked. */
  input(name: string, shape: readonly number[], options?: { type?: ElementType; isTracked?: boolean }): Value;
  /** A float constant; equal constants are kept once. */
  constant(data: readonly number[], shape?: readonly number[]): Value;
  /** An int64 constant: shapes and axes. */
  integers(data: readonly number[]): Value;
  /** One ONNX operator, with no gradient. */
  node(op: string, inputs: readonly (Value | null)[], shape: readonly number[], options?: NodeOptions): Value;
  /** One ONNX operator with several outputs, with no gradient. */
  nodes(
    op: string,
    inputs: readonly (Value | null)[],
    shapes: readonly (readonly number[])[],
    options?: NodeOptions,
  ): Value[];
  /** The value again, as something differentiable: `gradients` has one entry per input. */
  differentiable(value: Value, inputs: readonly Value[], gradients: readonly (Gradient | null)[]): Value;
  /** The tape so far, oldest first. */
  readonly tape: readonly TapeEntry[];
  /** The model with the values under the names they are to be read by. */
  build(outputs: Readonly<Record<string, Value>>): Uint8Array;
};

/** An empty graph. */
export function createGraph(): Graph {
  const nodes: OnnxNode[] = [];
  const inputs: OnnxValue[] = [];
  const initializers = new Map<string, OnnxInitializer>();
  const tape: TapeEntry[] = [];
  let names = 0;

  const outputsOf = (
    op: string,
    operands: readonly (Value | null)[],
    shapes: readonly (readonly number[])[],
    { attributes = {}, domain = "", type = "float32" }: NodeOptions = {},
  ): Value[] => {
    const outputs = shapes.map((shape) => ({ name: `v${names++}`, shape, type, isTracked: false }));
    nodes.push({
      op,
      domain,
      inputs: operands.map((value) => value?.name ?? ""),
      outputs: outputs.map(({ name }) => name),
      attributes,
    });
    return outputs;
  };
  const initializer = (
    type: ElementType,
    shape: readonly number[],
    data: Float32Array | BigInt64Array,
  ): Value => {
    const name = `c:${type}:${shape.join("x")}:${data.join(",")}`;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (!initializers.has(name)) initializers.set(name, { name, type, shape, bytes });
    return { name, shape, type, isTracked: false };
  };

  return {
    tape,
    input(name, shape, { type = "float32", isTracked = false } = {}) {
      inputs.push({ name, type, shape });
      return { name, shape, type, isTracked };
    },
    constant: (data, shape = []) => initializer("float32", shape, Float32Array.from(data)),
    integers: (data) => initializer("int64", [data.length], BigInt64Array.from(data, BigInt)),
    node: (op, operands, shape, options) => outputsOf(op, operands, [shape], options)[0],
    nodes: outputsOf,
    differentiable(value, operands, gradients) {
      if (!operands.some(({ isTracked }) => isTracked)) return value;
      const output = { ...value, isTracked: true };
      tape.push({ inputs: operands, output, gradients });
      return output;
    },
    build(outputs) {
      const named = Object.entries(outputs).map(([name, value]) => {
        nodes.push({ op: "Identity", domain: "", inputs: [value.name], outputs: [name], attributes: {} });
        return { name, type: value.type, shape: value.shape };
      });
      return writeOnnx({ nodes, inputs, outputs: named, initializers: [...initializers.values()] });
    },
  };
}

/**
 * Reverse-mode differentiation: extends the graph by the gradients of a scalar with regard to the values, in their order.
 * Exact, not numerical; memory is that of all intermediate values. A value the scalar does not depend on gets zeros.
 */
export function gradientsOf(graph: Graph, scalar: Value, wanted: readonly Value[]): Value[] {
  if (sizeOf(scalar.shape) !== 1)
    throw new RangeError(`Cannot differentiate shape [${scalar.shape.join()}]: needs a scalar`);
  const found = new Map<string, Value>([[scalar.name, graph.constant([1], scalar.shape)]]);
  for (const { inputs, output, gradients } of graph.tape.toReversed()) {
    const dy = found.get(output.name);
    if (dy === undefined) continue;
    inputs.forEach((input, index) => {
      const gradient = gradients[index];
      if (!input.isTracked || gradient === null) return;
      const before = found.get(input.name) ?? null;
      found.set(input.name, addedTo(graph, gradient, dy, before));
    });
  }
  return wanted.map(
    ({ name, shape }) => found.get(name) ?? graph.node("ConstantOfShape", [graph.integers(shape)], shape),
  );
}

function addedTo(graph: Graph, gradient: Gradient, dy: Value, into: Value | null): Value {
  // A gradient that takes two parameters adds by itself (Gemm's C costs less than an Add).
  if (into === null || gradient.length > 1) return gradient(dy, into);
  return graph.node("Add", [gradient(dy, null), into], into.shape);
}
