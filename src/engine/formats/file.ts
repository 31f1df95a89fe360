import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { HouseError } from "../../core/index.ts";
import { decode, encode, encodedBytes, ENCODINGS, type Encoding } from "./encoding.ts";

// Numbers pass through a buffer of this many values: 4 MiB as float32, small beside any model, large enough to read at full speed.
const CHUNK_VALUES = 2 ** 20;
// One read of more than 2 GiB is refused by Node; at this size the system call no longer costs anything.
const READ_BYTES = 2 ** 26;
// Names come from the file and may be of any length; a refusal stays a line.
const MAX_REASON_CHARACTERS = 400;

/** A refusal of what a file holds, on one line that names the file. */
export function brokenFile(path: string, what: string): HouseError {
  const reason = what.length > MAX_REASON_CHARACTERS ? `${what.slice(0, MAX_REASON_CHARACTERS)}…` : what;
  return new HouseError("bad-input", `Cannot read ${JSON.stringify(path)}: ${reason}`);
}

/** A refusal to write what a format cannot say. */
export function unwritable(path: string, what: string): HouseError {
  return new HouseError("bad-input", `Cannot write ${JSON.stringify(path)}: ${what}`);
}

/** A file opened for reading at offsets. */
export type ReadFile = { readonly path: string; readonly size: number; readonly handle: FileHandle };

/** Hands an open file to `use` and closes it afterwards, whatever happened. */
export async function withFile<T>(path: string, use: (file: ReadFile) => Promise<T>): Promise<T> {
  const handle = await openForReading(path);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw brokenFile(path, "it is not a file");
    return await use({ path, size: stat.size, handle });
  } finally {
    await handle.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(path, cause);
    throw new HouseError("not-found", `Cannot read ${JSON.stringify(path)}: there is no such file`, {
      cause,
    });
  }
}

function unreadable(path: string, cause: unknown): HouseError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HouseError("bad-input", `Cannot read ${JSON.stringify(path)}: ${reason}`, { cause });
}

/** Exactly `target.byteLength` bytes from `position`. */
export async function readInto(file: ReadFile, target: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < target.byteLength) {
    const length = Math.min(READ_BYTES, target.byteLength - done);
    const { bytesRead } = await file.handle.read(target, done, length, position + done);
    if (bytesRead === 0) throw brokenFile(file.path, `it ends at byte ${position + done}: truncated`);
    done += bytesRead;
  }
}

/** `count` numbers that begin at `position`. Needs the result and one chunk of memory. */
export async function readNumbers(
  file: ReadFile,
  encoding: Encoding,
  position: number,
  count: number,
): Promise<Float32Array> {
  const out = new Float32Array(count);
  if (encoding === "f32") {
    await readInto(file, new Uint8Array(out.buffer), position);
    return out;
  }
  const bytes = new Uint8Array(encodedBytes(encoding, Math.min(roundUp(count, encoding), CHUNK_VALUES)));
  for (let from = 0; from < count; from += CHUNK_VALUES) {
    const part = out.subarray(from, Math.min(count, from + CHUNK_VALUES));
    const raw = bytes.subarray(0, encodedBytes(encoding, part.length));
    await readInto(file, raw, position + encodedBytes(encoding, from));
    decode(encoding, raw, part);
  }
  return out;
}

function roundUp(count: number, encoding: Encoding): number {
  const { blockSize } = ENCODINGS[encoding];
  return Math.ceil(count / blockSize) * blockSize;
}

/** Bytes put one after another. */
export type Sink = { readonly write: (bytes: Uint8Array) => Promise<void> };

/** Writes beside the file and renames at the end: a stopped process leaves the old file or none, never half of one. */
export async function writeWhole(path: string, fill: (sink: Sink) => Promise<void>): Promise<void> {
  const beside = `${path}.part`;
  try {
    const handle = await open(beside, "w");
    try {
      await fill({ write: (bytes) => writeAll(handle, bytes) });
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    const isFull = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HouseError(
      isFull ? "store-full" : "bad-input",
      `Cannot write ${JSON.stringify(path)}: ${reason}`,
      {
        cause,
      },
    );
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) done += (await handle.write(bytes, done)).bytesWritten;
}

/** Numbers in the encoding asked for, a chunk at a time. */
export async function writeNumbers(sink: Sink, encoding: Encoding, values: Float32Array): Promise<void> {
  for (let from = 0; from < values.length; from += CHUNK_VALUES)
    await sink.write(encode(encoding, values.subarray(from, from + CHUNK_VALUES)));
}
