import { contentHash, HouseError, type Call, type Progress } from "../core/index.ts";
import type { AddResult, Store } from "../store/index.ts";
import { formatOf, type LogFormat } from "./formats.ts";
import { asFinetune, FORMS, Halves, type Found, type Settled } from "./forms/index.ts";
import {
  callOf,
  callsOfFinetune,
  parseRecords,
  recordOf,
  refusal,
  RefusedLine,
  type Refusal,
} from "./parse.ts";
import { recordsOf, type Piece } from "./records.ts";

/** Calls written in one transaction: large enough to be fast, small enough that little is done again after a kill. */
const BATCH_CALLS = 500;
/** Requests of Batch input files kept until their output comes: two full Batch files (50,000 requests each). */
const MAX_PENDING_REQUESTS = 100_000;

/** A refused line; of a file that is one document, the record of that number. */
export type RefusedLineReport = Refusal & {
  readonly file: string;
  readonly unit: "line" | "record";
  readonly line: number;
  readonly text: string;
};

export type ImportCounts = {
  readonly files: number;
  /** Lines with something on them; of a document, its records. */
  readonly lines: number;
  /** What the lines held: one record each, or the elements of a list. */
  readonly records: number;
  readonly calls: number;
  readonly taken: number;
  readonly repeated: number;
  readonly refused: number;
  /** Records of traces that are no call of a model: tools, chains, scores. */
  readonly passed: number;
  /** Lines refused, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Lines read, by form. */
  readonly formats: Readonly<Record<string, number>>;
};

export type ImportOptions = {
  /** Read every line as this form instead of telling it by its fields. */
  readonly format?: LogFormat;
  readonly progress?: Progress;
  /** Gets every refused line, in order. */
  readonly onRefused?: (report: RefusedLineReport) => void;
  readonly signal?: AbortSignal;
};

/**
 * Takes logs into the store, line by line, with memory flat in their size. A broken line is counted and reported and
 * stops nothing; a call that is there already is not taken twice. Throws HouseError bad-input when a file cannot be
 * read to its end; what came before it is in the store.
 */
export async function importLogs(
  store: Store,
  files: readonly string[],
  options: ImportOptions = {},
): Promise<ImportCounts> {
  const run = new ImportRun(store, options);
  for (const file of files) {
    try {
      for await (const piece of recordsOf(file)) {
        run.piece(file, piece);
        if (options.signal?.aborted === true) break;
      }
    } finally {
      run.flush();
    }
    if (options.signal?.aborted === true)
      throw new HouseError(
        "cancelled",
        `Stopped while importing "${file}": ${run.counts().taken} calls are in the store; run the same command to go on`,
      );
  }
  run.finish();
  return run.counts();
}

type Place = { readonly file: string; readonly unit: "line" | "record"; readonly line: number };
type Source = Place & { text: string };
type Held = { readonly call: Call; readonly place: Place };

const sumOf = (a: AddResult, b: AddResult): AddResult => ({
  taken: a.taken + b.taken,
  repeated: a.repeated + b.repeated,
  conflicting: [...a.conflicting, ...b.conflicting],
});

class ImportRun {
  readonly #store: Store;
  readonly #options: ImportOptions;
  readonly #files = new Set<string>();
  readonly #reasons: Record<string, number> = {};
  readonly #formats: Record<string, number> = {};
  readonly #pending = new Map<string, unknown>();
  readonly #halves = new Halves<Place>();
  #batch: Held[] = [];
  #lines = 0;
  #records = 0;
  #calls = 0;
  #taken = 0;
  #repeated = 0;
  #refused = 0;
  #passed = 0;

  constructor(store: Store, options: ImportOptions) {
    this.#store = store;
    this.#options = options;
  }

  piece(file: string, { line, unit }: Piece): void {
    this.#files.add(file);
    const isCutOff = "isCutOff" in line && line.isCutOff === true;
    if ("text" in line && line.text.trim() === "" && !isCutOff) return;
    this.#lines += 1;
    const source = { file, unit, line: line.at, text: "text" in line ? line.text : "" };
    let records: readonly unknown[] = [];
    this.#orRefuse(source, () => {
      this.#records += 1;
      if ("tooLongBytes" in line)
        throw refusal("line-too-long", `is ${line.tooLongBytes} bytes long, more than is read`);
      if (isCutOff) throw refusal("not-json", "is cut off: the file ends inside its JSON");
      records = parseRecords(line.text);
      this.#records += records.length - 1;
    });
    for (const record of records) this.#orRefuse(source, () => this.#record(record, source));
    if (this.#batch.length >= BATCH_CALLS) this.flush();
    if (this.#lines % 200 === 0)
      this.#options.progress?.({ stage: "import", done: this.#lines, total: null, unit: "lines" });
  }

  #orRefuse(source: Source, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RefusedLine)) throw error;
      const { file, unit, line, text } = source;
      this.#refuse({ ...error.refusal, file, unit, line, text });
      // A line with many refused records is reported with its text once.
      source.text = "";
    }
  }

  /** Takes what has waited for its other half until now. */
  finish(): void {
    this.#settle(this.#halves.rest());
    this.flush();
  }

  #settle(settled: readonly Settled<Place>[]): void {
    for (const { found, place } of settled)
      this.#orRefuse({ ...place, text: "" }, () => this.#take(found, place));
  }

  flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    const result = this.#add(batch);
    this.#taken += result.taken;
    this.#repeated += result.repeated;
    // Of several calls with one id the first may have been taken: the later ones are those that conflict.
    const conflicting = new Map<string, number>();
    for (const id of result.conflicting) conflicting.set(id, (conflicting.get(id) ?? 0) + 1);
    const refused = batch.toReversed().filter(({ call }) => {
      const left = conflicting.get(call.id) ?? 0;
      conflicting.set(call.id, left - 1);
      return left > 0;
    });
    for (const { call, place } of refused.toReversed()) {
      const detail = `id "${call.id}" is in the store already, with other content`;
      this.#refuse({ reason: "id-taken", detail, ...place, text: "" });
    }
  }

  /** One call that the store cannot hold must not take its neighbours with it. */
  #add(batch: readonly Held[]): AddResult {
    try {
      return this.#store.calls.add(batch.map(({ call }) => call));
    } catch (error) {
      // A full or broken store refuses them all, and says so itself.
      if (error instanceof HouseError) throw error;
      if (batch.length > 1) return batch.map((one) => this.#add([one])).reduce(sumOf);
      const detail = `cannot be stored: ${(error as Error).message}`;
      this.#refuse({ reason: "unstorable", detail, ...batch[0].place, text: "" });
      return { taken: 0, repeated: 0, conflicting: [] };
    }
  }

  counts(): ImportCounts {
    const { length: pending } = [...this.#pending.keys()];
    const reasons = pending === 0 ? this.#reasons : { ...this.#reasons, "no-answer": pending };
    return {
      files: this.#files.size,
      lines: this.#lines,
      records: this.#records,
      calls: this.#calls,
      taken: this.#taken,
      repeated: this.#repeated,
      refused: this.#refused + pending,
      passed: this.#passed,
      reasons,
      formats: this.#formats,
    };
  }

  #record(value: unknown, source: Source): void {
    const fields = recordOf(value);
    const format = this.#options.format ?? formatOf(fields);
    if (format === null)
      throw refusal(
        "unknown-form",
        `has none of the known forms; its fields are ${Object.keys(fields).slice(0, 8).join(", ")}`,
      );
    this.#formats[format] = (this.#formats[format] ?? 0) + 1;
    const { file, unit, line } = source;
    for (const found of this.#read(format, fields))
      this.#orRefuse(source, () => this.#take(found, { file, unit, line }));
  }

  /** A record that trips a reader of ours up must not end an import of millions. */
  #read(format: LogFormat, fields: { readonly [field: string]: unknown }): readonly (Found | Call)[] {
    try {
      return this.#foundIn(format, fields);
    } catch (error) {
      if (error instanceof HouseError) throw error;
      throw refusal(
        "unreadable",
        `cannot be read as ${format}: ${(error as Error).message}; please report it`,
      );
    }
  }

  #take(found: Found | Call, place: Place): void {
    if (!("kind" in found)) return this.#keep(found, place);
    switch (found.kind) {
      case "call":
        return this.#keep(callOf(found.draft, this.#pseudonym), place);
      case "other":
        this.#passed += 1;
        return;
      case "half":
        this.#settle(this.#halves.add(found.half, place));
        return;
      case "no-content":
      case "bad-response":
        throw refusal(found.kind, found.detail);
    }
  }

  #keep(call: Call, place: Place): void {
    this.#calls += 1;
    this.#batch.push({ call, place });
  }

  readonly #pseudonym = (kind: "user" | "client" | "session", value: string): string =>
    this.#store.pseudonym(kind, value);

  #foundIn(format: LogFormat, fields: { readonly [field: string]: unknown }): readonly (Found | Call)[] {
    switch (format) {
      case "calls":
        return [callOf(fields, this.#pseudonym)];
      case "openai-finetune":
        return callsOfFinetune(fields, this.#pseudonym);
      case "sharegpt":
        return callsOfFinetune(asFinetune(fields), this.#pseudonym);
      case "completions":
        return [callOf(pairOf(fields), this.#pseudonym)];
      case "openai-batch-input":
        return this.#hold(fields);
      case "openai-batch-output":
        return [callOf(this.#join(fields), this.#pseudonym)];
      default:
        return FORMS[format].read(fields);
    }
  }

  #hold(fields: { readonly [field: string]: unknown }): Call[] {
    if (this.#pending.size >= MAX_PENDING_REQUESTS)
      throw refusal(
        "no-request",
        `more than ${MAX_PENDING_REQUESTS} Batch requests wait for their output; give each input file just before its output file`,
      );
    this.#pending.set(String(fields["custom_id"]), fields["body"]);
    return [];
  }

  #join(fields: { readonly [field: string]: unknown }): { readonly [field: string]: unknown } {
    const customId = String(fields["custom_id"]);
    const request = this.#pending.get(customId);
    if (request === undefined)
      throw refusal(
        "no-request",
        `the request of custom_id "${customId}" is not known; give the Batch input file before its output file`,
      );
    this.#pending.delete(customId);
    const response = fields["response"] as { status_code?: number; body?: unknown } | null;
    const failed = response === null || response.status_code !== 200;
    const id = typeof fields["id"] === "string" ? fields["id"] : `call_${contentHash(fields, 24)}`;
    return {
      id,
      custom_id: customId,
      request,
      response: failed ? null : response.body,
      status: response?.status_code ?? 500,
      error: fields["error"] ?? (failed ? response?.body : null),
    };
  }

  #refuse(report: RefusedLineReport): void {
    this.#refused += 1;
    this.#reasons[report.reason] = (this.#reasons[report.reason] ?? 0) + 1;
    this.#options.onRefused?.(report);
  }
}

/** A stored completion, or an input/output pair, in the call form. */
function pairOf(fields: { readonly [field: string]: unknown }): { readonly [field: string]: unknown } {
  if (fields["input"] !== undefined) {
    const { input, output, ...rest } = fields;
    return { ...rest, request: input, response: output };
  }
  const { messages, tools, response_format, temperature, choices, usage, model, object: _, ...rest } = fields;
  const request = {
    model,
    messages,
    tools: tools ?? undefined,
    response_format: response_format ?? undefined,
    temperature,
  };
  return { ...rest, request, response: { choices, usage, model } };
}
