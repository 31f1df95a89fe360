import {
  writeOnnx,
  type ElementType,
  type OnnxAttribute,
  type OnnxInitializer,
  type OnnxNode,
  type OnnxValue,
} from "../onnx/model-proto.ts";

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Which operator; `domain` default ONNX itself. */
export type Operator = { readonly op: string; readonly domain?: "com.microsoft" };

/** A graph under construction, without gradients; values are names, and sides may be names too. */
export type GraphWriter = {
  input(name: string, type: ElementType, shape: readonly (number | string)[]): void;
  output(name: string, value: string, shape: readonly (number | string)[]): void;
  floats(name: string, shape: readonly number[], data: Float32Array): void;
  bytes(name: string, shape: readonly number[], data: Uint8Array): void;
  integers(data: readonly number[]): string;
  node(operator: Operator, inputs: readonly string[], attributes?: Attributes): string;
  nodes(
    operator: Operator & { readonly outputs: number },
    inputs: readonly string[],
    attributes?: Attributes,
  ): string[];
  build(): Uint8Array;
};

export function graphWriter(): GraphWriter {
  const nodes: OnnxNode[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const initializers = new Map<string, OnnxInitializer>();
  const renamed = new Map<string, string>();
  let names = 0;
  const add: GraphWriter["nodes"] = ({ op, domain = "", outputs: count }, operands, attributes = {}) => {
    const results = Array.from({ length: count }, () => `v${names++}`);
    nodes.push({ op, domain, inputs: operands, outputs: results, attributes });
    return results;
  };
  const constant = (name: string, type: ElementType, shape: readonly number[], data: ArrayBufferView): void =>
    void initializers.set(name, {
      name,
      type,
      shape,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
  return {
    input: (name, type, shape) => void inputs.push({ name, type, shape }),
    output(name, value, shape) {
      renamed.set(value, name);
      outputs.push({ name, type: "float32", shape });
    },
    floats: (name, shape, data) => constant(name, "float32", shape, data),
    bytes: (name, shape, data) => constant(name, "uint8", shape, data),
    integers(data) {
      const name = `integers:${data.join()}`;
      constant(name, "int64", [data.length], BigInt64Array.from(data, BigInt));
      return name;
    },
    node: (operator, operands, attributes) => add({ ...operator, outputs: 1 }, operands, attributes)[0],
    nodes: add,
    build() {
      // An output is its value under another name: an Identity would copy it.
      const real = (name: string): string => renamed.get(name) ?? name;
      const named = nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(real),
        outputs: node.outputs.map(real),
      }));
      return writeOnnx({ nodes: named, inputs, outputs, initializers: [...initializers.values()] });
    },
  };
}
