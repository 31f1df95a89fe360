import { sizeOf, type Tensor, type Weights } from "../model-config.ts";
import { encodedBytes, ENCODINGS, type Encoding } from "./encoding.ts";
import {
  brokenFile,
  readInto,
  readNumbers,
  withFile,
  writeNumbers,
  writeWhole,
  type ReadFile,
} from "./file.ts";
import {
  ByteList,
  Cursor,
  MoreBytes,
  readValue,
  type GgufMetadata,
  type GgufValue,
} from "./gguf-metadata.ts";

const MAGIC = 0x46554747; // "GGUF" in the order of the bytes.
const VERSION = 3;
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 2 ** 16;
/** ggml's GGML_MAX_DIMS. */
const MAX_AXES = 4;
// Tokens and merges of the largest vocabularies take about 15 MB; a header beyond this is hostile.
const MAX_HEADER_BYTES = 2 ** 28;
const FIRST_READ_BYTES = 2 ** 16;

const CODE_OF: Readonly<Record<Encoding, number>> = { f32: 0, f16: 1, q8_0: 8, bf16: 30 };
// For messages only: how others name what is not read here (ggml.h, enum ggml_type).
const OTHER_TYPES: Readonly<Record<number, string>> = {
  2: "Q4_0",
  3: "Q4_1",
  6: "Q5_0",
  7: "Q5_1",
  10: "Q2_K",
  11: "Q3_K",
  12: "Q4_K",
  13: "Q5_K",
  14: "Q6_K",
  20: "IQ4_NL",
  23: "IQ4_XS",
  39: "MXFP4",
};

/** One tensor of a file; `shape` outermost first, as in Hugging Face's layout. `position` counts bytes of the file. */
type GgufEntry = {
  readonly shape: readonly number[];
  readonly encoding: Encoding;
  readonly position: number;
};

export type GgufFile = {
  readonly path: string;
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufEntry>;
  readonly read: (name: string) => Promise<Tensor>;
};

/** Opens a GGUF file (version 2 or 3), checks its header against its length, and closes it when `use` is done. */
export function withGguf<T>(path: string, use: (file: GgufFile) => Promise<T>): Promise<T> {
  return withFile(path, async (file) => {
    const header = await readHeader(file);
    const read = async (name: string): Promise<Tensor> => {
      const entry = header.tensors.get(name);
      if (entry === undefined) throw brokenFile(path, `tensor ${JSON.stringify(name)} is missing`);
      const { shape, encoding, position } = entry;
      return { shape, data: await readNumbers(file, encoding, position, sizeOf(shape)) };
    };
    return use({ path, ...header, read });
  });
}

type Header = Pick<GgufFile, "metadata" | "tensors">;

// The length of a header is known only once it is parsed: begin small, and begin again with twice as much where it goes on.
async function readHeader(file: ReadFile): Promise<Header> {
  for (let bytes = FIRST_READ_BYTES; bytes <= MAX_HEADER_BYTES; bytes *= 2) {
    const prefix = new Uint8Array(Math.min(bytes, file.size));
    await readInto(file, prefix, 0);
    try {
      return parseHeader(new Cursor(file.path, prefix, file.size));
    } catch (error) {
      if (!(error instanceof MoreBytes)) throw error;
    }
  }
  throw brokenFile(file.path, `its header is longer than ${MAX_HEADER_BYTES} bytes`);
}

function parseHeader(cursor: Cursor): Header {
  const { path } = cursor;
  if (cursor.fileSize < 4 || cursor.u32() !== MAGIC) throw brokenFile(path, "it does not begin with GGUF");
  const version = cursor.u32();
  if (version !== VERSION && version !== 2)
    throw brokenFile(path, `it is GGUF version ${version}, expected ${VERSION}`);
  // The shortest tensor entry has 32 bytes, the shortest key with its value 13.
  const tensorCount = cursor.room(cursor.count("the list of tensors"), 24, "the list of tensors");
  const keyCount = cursor.room(cursor.count("the list of keys"), 13, "the list of keys");
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i += 1) {
    const key = cursor.string("a key");
    if (metadata.has(key)) throw brokenFile(path, `the key ${JSON.stringify(key)} stands twice`);
    metadata.set(key, readValue(cursor, key));
  }
  const alignment = alignmentOf(path, metadata);
  const relative = new Map<string, GgufEntry>();
  for (let i = 0; i < tensorCount; i += 1) {
    const name = cursor.string("the name of a tensor");
    if (relative.has(name)) throw brokenFile(path, `tensor ${JSON.stringify(name)} stands twice`);
    relative.set(name, readEntry(cursor, name, alignment));
  }
  return { metadata, tensors: placed(cursor, relative, roundUp(cursor.at, alignment)) };
}

function alignmentOf(path: string, metadata: GgufMetadata): number {
  const said = metadata.get("general.alignment")?.value ?? DEFAULT_ALIGNMENT;
  if (typeof said !== "number" || said < 8 || said > MAX_ALIGNMENT || !Number.isInteger(Math.log2(said)))
    throw brokenFile(
      path,
      `its general.alignment is ${String(said)}, expected a power of two from 8 to ${MAX_ALIGNMENT}`,
    );
  return said;
}

function readEntry(cursor: Cursor, name: string, alignment: number): GgufEntry {
  const fail = (what: string): Error => brokenFile(cursor.path, `tensor ${JSON.stringify(name)} ${what}`);
  const axes = cursor.u32();
  if (axes < 1 || axes > MAX_AXES) throw fail(`has ${axes} axes, expected 1 to ${MAX_AXES}`);
  const shape: number[] = [];
  for (let axis = 0; axis < axes; axis += 1)
    shape.unshift(cursor.count(`a side of tensor ${JSON.stringify(name)}`));
  const encoding = encodingOf(cursor.u32());
  if (typeof encoding === "number")
    throw fail(`is ${OTHER_TYPES[encoding] ?? `of type ${encoding}`}, expected F32, F16, BF16 or Q8_0`);
  const { blockSize } = ENCODINGS[encoding];
  if (shape[axes - 1] % blockSize !== 0)
    throw fail(`has rows of ${shape[axes - 1]} values, expected a multiple of ${blockSize} in ${encoding}`);
  const position = cursor.count(`the offset of tensor ${JSON.stringify(name)}`);
  if (position % alignment !== 0) throw fail(`begins at ${position}, expected a multiple of ${alignment}`);
  return { shape, encoding, position };
}

function encodingOf(code: number): Encoding | number {
  const found = (Object.keys(CODE_OF) as Encoding[]).find((encoding) => CODE_OF[encoding] === code);
  return found ?? code;
}

/** Offsets counted from the data to offsets in the file; within it, and no two over each other. */
function placed(
  cursor: Cursor,
  tensors: ReadonlyMap<string, GgufEntry>,
  dataStart: number,
): Map<string, GgufEntry> {
  const out = new Map<string, GgufEntry>();
  for (const [name, entry] of tensors) out.set(name, { ...entry, position: dataStart + entry.position });
  let reached = dataStart;
  for (const [name, { shape, encoding, position }] of [...out].sort(
    ([, a], [, b]) => a.position - b.position,
  )) {
    const end = position + encodedBytes(encoding, sizeOf(shape));
    const fail = (what: string): Error => brokenFile(cursor.path, `tensor ${JSON.stringify(name)} ${what}`);
    if (position < reached)
      throw fail(`begins at byte ${position}, within the one before it, which ends at ${reached}`);
    if (end > cursor.fileSize) throw fail(`ends at byte ${end}, the file at ${cursor.fileSize}: truncated`);
    reached = end;
  }
  return out;
}

/** Tensors in the order given, each in the encoding that `encodingFor` says. Their data is asked for once, when its turn comes. */
export async function writeGguf(
  path: string,
  metadata: GgufMetadata,
  tensors: Weights,
  encodingFor: (name: string, tensor: Tensor) => Encoding,
): Promise<void> {
  const header = new ByteList();
  header.u32(MAGIC);
  header.u32(VERSION);
  header.u64(tensors.size);
  header.u64(metadata.size);
  for (const [key, value] of metadata) {
    header.string(key);
    header.value(value);
  }
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const encoding = encodingFor(name, tensor);
    header.string(name);
    header.u32(tensor.shape.length);
    for (const side of [...tensor.shape].reverse()) header.u64(side);
    header.u32(CODE_OF[encoding]);
    header.u64(offset);
    offset = roundUp(offset + encodedBytes(encoding, sizeOf(tensor.shape)), DEFAULT_ALIGNMENT);
  }
  await writeWhole(path, async (sink) => {
    const bytes = header.bytes();
    await sink.write(bytes);
    await sink.write(padding(bytes.byteLength));
    for (const [name, tensor] of tensors) {
      const encoding = encodingFor(name, tensor);
      await writeNumbers(sink, encoding, tensor.data);
      await sink.write(padding(encodedBytes(encoding, sizeOf(tensor.shape))));
    }
  });
}

function padding(bytes: number): Uint8Array {
  return new Uint8Array(roundUp(bytes, DEFAULT_ALIGNMENT) - bytes);
}

function roundUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
