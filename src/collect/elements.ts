import type { Line } from "./lines.ts";

/** Fields of an object that hold its records when their value is a list: of a page of an API, of an OTLP export. */
const LISTS = ["data", "runs", "events", "objects", "items", "results", "rows", "logs", "traces"];
/** Lists whose elements are told by the name of the list: each is given as an object with that one list. */
const NAMED_LISTS = ["resourceSpans", "resource_spans", "batches", "resourceLogs", "resource_logs"];
/** An object with one of these fields is itself a record, whatever lists it has. */
const OWN_FIELDS = [
  "request",
  "response",
  "messages",
  "input",
  "inputs",
  "output",
  "conversations",
  "span_id",
  "body",
];

export type RecordList = { readonly name: string; readonly isNamed: boolean };

/** The list that holds an object's records, seen its field names so far; null when the object is a record itself. */
export function listNamed(name: string, before: ReadonlySet<string>): RecordList | null {
  if (OWN_FIELDS.some((own) => before.has(own))) return null;
  const isNamed = NAMED_LISTS.includes(name);
  return isNamed || LISTS.includes(name) ? { name, isNamed } : null;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/** Longer field names are none that are looked for. */
const MAX_NAME_BYTES = 64;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Cuts a document of JSON into the texts of its records, at most one of which is in memory: the elements of a list, of the list of
 * records in an object, or the object. Several documents may follow each other. What is not JSON is cut somewhere; its texts do
 * not parse. `at` counts records from 1.
 */
export class Elements {
  readonly #maxBytes: number;
  #depth = 0;
  /** The depth at which elements stand; 0 outside of a list of records. */
  #listDepth = 0;
  #list: RecordList | null = null;
  #isString = false;
  #isEscaped = false;
  /** A string or number stands at the depth of elements, or at the top. */
  #isScalar = false;
  /** Of the fields seen so far, those that make the object a record. */
  #names = new Set<string>();
  #name: number[] | null = null;
  #lastName = "";
  #expectsName = false;
  /** The object at the top has given its records; what else it has is no record. */
  #isEmptied = false;
  #capture: Buffer[] | null = null;
  #bytes = 0;
  records = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<Line> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#isString) {
        this.#inString(byte);
        continue;
      }
      const starts = this.#capture === null && this.#startsRecord(byte);
      if (starts) {
        this.#capture = [];
        this.#bytes = 0;
        from = at;
      }
      // A number or a bare word ends where the next thing begins.
      if (this.#isScalar && this.#endsScalar(byte)) {
        this.#hold(chunk, from, at);
        yield this.#take();
      }
      const isEnd = this.#step(byte);
      if (this.#capture === null) continue;
      if (isEnd) {
        this.#hold(chunk, from, at + 1);
        yield this.#take();
      }
    }
    if (this.#capture !== null) this.#hold(chunk, from, chunk.length);
  }

  /** The rest; broken when the text ends inside a document. */
  *end(): Generator<Line> {
    if (this.#capture !== null) yield this.#take();
    else if (this.#depth > 0) {
      this.records += 1;
      yield { at: this.records, text: "", isCutOff: true };
    }
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isString = false;
      if (this.#name !== null) {
        this.#lastName = Buffer.from(this.#name).toString("utf8");
        if (OWN_FIELDS.includes(this.#lastName)) this.#names.add(this.#lastName);
        this.#name = null;
      }
      return;
    }
    if (this.#name !== null && this.#name.length < MAX_NAME_BYTES) this.#name.push(byte);
  }

  #startsRecord(byte: number): boolean {
    if (isSpace(byte) || byte === COMMA) return false;
    if (this.#listDepth > 0) return this.#depth === this.#listDepth && byte !== CLOSE_LIST;
    // A list at the top holds records; anything else there is one.
    return this.#depth === 0 && byte !== OPEN_LIST && byte !== CLOSE_LIST && byte !== CLOSE_OBJECT;
  }

  #endsScalar(byte: number): boolean {
    return this.#depth === this.#listDepth && (isSpace(byte) || byte === COMMA || byte === CLOSE_LIST);
  }

  /** Takes a byte outside of strings. True when a record ends with it. */
  #step(byte: number): boolean {
    switch (byte) {
      case QUOTE:
        this.#isString = true;
        if (this.#expectsName && this.#depth === 1 && this.#listDepth === 0) this.#name = [];
        if (this.#depth === this.#listDepth && this.#capture !== null) this.#isScalar = true;
        return false;
      case OPEN_OBJECT:
      case OPEN_LIST:
        this.#open(byte);
        return false;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        return this.#close();
      case COMMA:
        this.#expectsName = this.#depth === 1;
        return false;
      case COLON:
        this.#expectsName = false;
        return false;
      default:
        if (!isSpace(byte) && this.#depth === this.#listDepth && this.#capture !== null)
          this.#isScalar = true;
        return false;
    }
  }

  #open(byte: number): void {
    this.#depth += 1;
    if (byte === OPEN_OBJECT && this.#depth === 1) {
      this.#names = new Set();
      this.#isEmptied = false;
      this.#expectsName = true;
      return;
    }
    if (byte !== OPEN_LIST || this.#listDepth > 0) return;
    if (this.#depth === 1) this.#enter(1, null);
    if (this.#depth !== 2) return;
    const list = listNamed(this.#lastName, this.#names);
    if (list !== null) this.#enter(2, list);
  }

  #enter(depth: number, list: RecordList | null): void {
    this.#listDepth = depth;
    this.#list = list;
    this.#capture = null;
    this.#isEmptied = list !== null;
  }

  #close(): boolean {
    this.#depth = Math.max(0, this.#depth - 1);
    if (this.#listDepth > 0) {
      if (this.#depth >= this.#listDepth) return this.#depth === this.#listDepth;
      // The list itself has ended.
      this.#listDepth = 0;
      return false;
    }
    return this.#depth === 0 && !this.#isEmptied;
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    this.#bytes += to - from;
    if (this.#bytes > this.#maxBytes) this.#capture = [];
    else this.#capture?.push(chunk.subarray(from, to));
  }

  #take(): Line {
    this.records += 1;
    const bytes = this.#bytes;
    const text = Buffer.concat(this.#capture ?? []).toString("utf8");
    this.#capture = null;
    this.#bytes = 0;
    this.#isScalar = false;
    if (bytes > this.#maxBytes) return { at: this.records, tooLongBytes: bytes };
    const list = this.#list;
    const isNamed = this.#listDepth > 0 && list?.isNamed === true;
    return { at: this.records, text: isNamed ? `{${JSON.stringify(list.name)}:[${text}]}` : text };
  }
}
