import { canonicalAnswer, canonicalJson, type Answer, type Json } from "../../core/index.ts";
import type { Segment } from "../tagger/lattice.ts";
import { occurrences, type Span } from "./span-align.ts";
import { flatten, spanValues, valueOf, type Field, type Form, type Path } from "./span-form.ts";
import { rewrite, rewriteSegments } from "./span-rewrite.ts";
import { RULES } from "./span-rules.ts";
import { cutText, type TextSource } from "./span-source.ts";

/** The decisions that make one answer. */
export type Frame = {
  /** Per closed field of the form, in order: index of its value. */
  readonly closed: readonly number[];
  /** Sorted, not overlapping. */
  readonly segments: readonly Segment[];
};

/** A kind of span: the fields it fills, two where it is joint, and, for entities and rewriting, its type. */
export type Tag = {
  readonly fields: readonly number[];
  readonly type: string;
  readonly isRepeatable: boolean;
};

export function tagsOf(form: Form): Tag[] {
  const own = form.fields.flatMap((field, index): Tag[] => {
    if (field.kind === "span") return [{ fields: [index], type: "", isRepeatable: field.many !== "one" }];
    if (field.kind === "entities" || field.kind === "rewrite") {
      return field.types.map((type) => ({ fields: [index], type, isRepeatable: true }));
    }
    return [];
  });
  return [...own, ...form.joint.map((fields) => ({ fields, type: "", isRepeatable: false }))];
}

/** The decisions behind an answer, or null where the form cannot express it. */
export function align(form: Form, source: TextSource, answer: Answer): Frame | null {
  const frame = alignLoosely(form, source, answer);
  if (frame === null) return null;
  return canonicalAnswer(assemble(form, source, frame)) === canonicalAnswer(answer) ? frame : null;
}

function alignLoosely(form: Form, source: TextSource, answer: Answer): Frame | null {
  const value = valueOf(answer);
  if (value === null || answer.type !== form.output) return null;
  const rewriting = form.fields.find((field) => field.kind === "rewrite");
  if (rewriting !== undefined) {
    const segments = typeof value === "string" ? rewriteSegments(source, value, rewriting.types) : null;
    return segments === null ? null : { closed: [], segments };
  }
  const leaves = flatten(value).values;
  const at = (field: Field): Json | undefined =>
    field.kind === "rewrite" ? undefined : leaves.get(JSON.stringify(field.path));
  const closed = form.fields.flatMap((field) => {
    if (field.kind !== "closed") return [];
    const wanted = at(field);
    return [field.values.findIndex((known) => sameJson(known, wanted))];
  });
  if (closed.includes(-1)) return null;
  const segments = placeAll(form, source, at);
  return segments === null ? null : { closed, segments };
}

const sameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b);

type Demand = { readonly tag: number; readonly spans: readonly Span[] };

/** A span for each value: lists first, in reading order, then single values, longest first; null where one has none. */
function placeAll(form: Form, source: TextSource, at: (field: Field) => Json | undefined): Segment[] | null {
  const tags = tagsOf(form);
  const taken: Segment[] = [];
  const single: Demand[] = [];
  for (const [index, field] of form.fields.entries()) {
    if (field.kind !== "span" && field.kind !== "entities") continue;
    const value = at(field);
    const demands = demandsOf({ field, index, tags, source }, value);
    if (demands === null) return null;
    const isList = field.kind === "entities" || field.many !== "one";
    if (!isList) single.push(...demands);
    else if (!placeInOrder(demands, taken)) return null;
  }
  const longest = (demand: Demand): number =>
    Math.max(0, ...demand.spans.map((span) => span.end - span.start));
  for (const demand of joined(single, form, tags).sort((a, b) => longest(b) - longest(a))) {
    const span = preferred(source, demand.spans).find((candidate) => isFree(candidate, taken));
    if (span === undefined) return null;
    taken.push({ tag: demand.tag, ...span });
  }
  return taken.sort((a, b) => a.start - b.start);
}

/** Demands of two fields that only one span can meet become one demand, of their joint tag. */
function joined(single: readonly Demand[], form: Form, tags: readonly Tag[]): Demand[] {
  let demands = [...single];
  for (const fields of form.joint) {
    const [a, b] = fields.map((field) =>
      demands.find(({ tag }) => tags[tag].fields.length === 1 && tags[tag].fields[0] === field),
    );
    if (a === undefined || b === undefined || a.spans.length !== 1 || b.spans.length !== 1) continue;
    if (a.spans[0].start !== b.spans[0].start || a.spans[0].end !== b.spans[0].end) continue;
    const joint = { tag: tags.findIndex((tag) => tag.fields === fields), spans: a.spans };
    demands = [...demands.filter((demand) => demand !== a && demand !== b), joint];
  }
  return demands;
}

type Place = {
  readonly field: Field & { kind: "span" | "entities" };
  readonly index: number;
  readonly tags: readonly Tag[];
  readonly source: TextSource;
};

function demandsOf(place: Place, value: Json | undefined): Demand[] | null {
  const { field, index, tags, source } = place;
  const values = spanValues(field, value);
  const types =
    field.kind === "entities" && field.typeKey !== null
      ? typesIn(value, field.typeKey)
      : values.map(() => "");
  const demands = values.map((item, order) => ({
    tag: tags.findIndex(
      (tag) => tag.fields[0] === index && tag.fields.length === 1 && tag.type === types[order],
    ),
    spans: occurrences(source, item, field.rule),
  }));
  return demands.every(({ tag, spans }) => tag >= 0 && spans.length > 0) ? demands : null;
}

function typesIn(value: Json | undefined, typeKey: string): string[] {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  return items.map((item) =>
    item !== null && typeof item === "object" ? textIn((item as { [key: string]: Json })[typeKey]) : "",
  );
}

function placeInOrder(demands: readonly Demand[], taken: Segment[]): boolean {
  let from = 0;
  for (const demand of demands) {
    const free = demand.spans.filter((span) => isFree(span, taken));
    const span = free.find((candidate) => candidate.start >= from) ?? free[0];
    if (span === undefined) return false;
    taken.push({ tag: demand.tag, ...span });
    from = span.end;
  }
  return true;
}

const isFree = (span: Span, taken: readonly Span[]): boolean =>
  taken.every((other) => span.end <= other.start || span.start >= other.end);

/** The last user part first, then reading order. */
function preferred(source: TextSource, spans: readonly Span[]): Span[] {
  const user = source.parts.find((part) => part.key === "user-0");
  const isUser = (span: Span): boolean =>
    user !== undefined && span.start >= user.start && span.start < user.end;
  return [...spans.filter(isUser), ...spans.filter((span) => !isUser(span))];
}

/** Builds the answer of a frame: valid by construction. */
export function assemble(form: Form, source: TextSource, frame: Frame): Answer {
  const rewriting = form.fields.find((field) => field.kind === "rewrite");
  if (rewriting !== undefined)
    return { type: "text", text: rewrite(source, frame.segments, rewriting.types).trim() };
  const tags = tagsOf(form);
  const tree: Tree = { value: undefined };
  for (const path of form.containers) setAt(tree, path, {});
  let closed = 0;
  for (const [index, field] of form.fields.entries()) {
    if (field.kind === "rewrite") continue;
    const own = frame.segments.filter((segment) => tags[segment.tag].fields.includes(index));
    const value =
      field.kind === "closed"
        ? field.values[frame.closed[closed++]]
        : fieldValue(field, { source, own, tags });
    if (value !== undefined) setAt(tree, field.path, value);
  }
  return answerIn(form.output, tree.value ?? null);
}

type Found = { readonly source: TextSource; readonly own: readonly Segment[]; readonly tags: readonly Tag[] };

function fieldValue(field: Exclude<Field, { kind: "closed" | "rewrite" }>, found: Found): Json | undefined {
  if (field.kind === "constant") return field.value;
  const make = RULES.get(field.rule);
  const texts = found.own.map((segment) => {
    const text = cutText(found.source, segment.start, segment.end);
    return make?.(text) ?? text;
  });
  if (texts.length === 0) return field.absent;
  if (field.kind === "span")
    return field.many === "list" || (field.many === "several" && texts.length > 1) ? texts : texts[0];
  return texts.map((text, order) => {
    const type = found.tags[found.own[order].tag].type;
    const cells: { [key: string]: Json } = { ...field.constants, [field.textKey]: text };
    if (field.typeKey !== null) cells[field.typeKey] = type;
    return Object.fromEntries(field.keys.map((key) => [key, cells[key]]));
  });
}

const textIn = (value: Json | undefined): string => (typeof value === "string" ? value : "");

type Tree = { value: Json | undefined };

function setAt(tree: Tree, path: Path, value: Json): void {
  if (path.length === 0) {
    tree.value ??= value;
    return;
  }
  tree.value ??= {};
  // Objects on the way were made here, so they may be written to.
  let node = tree.value as { [key: string]: Json };
  for (const key of path.slice(0, -1)) node = (node[key] ??= {}) as { [key: string]: Json };
  const last = path[path.length - 1];
  if (!Object.hasOwn(node, last)) node[last] = value;
}

function answerIn(output: Form["output"], value: Json): Answer {
  if (output === "json") return { type: "json", value };
  if (output === "text")
    return { type: "text", text: typeof value === "string" ? value : canonicalJson(value) };
  const call = value as { name?: Json; arguments?: Json };
  return {
    type: "tool-calls",
    calls: [{ name: textIn(call.name), arguments: call.arguments ?? {} }],
    text: "",
  };
}
