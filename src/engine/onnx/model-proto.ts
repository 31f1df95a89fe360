import { bytesField, float, int, join, message, text } from "./protobuf.ts";

/** Types of tensors that our graphs use. */
export type ElementType = "float32" | "uint8" | "int8" | "int32" | "int64" | "bool" | "float16";

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export type OnnxNode = {
  readonly op: string;
  /** Empty for ONNX itself; `com.microsoft` for ONNX Runtime's own operators. */
  readonly domain: string;
  /** An empty name is an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integers as numbers; floats as `{float}`, since 1 is either. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
};

/** A graph input or output; a side given by name is decided at each run. */
export type OnnxValue = {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
};

export type OnnxInitializer = {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Little-endian elements. */
  readonly bytes: Uint8Array;
};

export type OnnxGraph = {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
};

// onnx.proto3, TensorProto.DataType.
const DATA_TYPES: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

const IR_VERSION = 10;
/** ONNX 1.16; its reductions take their axes as an input. */
const OPSET = 21;
const MICROSOFT_OPSET = 1;

/** The bytes of an ONNX model (onnx.proto3, ModelProto). */
export function writeOnnx(graph: OnnxGraph): Uint8Array {
  return join([
    int(1, IR_VERSION),
    text(2, "understudy"),
    message(7, [
      ...graph.nodes.map((node) => message(1, nodeParts(node))),
      text(2, "graph"),
      ...graph.initializers.map((tensor) => message(5, initializerParts(tensor))),
      ...graph.inputs.map((value) => message(11, valueParts(value))),
      ...graph.outputs.map((value) => message(12, valueParts(value))),
    ]),
    message(8, [text(1, ""), int(2, OPSET)]),
    message(8, [text(1, "com.microsoft"), int(2, MICROSOFT_OPSET)]),
  ]);
}

function nodeParts(node: OnnxNode): Uint8Array[] {
  return [
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(3, node.outputs[0]),
    text(4, node.op),
    ...Object.entries(node.attributes).map(([name, value]) => message(5, attributeParts(name, value))),
    text(7, node.domain),
  ];
}

function attributeParts(name: string, value: OnnxAttribute): Uint8Array[] {
  if (typeof value === "number") return [text(1, name), int(3, value), int(20, 2)];
  if (typeof value === "string") return [text(1, name), text(4, value), int(20, 3)];
  if ("float" in value) return [text(1, name), float(2, value.float), int(20, 1)];
  return [text(1, name), ...value.map((item) => int(8, item)), int(20, 7)];
}

function initializerParts({ name, type, shape, bytes }: OnnxInitializer): Uint8Array[] {
  return [
    ...shape.map((side) => int(1, side)),
    int(2, DATA_TYPES[type]),
    text(8, name),
    bytesField(9, bytes),
  ];
}

function valueParts({ name, type, shape }: OnnxValue): Uint8Array[] {
  const sides = shape.map((side) => message(1, [typeof side === "number" ? int(1, side) : text(2, side)]));
  return [text(1, name), message(2, [message(1, [int(1, DATA_TYPES[type]), message(2, sides)])])];
}
