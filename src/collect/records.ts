import { Elements } from "./elements.ts";
import { chunksOf, MAX_LINE_BYTES, Splitter, unreadable, type Line } from "./lines.ts";

/** A line, or a record of a document. */
export type Piece = { readonly line: Line; readonly unit: "line" | "record" };

/**
 * The records of a plain or gzip'd file: its lines where the first is whole JSON, else the records of the document that it is. At
 * most one of them is in memory, beside a chunk and the first line. Throws HouseError bad-input on an unreadable file or broken
 * gzip data, after all records before the break were yielded.
 */
export async function* recordsOf(path: string, maxBytes: number = MAX_LINE_BYTES): AsyncGenerator<Piece> {
  const reader = new Reader(maxBytes);
  try {
    for await (const chunk of chunksOf(path)) yield* reader.push(chunk);
  } catch (error) {
    yield* reader.end();
    throw unreadable(path, `${reader.unit} ${reader.done}`, error);
  }
  yield* reader.end();
}

/** Sees how a file begins, then cuts it accordingly. */
class Reader {
  readonly #maxBytes: number;
  #start: Buffer[] = [];
  #size = 0;
  #cutter: Elements | Splitter | null = null;
  done = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get unit(): "line" | "record" {
    return this.#cutter instanceof Elements ? "record" : "line";
  }

  *push(chunk: Buffer): Generator<Piece> {
    if (this.#cutter !== null) {
      yield* this.#pieces(this.#cutter.push(chunk));
      return;
    }
    this.#start.push(chunk);
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes || hasFirstLine(chunk, this.#start)) yield* this.#begin(false);
  }

  *end(): Generator<Piece> {
    if (this.#cutter === null) yield* this.#begin(true);
    if (this.#cutter !== null) yield* this.#pieces(this.#cutter.end());
  }

  *#begin(isAll: boolean): Generator<Piece> {
    const bytes = Buffer.concat(this.#start);
    this.#start = [];
    this.#cutter = new Splitter(this.#maxBytes);
    const text = withoutMark(bytes);
    if (isDocument(text, isAll)) this.#cutter = new Elements(this.#maxBytes);
    yield* this.#pieces(this.#cutter.push(text));
  }

  *#pieces(lines: Generator<Line>): Generator<Piece> {
    for (const line of lines) {
      this.done = line.at;
      yield { line, unit: this.unit };
    }
  }
}

/** A line with something on it has ended. */
function hasFirstLine(chunk: Buffer, start: readonly Buffer[]): boolean {
  return chunk.includes(0x0a) && /\S\s*\n/.test(Buffer.concat(start).toString("latin1"));
}

/**
 * True when the first line that has something on it is the beginning of JSON and not the whole of it: it ends with an opening
 * bracket or a comma, or it does not end within the bound. A line that was cut off rarely ends so.
 */
function isDocument(start: Buffer, isAll: boolean): boolean {
  const text = start.toString("latin1").trimStart();
  const end = text.indexOf("\n");
  if (!/^[[{]/.test(text)) return false;
  if (end < 0) return !isAll;
  return /[[{,]\s*$/.test(text.slice(Math.max(0, end - 200), end)) && text.slice(end).trim() !== "";
}

// The mark of UTF-8 is no part of the JSON. UTF-16 is not read.
function withoutMark(bytes: Buffer): Buffer {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new Error("it is written in UTF-16; convert it with iconv -t utf-8");
  return bytes.subarray(0, 3).equals(UTF8_MARK) ? bytes.subarray(3) : bytes;
}

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
