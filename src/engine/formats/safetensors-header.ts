import { parseJson } from "../../core/index.ts";
import { sizeOf } from "../model-config.ts";
import type { Encoding } from "./encoding.ts";
import { isRecord } from "./json-file.ts";

/** What a header may say of one tensor. `begin` and `end` count bytes after the header. */
export type TensorEntry = {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
};

export type SafetensorsHeader = {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
};

/** The reference implementation's own cap (`MAX_HEADER_SIZE`). */
export const MAX_HEADER_BYTES = 100_000_000;
/** More axes than any tensor has. */
const MAX_AXES = 8;

// Bytes per value of the types a file may hold; only some of them can be read as numbers here.
const DTYPE_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

export const DTYPE_OF: Readonly<Record<Exclude<Encoding, "q8_0">, string>> = {
  f32: "F32",
  f16: "F16",
  bf16: "BF16",
};

/** The encoding of a dtype that can be read as numbers, else null. */
export function encodingOfDtype(dtype: string): Encoding | null {
  if (dtype === "F32") return "f32";
  if (dtype === "F16") return "f16";
  return dtype === "BF16" ? "bf16" : null;
}

/**
 * Parses and checks a header against the bytes that follow it: every tensor has a known type, its range is as long as shape and
 * type say, and the ranges cover the data without gap or overlap. A string says what is wrong.
 */
export function parseHeader(text: string, dataBytes: number): SafetensorsHeader | string {
  const value = parseJson(text);
  if (!isRecord(value)) return "its header is not a JSON object";
  const tensors = new Map<string, TensorEntry>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, entry] of Object.entries(value)) {
    if (name === "__metadata__") {
      if (!isStringRecord(entry)) return "its __metadata__ is not an object of strings";
      metadata = entry;
      continue;
    }
    const parsed = parseEntry(entry);
    if (typeof parsed === "string") return `tensor ${JSON.stringify(name)} ${parsed}`;
    tensors.set(name, parsed);
  }
  return coverageFault(tensors, dataBytes) ?? { tensors, metadata };
}

function parseEntry(entry: unknown): TensorEntry | string {
  if (!isRecord(entry)) return "has no description";
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPE_BYTES, dtype))
    return `has the unknown dtype ${JSON.stringify(dtype)}`;
  if (!isCounts(shape) || shape.length > MAX_AXES) return "has a shape that is not a short list of counts";
  if (!isCounts(offsets) || offsets.length !== 2) return "has no pair of data_offsets";
  const [begin, end] = offsets;
  const bytes = sizeOf(shape) * DTYPE_BYTES[dtype];
  if (end - begin !== bytes)
    return `is ${dtype} of shape [${shape.join(", ")}], ${bytes} bytes, but its offsets [${begin}, ${end}] hold ${end - begin}`;
  return { dtype, shape, begin, end };
}

function coverageFault(tensors: ReadonlyMap<string, TensorEntry>, dataBytes: number): string | null {
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const [name, { begin, end }] of sorted) {
    if (end > dataBytes)
      return `tensor ${JSON.stringify(name)} ends at byte ${end} of the data, which has ${dataBytes}: truncated`;
    if (begin !== reached)
      return `tensor ${JSON.stringify(name)} begins at byte ${begin} of the data, expected ${reached}: ${begin < reached ? "an overlap" : "a gap"}`;
    reached = end;
  }
  return reached === dataBytes ? null : `its data has ${dataBytes} bytes, its tensors ${reached}`;
}

/** The header's JSON for tensors in the given order, one after another, padded with spaces so that the data begins at a multiple of 8. */
export function formatHeader(
  tensors: ReadonlyMap<string, Omit<TensorEntry, "begin" | "end">>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: [string, unknown][] = [["__metadata__", metadata]];
  let begin = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const end = begin + sizeOf(shape) * DTYPE_BYTES[dtype];
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)), "utf8");
  const out = Buffer.alloc(8 + Math.ceil(json.byteLength / 8) * 8, " ");
  out.writeBigUInt64LE(BigInt(out.byteLength - 8), 0);
  json.copy(out, 8);
  return out;
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((inner) => typeof inner === "string");
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}
