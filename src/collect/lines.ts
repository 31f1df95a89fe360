import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { HouseError } from "../core/index.ts";

/** A longer line is refused, not buffered: the largest contexts of today's models stay below this as JSON. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** One line of a log or one record of a document, or the news that it was too long to look at. `at` counts from 1. */
export type Line =
  | { readonly at: number; readonly text: string; readonly isCutOff?: boolean }
  | { readonly at: number; readonly tooLongBytes: number };

/**
 * The lines of a plain or gzip'd file, as a stream: at most one line and one chunk are in memory.
 * gzip is told by its first bytes, not by the name. Throws HouseError bad-input on an unreadable file or
 * broken gzip data, after all lines before the break were yielded.
 */
export async function* linesOf(path: string, maxLineBytes: number = MAX_LINE_BYTES): AsyncGenerator<Line> {
  const splitter = new Splitter(maxLineBytes);
  try {
    for await (const chunk of chunksOf(path)) yield* splitter.push(chunk);
  } catch (error) {
    yield* splitter.end();
    throw unreadable(path, `line ${splitter.lines}`, error);
  }
  yield* splitter.end();
}

/** The error of a file that could not be read beyond a place. */
export function unreadable(path: string, after: string, error: unknown): HouseError {
  return new HouseError("bad-input", `Cannot read "${path}" after ${after}: ${whatHappened(error)}`, {
    cause: error,
  });
}

/** The bytes of a plain or gzip'd file. */
export async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  const isGzip = await startsAsGzip(path);
  const file = createReadStream(path);
  if (!isGzip) {
    for await (const chunk of file) yield chunk as Buffer;
    return;
  }
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of file.pipe(gunzip)) yield chunk as Buffer;
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

async function startsAsGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

const NEWLINE = 0x0a;

/** Cuts bytes into lines. */
export class Splitter {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #maxBytes: number;
  lines = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<Line> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, at));
      yield this.#take();
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  *end(): Generator<Line> {
    if (this.#bytes > 0) yield this.#take();
  }

  #hold(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (bytes.length > 0) this.#parts.push(bytes);
  }

  #take(): Line {
    this.lines += 1;
    const bytes = this.#bytes;
    const text = bytes > this.#maxBytes ? "" : Buffer.concat(this.#parts).toString("utf8");
    this.#parts = [];
    this.#bytes = 0;
    return bytes > this.#maxBytes ? { at: this.lines, tooLongBytes: bytes } : { at: this.lines, text };
  }
}

function whatHappened(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder, expected a JSONL file";
  if (code === "EACCES") return "reading is not permitted";
  if (code?.startsWith("Z_") === true)
    return "its gzip data is broken or cut off; unpack what can be saved with gzip -dc and import that";
  return String((error as Error).message);
}
