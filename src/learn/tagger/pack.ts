import { HouseError } from "../../core/index.ts";

/** Named number arrays beside a JSON header, in one artifact. */
export type Packed = {
  readonly header: { readonly [key: string]: unknown };
  readonly arrays: { readonly [name: string]: Uint32Array | Float32Array };
};

type Entry = {
  readonly name: string;
  readonly type: "u32" | "f32" | "q8";
  readonly length: number;
  readonly columns: number;
};

const MAGIC = "understudy-span\n";

/** Writes a header and arrays. Tables named in `columns` are kept in 8 bits per number with one scale per row. */
export function pack(packed: Packed, columns: { readonly [name: string]: number }): Uint8Array {
  const entries: Entry[] = [];
  const chunks: Uint8Array[] = [];
  for (const [name, array] of Object.entries(packed.arrays)) {
    const isTable = columns[name] !== undefined && array instanceof Float32Array;
    const type = isTable ? "q8" : array instanceof Float32Array ? "f32" : "u32";
    entries.push({ name, type, length: array.length, columns: columns[name] ?? 0 });
    chunks.push(isTable ? quantise(array, columns[name]) : bytesOf(array));
  }
  const header = new TextEncoder().encode(JSON.stringify({ entries, header: packed.header }));
  const head = new TextEncoder().encode(MAGIC);
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, header.length, true);
  return concat([head, size, header, ...chunks]);
}

/** Reads what `pack` wrote. Throws HouseError `bad-input` on anything else. */
export function unpack(artifact: Uint8Array): Packed {
  try {
    return parse(artifact);
  } catch (cause) {
    throw new HouseError(
      "bad-input",
      `Cannot load a span-copy specialist from ${artifact.length} bytes: they were not written by this family`,
      { cause },
    );
  }
}

function parse(artifact: Uint8Array): Packed {
  const text = (start: number, end: number): string =>
    new TextDecoder("utf-8", { fatal: true }).decode(artifact.subarray(start, end));
  if (text(0, MAGIC.length) !== MAGIC) throw new RangeError("the first bytes are not ours");
  const view = new DataView(artifact.buffer, artifact.byteOffset, artifact.byteLength);
  const begin = MAGIC.length + 4;
  const end = begin + view.getUint32(MAGIC.length, true);
  // Written by pack alone; the lengths are checked against the bytes below.
  const { entries, header } = JSON.parse(text(begin, end)) as { entries: Entry[]; header: Packed["header"] };
  const arrays: { [name: string]: Uint32Array | Float32Array } = {};
  let at = end;
  for (const entry of entries) {
    const rows = entry.columns > 0 ? entry.length / entry.columns : 0;
    const size = entry.type === "q8" ? rows * 4 + entry.length : entry.length * 4;
    if (at + size > artifact.length) throw new RangeError(`array ${entry.name} is cut off`);
    arrays[entry.name] = arrayFrom(artifact.slice(at, at + size), entry);
    at += size;
  }
  if (at !== artifact.length) throw new RangeError("bytes are left over");
  return { header, arrays };
}

function arrayFrom(bytes: Uint8Array, entry: Entry): Uint32Array | Float32Array {
  if (entry.type === "q8") return dequantise(bytes, entry);
  const values = entry.type === "u32" ? new Uint32Array(entry.length) : new Float32Array(entry.length);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}

const bytesOf = (array: Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Scales of all rows, then the numbers as signed bytes. */
function quantise(table: Float32Array, columns: number): Uint8Array {
  const rows = table.length / columns;
  const scales = new Float32Array(rows);
  const values = new Int8Array(table.length);
  for (let row = 0; row < rows; row += 1) {
    let greatest = 0;
    for (let index = row * columns; index < (row + 1) * columns; index += 1)
      greatest = Math.max(greatest, Math.abs(table[index]));
    scales[row] = greatest / 127;
    if (greatest === 0) continue;
    for (let index = row * columns; index < (row + 1) * columns; index += 1)
      values[index] = Math.round(table[index] / scales[row]);
  }
  return concat([bytesOf(scales), new Uint8Array(values.buffer)]);
}

function dequantise(bytes: Uint8Array, entry: Entry): Float32Array {
  const rows = entry.length / entry.columns;
  const scales = new Float32Array(rows);
  new Uint8Array(scales.buffer).set(bytes.subarray(0, rows * 4));
  const values = new Int8Array(bytes.buffer, bytes.byteOffset + rows * 4, entry.length);
  return Float32Array.from(values, (value, index) => value * scales[Math.floor(index / entry.columns)]);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
