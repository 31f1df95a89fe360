import { sizeOf, type Tensor, type Weights } from "../model-config.ts";
import type { Encoding } from "./encoding.ts";
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
  DTYPE_OF,
  encodingOfDtype,
  formatHeader,
  MAX_HEADER_BYTES,
  parseHeader,
  type SafetensorsHeader,
} from "./safetensors-header.ts";

/** Encodings safetensors can be written in. */
export type SafetensorsDtype = Exclude<Encoding, "q8_0">;

/** An open safetensors file: what it holds is known, tensors are read one at a time. */
export type SafetensorsFile = SafetensorsHeader & { readonly read: (name: string) => Promise<Tensor> };

/** Opens a file, checks its header against its length, and closes it when `use` is done. */
export function withSafetensors<T>(path: string, use: (file: SafetensorsFile) => Promise<T>): Promise<T> {
  return withFile(path, async (file) => {
    const headerBytes = await readHeaderLength(file);
    const raw = new Uint8Array(headerBytes);
    await readInto(file, raw, 8);
    const header = parseHeader(Buffer.from(raw.buffer).toString("utf8"), file.size - 8 - headerBytes);
    if (typeof header === "string") throw brokenFile(path, header);
    const read = (name: string): Promise<Tensor> => readTensor(file, header, 8 + headerBytes, name);
    return use({ ...header, read });
  });
}

async function readHeaderLength(file: ReadFile): Promise<number> {
  if (file.size < 8) throw brokenFile(file.path, `it has ${file.size} bytes: not a safetensors file`);
  const raw = Buffer.alloc(8);
  await readInto(file, raw, 0);
  const length = raw.readBigUInt64LE(0);
  if (length > BigInt(MAX_HEADER_BYTES) || Number(length) > file.size - 8)
    throw brokenFile(
      file.path,
      `its header is said to have ${length} bytes, the file has ${file.size}: truncated or not safetensors`,
    );
  return Number(length);
}

async function readTensor(
  file: ReadFile,
  header: SafetensorsHeader,
  dataStart: number,
  name: string,
): Promise<Tensor> {
  const entry = header.tensors.get(name);
  if (entry === undefined) throw brokenFile(file.path, `tensor ${JSON.stringify(name)} is missing`);
  const encoding = encodingOfDtype(entry.dtype);
  if (encoding === null)
    throw brokenFile(
      file.path,
      `tensor ${JSON.stringify(name)} is ${entry.dtype}, expected F32, F16 or BF16`,
    );
  const data = await readNumbers(file, encoding, dataStart + entry.begin, sizeOf(entry.shape));
  return { shape: entry.shape, data };
}

/** Every tensor of a file, as float32. */
export function readSafetensors(path: string): Promise<Weights> {
  return withSafetensors(path, async (file) => {
    const weights = new Map<string, Tensor>();
    for (const name of file.tensors.keys()) weights.set(name, await file.read(name));
    return weights;
  });
}

/** Writes tensors in the order of the map; needs one chunk of memory beside them. */
export async function writeSafetensors(
  path: string,
  weights: Weights,
  options: { readonly dtype?: SafetensorsDtype; readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const encoding = options.dtype ?? "f32";
  const entries = [...weights].map(
    ([name, { shape }]) => [name, { dtype: DTYPE_OF[encoding], shape }] as const,
  );
  // Transformers refuses a file whose metadata does not name the framework it was saved from.
  const header = formatHeader(new Map(entries), { format: "pt", ...options.metadata });
  await writeWhole(path, async (sink) => {
    await sink.write(header);
    for (const { data } of weights.values()) await writeNumbers(sink, encoding, data);
  });
}
