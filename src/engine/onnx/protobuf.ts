// The wire format of Protocol Buffers, writing only: enough for ONNX models, without a code generator.

/** Parts of a message, written one after another. */
export type Bytes = readonly Uint8Array[];

const encoder = new TextEncoder();

/** An integer field; negative numbers take ten bytes, as int64 does. */
export function int(field: number, value: number | bigint): Uint8Array {
  return join([varint(tag(field, 0)), varint(value)]);
}

/** A float32 field. */
export function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join([varint(tag(field, 5)), bytes]);
}

export function text(field: number, value: string): Uint8Array {
  return bytesField(field, encoder.encode(value));
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return join([varint(tag(field, 2)), varint(value.length), value]);
}

/** A message within a message. */
export function message(field: number, parts: Bytes): Uint8Array {
  return bytesField(field, join(parts));
}

export function join(parts: Bytes): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const tag = (field: number, wireType: number): number => field * 8 + wireType;

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
