import { brokenFile } from "./file.ts";

/** A metadata value with its type on disk. 64-bit integers out of a number's exact range are bigints. */
export type GgufValue =
  | { readonly type: GgufNumberType; readonly value: number | bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "array"; readonly of: GgufItemType; readonly value: readonly GgufItem[] };

export type GgufNumberType = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "u64" | "i64" | "f64";
export type GgufItemType = GgufNumberType | "bool" | "string";
export type GgufItem = number | bigint | boolean | string;
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

// Their places are the codes of `gguf_metadata_value_type`.
const TYPES = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
] as const;

const ITEM_BYTES: Readonly<Record<GgufItemType, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  string: 8,
  u64: 8,
  i64: 8,
  f64: 8,
};

/** Thrown where a header goes on beyond the bytes at hand; the reader fetches more and begins again. */
export class MoreBytes extends Error {}

/** A place in the first bytes of a file of `fileSize` bytes. */
export class Cursor {
  readonly path: string;
  readonly fileSize: number;
  readonly #view: DataView;
  #at = 0;

  constructor(path: string, bytes: Uint8Array, fileSize: number) {
    this.path = path;
    this.fileSize = fileSize;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get at(): number {
    return this.#at;
  }

  /** Refuses a count that the rest of the file cannot hold, before anything is made of that length. */
  room(count: number, itemBytes: number, what: string): number {
    if (count * itemBytes > this.fileSize - this.#at)
      throw brokenFile(
        this.path,
        `${what} is said to be ${count} long at byte ${this.#at} of ${this.fileSize}: truncated`,
      );
    return count;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A count or offset: refuses what a number cannot hold exactly. */
  count(what: string): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw brokenFile(this.path, `${what} is said to be ${value}`);
    return Number(value);
  }

  string(what: string): string {
    const length = this.room(this.count(what), 1, what);
    const from = this.#take(length);
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + from, length).toString("utf8");
  }

  item(type: GgufItemType, what: string): GgufItem {
    if (type === "string") return this.string(what);
    const at = this.#take(ITEM_BYTES[type]);
    switch (type) {
      case "u8":
        return this.#view.getUint8(at);
      case "i8":
        return this.#view.getInt8(at);
      case "u16":
        return this.#view.getUint16(at, true);
      case "i16":
        return this.#view.getInt16(at, true);
      case "u32":
        return this.#view.getUint32(at, true);
      case "i32":
        return this.#view.getInt32(at, true);
      case "f32":
        return this.#view.getFloat32(at, true);
      case "f64":
        return this.#view.getFloat64(at, true);
      case "bool":
        return this.#view.getUint8(at) !== 0;
      case "u64":
        return narrow(this.#view.getBigUint64(at, true));
      case "i64":
        return narrow(this.#view.getBigInt64(at, true));
    }
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.fileSize)
      throw brokenFile(this.path, `it ends at byte ${this.fileSize}: truncated`);
    if (at + bytes > this.#view.byteLength) throw new MoreBytes();
    this.#at += bytes;
    return at;
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The value of one key. */
export function readValue(cursor: Cursor, key: string): GgufValue {
  const what = `the value of ${JSON.stringify(key)}`;
  const type = readType(cursor, what);
  if (type !== "array") return { type, value: cursor.item(type, what) } as GgufValue; // item() gives what the type says.
  const of = readType(cursor, what);
  if (of === "array") throw brokenFile(cursor.path, `${what} is an array of arrays, which is not supported`);
  const length = cursor.room(cursor.count(what), ITEM_BYTES[of], what);
  const value: GgufItem[] = [];
  for (let i = 0; i < length; i += 1) value.push(cursor.item(of, what));
  return { type, of, value };
}

function readType(cursor: Cursor, what: string): (typeof TYPES)[number] {
  const code = cursor.u32();
  if (code >= TYPES.length) throw brokenFile(cursor.path, `${what} has the unknown type ${code}`);
  return TYPES[code];
}

/** Collects the bytes of a header. */
export class ByteList {
  readonly #parts: Uint8Array[] = [];

  u32(value: number): void {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    this.#parts.push(part);
  }

  u64(value: number): void {
    this.#parts.push(itemBytes("u64", value));
  }

  string(value: string): void {
    const bytes = Buffer.from(value, "utf8");
    this.u64(bytes.byteLength);
    this.#parts.push(bytes);
  }

  value(value: GgufValue): void {
    this.u32(TYPES.indexOf(value.type));
    if (value.type !== "array") return this.#item(value.type, value.value);
    this.u32(TYPES.indexOf(value.of));
    this.u64(value.value.length);
    for (const item of value.value) this.#item(value.of, item);
  }

  #item(type: GgufItemType, value: GgufItem): void {
    if (type === "string") return this.string(String(value));
    this.#parts.push(itemBytes(type, value));
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function itemBytes(type: Exclude<GgufItemType, "string">, value: GgufItem): Buffer {
  const out = Buffer.alloc(ITEM_BYTES[type]);
  const number = Number(value);
  switch (type) {
    case "u8":
    case "bool":
      return (out.writeUInt8(number), out);
    case "i8":
      return (out.writeInt8(number), out);
    case "u16":
      return (out.writeUInt16LE(number), out);
    case "i16":
      return (out.writeInt16LE(number), out);
    case "u32":
      return (out.writeUInt32LE(number), out);
    case "i32":
      return (out.writeInt32LE(number), out);
    case "f32":
      return (out.writeFloatLE(number), out);
    case "f64":
      return (out.writeDoubleLE(number), out);
    case "u64":
      return (out.writeBigUInt64LE(BigInt(value)), out);
    case "i64":
      return (out.writeBigInt64LE(BigInt(value)), out);
  }
}
