import { HouseError, parseJson, type Json } from "../../core/index.ts";

type Numbers = Uint8Array | Int8Array | Uint16Array | Uint32Array | Float32Array;
type Arrays = { readonly [name: string]: Numbers };

const TYPES = {
  Uint8Array,
  Int8Array,
  Uint16Array,
  Uint32Array,
  Float32Array,
} as const;
type TypeName = keyof typeof TYPES;

type Layout = { readonly name: string; readonly type: TypeName; readonly length: number };
type Header = {
  readonly kind: string;
  readonly version: number;
  readonly meta: Json;
  readonly arrays: readonly Layout[];
};

// "USSP": the first four bytes of every specialist packed here.
const MAGIC = 0x50535355;
const PREFIX_BYTES = 8;
// Every array starts where any number type may be viewed in place.
const ALIGNMENT = 8;

/**
 * One specialist as bytes: magic, header length, JSON header, then the arrays, little-endian, aligned to 8 bytes.
 * `JSON.stringify` keeps the order of keys, so the same content gives the same bytes.
 */
export function packArtifact(
  identity: { readonly kind: string; readonly version: number },
  meta: Json,
  arrays: Arrays,
): Uint8Array {
  const layout = Object.entries(arrays).map(([name, numbers]) => ({
    name,
    type: numbers.constructor.name as TypeName,
    length: numbers.length,
  }));
  const header: Header = { kind: identity.kind, version: identity.version, meta, arrays: layout };
  const head = new TextEncoder().encode(JSON.stringify(header));
  let size = aligned(PREFIX_BYTES + head.length);
  const offsets = Object.values(arrays).map((numbers) => {
    const offset = size;
    size = aligned(size + numbers.byteLength);
    return offset;
  });
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, head.length, true);
  bytes.set(head, PREFIX_BYTES);
  for (const [place, numbers] of Object.values(arrays).entries()) {
    bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), offsets[place]);
  }
  return bytes;
}

export type Unpacked = {
  readonly meta: Json;
  /** The array of this name; throws when it is missing or of another type. */
  readonly array: <T extends TypeName>(name: string, type: T) => InstanceType<(typeof TYPES)[T]>;
};

/** The parts of an artifact made by `packArtifact` with the same kind and version. Throws HouseError `bad-input` on anything else. */
export function unpackArtifact(
  bytes: Uint8Array,
  identity: { readonly kind: string; readonly version: number },
): Unpacked {
  const { header, dataStart } = readHeader(bytes, identity.kind);
  if (header.kind !== identity.kind || header.version !== identity.version) {
    throw refuse(
      identity.kind,
      `is ${String(header.kind)} version ${String(header.version)}, expected version ${identity.version}`,
    );
  }
  const found = new Map<string, { layout: Layout; start: number }>();
  let start = dataStart;
  for (const layout of header.arrays) {
    const type = TYPES[layout.type];
    const end = type === undefined ? Number.NaN : start + layout.length * type.BYTES_PER_ELEMENT;
    if (!(Number.isSafeInteger(layout.length) && layout.length >= 0 && end <= bytes.length)) {
      throw refuse(identity.kind, `ends before its array "${layout.name}" is complete`);
    }
    found.set(layout.name, { layout, start });
    start = aligned(end);
  }
  return {
    meta: header.meta,
    array: (name, type) => {
      const place = found.get(name);
      if (place?.layout.type !== type) throw refuse(identity.kind, `has no ${type} "${name}"`);
      // A copy: the bytes may lie at any offset of their buffer, and the specialist must not change when they do.
      // Not by slice: of a Buffer that is a view of the same memory.
      const copy = new Uint8Array(place.layout.length * TYPES[type].BYTES_PER_ELEMENT);
      copy.set(bytes.subarray(place.start, place.start + copy.length));
      return new TYPES[type](copy.buffer) as InstanceType<(typeof TYPES)[typeof type]>;
    },
  };
}

function readHeader(bytes: Uint8Array, kind: string): { header: Header; dataStart: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREFIX_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw refuse(kind, "does not start as one");
  }
  const length = view.getUint32(4, true);
  if (PREFIX_BYTES + length > bytes.length) throw refuse(kind, "ends inside its header");
  const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
  // Only the fields below are read, each checked before use.
  const header = parseJson(text) as Partial<Header> | null | undefined;
  if (typeof header !== "object" || header === null || !Array.isArray(header.arrays)) {
    throw refuse(kind, "has a broken header");
  }
  return { header: header as Header, dataStart: aligned(PREFIX_BYTES + length) };
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

const refuse = (kind: string, what: string): HouseError =>
  new HouseError("bad-input", `Cannot load ${kind} specialist: the artifact ${what}`);
