import { HouseError, type Json } from "../../core/index.ts";
import type { Crf } from "../tagger/crf.ts";
import type { Entries } from "../tagger/dictionary.ts";
import { pack, unpack } from "../tagger/pack.ts";
import type { SpanSpecialist } from "./span-fit.ts";
import type { Field, Form } from "./span-form.ts";
import type { SpanModel } from "./span-model.ts";
import type { ScoreModel } from "./span-score.ts";

const VERSION = 1;

type Header = {
  readonly version: number;
  readonly form: Form;
  readonly headField: number;
  readonly components: readonly (readonly number[])[];
  readonly score: ScoreModel;
  readonly shareExpressible: number;
  readonly closed: number;
};

/** The artifact of a specialist: forms and estimates as JSON, weights and hashes as numbers; no text of any example but its closed values. */
export function packSpans(specialist: SpanSpecialist): Uint8Array {
  const { model, score, memory, shareExpressible } = specialist;
  const { headField, components } = model;
  const closed = model.closed.length;
  const header: Header = {
    version: VERSION,
    form: writtenForm(model.form),
    headField,
    components,
    score,
    shareExpressible,
    closed,
  };
  const arrays: { [name: string]: Uint32Array | Float32Array } = {
    frequent: Uint32Array.from(model.frequent),
    memory: Uint32Array.from([...memory].flat()),
    dictionary: Uint32Array.from(
      [...model.dictionary].flatMap(([key, tags]) => [...tags].flatMap(([tag, count]) => [key, tag, count])),
    ),
    tokenKeys: model.tokenKeys,
    headKeys: model.headKeys,
  };
  const columns: { [name: string]: number } = {};
  const add = (name: string, weights: Crf): void => {
    arrays[`${name}.token`] = weights.token;
    arrays[`${name}.head`] = weights.head;
    arrays[`${name}.link`] = weights.link;
    if (weights.token.length > 0) columns[`${name}.token`] = weights.token.length / model.tokenKeys.length;
  };
  add("tags", model.weights);
  model.closed.forEach((weights, order) => add(`closed${order}`, weights));
  return pack({ header, arrays }, columns);
}

/** The specialist in an artifact. Throws HouseError `bad-input` on foreign bytes. */
export function unpackSpans(artifact: Uint8Array): SpanSpecialist {
  const packed = unpack(artifact);
  // Written by packSpans alone; the version says so.
  const header = packed.header as unknown as Header;
  if (header.version !== VERSION) {
    throw new HouseError(
      "bad-input",
      `Cannot load a span-copy specialist of version ${String(header.version)}: expected ${VERSION}`,
    );
  }
  const numbers = (name: string): Uint32Array => packed.arrays[name] as Uint32Array;
  const floats = (name: string): Float32Array => packed.arrays[name] as Float32Array;
  const crf = (name: string): Crf => ({
    token: floats(`${name}.token`),
    head: floats(`${name}.head`),
    link: floats(`${name}.link`),
  });
  const model: SpanModel = {
    form: readForm(header.form),
    headField: header.headField,
    components: header.components,
    frequent: [...numbers("frequent")],
    dictionary: entriesFrom(numbers("dictionary")),
    tokenKeys: numbers("tokenKeys"),
    headKeys: numbers("headKeys"),
    weights: crf("tags"),
    closed: Array.from({ length: header.closed }, (_, order) => crf(`closed${order}`)),
  };
  const memory = new Map(pairs(numbers("memory")));
  return { model, score: header.score, memory, shareExpressible: header.shareExpressible };
}

function entriesFrom(triples: Uint32Array): Entries {
  const entries = new Map<number, Map<number, number>>();
  for (let at = 0; at < triples.length; at += 3) {
    const tags = entries.get(triples[at]) ?? new Map<number, number>();
    entries.set(triples[at], tags.set(triples[at + 1], triples[at + 2]));
  }
  return entries;
}

function pairs(flat: Uint32Array): [number, number][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]]);
}

// JSON has no undefined: the value "left out" of a closed field is written as an empty list, the others as lists of one.
function writtenForm(form: Form): Form {
  const write = (field: Field): Field =>
    field.kind === "closed"
      ? { ...field, values: field.values.map((value): Json => (value === undefined ? [] : [value])) }
      : field;
  return { ...form, fields: form.fields.map(write) };
}

function readForm(form: Form): Form {
  const read = (field: Field): Field =>
    field.kind === "closed"
      ? { ...field, values: field.values.map((value) => (value as readonly Json[])[0]) }
      : field;
  return { ...form, fields: form.fields.map(read) };
}
