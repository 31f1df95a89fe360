import { canonicalJson, type Answer, type Json, type TrainingExample } from "../../core/index.ts";
import { occurrences } from "./span-align.ts";
import { rewriteTypes } from "./span-rewrite.ts";
import { RULES } from "./span-rules.ts";
import { partKeys, sourceOf, type PartKey, type TextSource } from "./span-source.ts";

export type Path = readonly string[];

/** One decision an answer is built of. */
export type Field =
  | { readonly kind: "constant"; readonly path: Path; readonly value: Json }
  | { readonly kind: "closed"; readonly path: Path; readonly values: readonly (Json | undefined)[] }
  | {
      readonly kind: "span";
      readonly path: Path;
      readonly rule: string;
      /** How many spans fill it: one; a list of any number; or one as a plain value and several as a list. */
      readonly many: "one" | "list" | "several";
      /** What stands there when nothing was found; undefined leaves the key out. */
      readonly absent?: Json;
    }
  | {
      readonly kind: "entities";
      readonly path: Path;
      readonly rule: string;
      readonly textKey: string;
      readonly typeKey: string | null;
      readonly types: readonly string[];
      readonly constants: { readonly [key: string]: Json };
      readonly keys: readonly string[];
      readonly absent?: Json;
    }
  | { readonly kind: "rewrite"; readonly types: readonly string[] };

/** How the answers of a task are built. */
export type Form = {
  readonly output: "json" | "tool-calls" | "text";
  readonly fields: readonly Field[];
  /** Objects that stand in every answer, also when empty. */
  readonly containers: readonly Path[];
  /** Parts in which values are found, most often first. */
  readonly sources: readonly PartKey[];
  /** Pairs of span fields that one span can fill at once ("in an hour": date and time). */
  readonly joint: readonly (readonly [number, number])[];
};

// A field is copied when this share of its values stands in the input; below it the rest would be guessed.
const MIN_SHARE_COPIED = 0.7;
// A few values that often but not always stand in the input ("play" said for the intent play) are a choice, not copies.
const SURE_SHARE_COPIED = 0.97;
const FEW_VALUES = 40;
// A closed field: almost every value occurs more than once, and there are not too many.
const MIN_SHARE_REPEATED = 0.9;
const MAX_CLOSED_VALUES = 200;
// Parts that hold fewer of the values than this are context.
const MIN_SHARE_OF_PART = 0.02;

/** The answer as one JSON value; null where the form of the answer is not one we build. */
export function valueOf(answer: Answer): Json | null {
  switch (answer.type) {
    case "json":
      return answer.value;
    case "text":
      return answer.text;
    case "tool-calls":
      return answer.calls.length === 1
        ? { name: answer.calls[0].name, arguments: answer.calls[0].arguments }
        : null;
  }
}

/** Infers the form of the answers from examples. Complexity: linear in the text of the examples times the fields. */
export function inferForm(examples: readonly TrainingExample[]): Form {
  const output = commonest(examples.map((example) => example.answer.type)) ?? "text";
  const items = examples
    .filter((example) => example.answer.type === output)
    .map((example) => ({
      source: sourceOf(example.input, allParts(example)),
      value: valueOf(example.answer),
    }));
  const known = items.filter((item): item is Item => item.value !== null);
  const types = output === "text" ? rewriteTypes(known) : [];
  if (types.length > 0)
    return { output, fields: [{ kind: "rewrite", types }], containers: [], sources: ["user-0"], joint: [] };
  const flat = known.map((item) => ({ source: item.source, leaves: flatten(item.value) }));
  const fields = pathsOf(flat).flatMap((path) => fieldOf(path, flat) ?? []);
  const [containers, sources] = [containersOf(flat), sourcesOf(flat, fields)];
  return { output, fields, containers, sources, joint: jointOf(flat, fields) };
}

type Item = { readonly source: TextSource; readonly value: Json };
type Flat = { readonly source: TextSource; readonly leaves: Leaves };
type Leaves = { readonly values: ReadonlyMap<string, Json>; readonly containers: ReadonlySet<string> };

const keyOf = (path: Path): string => JSON.stringify(path);
// Keys are made by keyOf alone.
const pathIn = (key: string): Path => JSON.parse(key) as string[];

function allParts(example: TrainingExample): PartKey[] {
  return partKeys(example.input);
}

/** Scalars and arrays by path; objects on the way. */
export function flatten(value: Json): Leaves {
  const values = new Map<string, Json>();
  const containers = new Set<string>();
  const walk = (inner: Json, path: Path): void => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) {
      values.set(keyOf(path), inner);
      return;
    }
    containers.add(keyOf(path));
    for (const [key, next] of Object.entries(inner)) walk(next, [...path, key]);
  };
  walk(value, []);
  return { values, containers };
}

/** Paths in the order in which answers have them: mean position, commonest first where equal. */
function pathsOf(flat: readonly Flat[]): Path[] {
  const places = new Map<string, { sum: number; count: number }>();
  for (const { leaves } of flat) {
    [...leaves.values.keys()].forEach((key, index) => {
      const place = places.get(key) ?? { sum: 0, count: 0 };
      places.set(key, { sum: place.sum + index, count: place.count + 1 });
    });
  }
  const ordered = [...places].sort(([, a], [, b]) => a.sum / a.count - b.sum / b.count || b.count - a.count);
  return ordered.map(([key]) => pathIn(key)).filter(isSafe);
}

// Answers are built by assignment: this key would write to the prototype of all objects, so no answer is built with it.
const isSafe = (path: Path): boolean => !path.includes("__proto__");

function containersOf(flat: readonly Flat[]): Path[] {
  const counts = new Map<string, number>();
  for (const { leaves } of flat)
    for (const key of leaves.containers) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > flat.length / 2)
    .map(([key]) => pathIn(key))
    .filter(isSafe);
}

function fieldOf(path: Path, flat: readonly Flat[]): Field | null {
  const key = keyOf(path);
  const seen = flat.flatMap((item) => {
    const value = item.leaves.values.get(key);
    return value === undefined ? [] : [{ source: item.source, value }];
  });
  const isFull = ({ value }: { value: Json }): boolean => Array.isArray(value) && value.length > 0;
  const lists = seen.filter(({ value }) => Array.isArray(value));
  if (lists.length > 0 && 2 * lists.length < seen.length) return severalField(path, seen, flat.length);
  if (lists.length > 0) {
    const items = seen
      .filter(isFull)
      .map(({ source, value }) => ({ source, items: value as readonly Json[] }));
    const absent = seen.length > 0.9 * flat.length ? [] : undefined;
    return listField(path, items, absent);
  }
  const distinct = new Set(seen.map(({ value }) => canonicalJson(value)));
  if (distinct.size === 1 && seen.length === flat.length)
    return { kind: "constant", path, value: seen[0].value };
  const values = seen.filter(({ value }) => value !== null && value !== "");
  const best = bestRule(values);
  if (best !== null && best.share >= MIN_SHARE_COPIED && typeof values[0]?.value !== "boolean") {
    const choice =
      best.share < SURE_SHARE_COPIED
        ? closedField(
            path,
            seen.map(({ value }) => value),
            flat.length,
          )
        : null;
    if (choice !== null && choice.values.length <= FEW_VALUES) return choice;
    return { kind: "span", path, rule: best.rule, many: "one", absent: absentOf(seen, flat.length) };
  }
  return closedField(
    path,
    seen.map(({ value }) => value),
    flat.length,
  );
}

/** A plain value as a rule, a list where there are several. */
function severalField(
  path: Path,
  seen: readonly { source: TextSource; value: Json }[],
  total: number,
): Field | null {
  const flat = seen.flatMap(({ source, value }) =>
    (Array.isArray(value) ? (value as readonly Json[]) : [value]).map((item) => ({ source, value: item })),
  );
  const best = bestRule(flat.filter(({ value }) => value !== null && value !== ""));
  if (best === null || best.share < MIN_SHARE_COPIED) return null;
  return { kind: "span", path, rule: best.rule, many: "several", absent: absentOf(seen, total) };
}

/** null or "" where the model writes it for what was not found. */
function absentOf(seen: readonly { value: Json }[], total: number): Json | undefined {
  const empty = seen.filter(({ value }) => value === null || value === "").map(({ value }) => value);
  if (empty.length === 0 || empty.length < total - seen.length) return undefined;
  return commonest(empty.map((value) => canonicalJson(value))) === '""' ? "" : null;
}

function closedField(
  path: Path,
  values: readonly Json[],
  total: number,
): (Field & { kind: "closed" }) | null {
  const counts = new Map<string, { value: Json; count: number }>();
  for (const value of values) {
    const text = canonicalJson(value);
    counts.set(text, { value, count: (counts.get(text)?.count ?? 0) + 1 });
  }
  const repeated = [...counts.values()].filter(({ count }) => count > 1);
  const share = repeated.reduce((sum, { count }) => sum + count, 0) / values.length;
  if (share < MIN_SHARE_REPEATED || repeated.length > MAX_CLOSED_VALUES) return null;
  const list: (Json | undefined)[] = repeated.map(({ value }) => value);
  if (values.length < total) list.push(undefined);
  return { kind: "closed", path, values: list };
}

type List = { readonly source: TextSource; readonly items: readonly Json[] };

function listField(path: Path, lists: readonly List[], absent: Json | undefined): Field | null {
  const isRecord = (item: Json): item is { [key: string]: Json } =>
    item !== null && typeof item === "object" && !Array.isArray(item);
  const flat = lists.flatMap(({ source, items }) => items.map((item) => ({ source, value: item })));
  if (flat.length === 0) return absent === undefined ? null : { kind: "constant", path, value: absent };
  if (!flat.every(({ value }) => isRecord(value))) {
    const best = bestRule(flat);
    if (best === null || best.share < MIN_SHARE_COPIED) return null;
    return { kind: "span", path, rule: best.rule, many: "list", absent };
  }
  const records = flat.map(({ source, value }) => ({ source, value: value as { [key: string]: Json } }));
  return entitiesField(path, records, absent);
}

function entitiesField(
  path: Path,
  records: readonly { source: TextSource; value: { [key: string]: Json } }[],
  absent: Json | undefined,
): Field | null {
  const keys = Object.keys(records[0].value);
  const columns = keys.map((key) => {
    const cells = records.map(({ source, value }) => ({ source, value: value[key] ?? null }));
    const distinct = new Set(cells.map(({ value }) => canonicalJson(value))).size;
    return { key, distinct, best: bestRule(cells), cells };
  });
  const copied = columns
    .filter(({ best }) => best !== null && best.share >= MIN_SHARE_COPIED)
    .sort((a, b) => b.distinct - a.distinct);
  if (copied.length === 0) return null;
  const text = copied[0];
  const rest = columns.filter((column) => column !== text && column.distinct > 1);
  const type = rest[0];
  if (
    rest.length > 1 ||
    (type !== undefined && (type.distinct > MAX_CLOSED_VALUES || typeof type.cells[0].value !== "string"))
  )
    return null;
  const constants = columns
    .filter((column) => column !== text && column.distinct === 1)
    .map(({ key, cells }) => [key, cells[0].value]);
  return {
    kind: "entities",
    path,
    rule: text.best?.rule ?? "verbatim",
    textKey: text.key,
    typeKey: type?.key ?? null,
    types:
      type === undefined
        ? [""]
        : [...new Set(type.cells.flatMap(({ value }) => (typeof value === "string" ? [value] : [])))].sort(),
    constants: Object.fromEntries(constants) as { [key: string]: Json },
    keys,
    absent,
  };
}

// A few hundred values tell the rule of a field; more would only cost time.
const MAX_RULE_SAMPLE = 400;

function bestRule(
  values: readonly { source: TextSource; value: Json }[],
): { rule: string; share: number } | null {
  if (values.length === 0) return null;
  const step = Math.ceil(values.length / MAX_RULE_SAMPLE);
  const sample = values.filter((_, index) => index % step === 0);
  let best: { rule: string; share: number } | null = null;
  for (const rule of RULES.keys()) {
    const hits = sample.filter(({ source, value }) => occurrences(source, value, rule).length > 0).length;
    if (best === null || hits / sample.length > best.share) best = { rule, share: hits / sample.length };
  }
  return best;
}

/** Parts that hold values, most often first. A value that stands in several parts counts for the last user part, else the latest. */
function sourcesOf(flat: readonly Flat[], fields: readonly Field[]): PartKey[] {
  const counts = new Map<PartKey, number>();
  let total = 0;
  for (const { source, leaves } of flat) {
    for (const field of fields) {
      if (field.kind !== "span" && field.kind !== "entities") continue;
      for (const value of spanValues(field, leaves.values.get(keyOf(field.path)))) {
        const found = occurrences(source, value, field.rule).map(
          ({ start }) => source.parts.find((part) => start < part.end)?.key ?? "",
        );
        if (found.length === 0) continue;
        const key = found.includes("user-0") ? "user-0" : (found.at(-1) ?? "");
        counts.set(key, (counts.get(key) ?? 0) + 1);
        total += 1;
      }
    }
  }
  const kept = [...counts]
    .filter(([, count]) => count >= MIN_SHARE_OF_PART * total)
    .sort(([, a], [, b]) => b - a);
  return kept.length > 0 ? kept.map(([key]) => key) : ["user-0"];
}

/** Pairs of single span fields that at least twice have the same value where the input has it once. */
function jointOf(flat: readonly Flat[], fields: readonly Field[]): [number, number][] {
  const single = [...fields.entries()].flatMap(([index, field]) =>
    field.kind === "span" && field.many === "one" ? [{ index, field }] : [],
  );
  const pairs = single.flatMap((a) => single.filter((b) => b.index > a.index).map((b) => ({ a, b })));
  const isShared = ({ source, leaves }: Flat, { a, b }: (typeof pairs)[number]): boolean => {
    const value = leaves.values.get(keyOf(a.field.path));
    if (value === undefined || canonicalJson(value) !== canonicalJson(leaves.values.get(keyOf(b.field.path))))
      return false;
    return a.field.rule === b.field.rule && occurrences(source, value, a.field.rule).length === 1;
  };
  const kept = pairs.filter((pair) => flat.filter((item) => isShared(item, pair)).length > 1);
  return kept.map(({ a, b }) => [a.index, b.index]);
}

/** The texts of a field's spans in one answer. */
export function spanValues(field: Field, value: Json | undefined): Json[] {
  if (value === undefined || value === null || value === "") return [];
  if (field.kind === "entities") {
    const items = Array.isArray(value) ? (value as readonly Json[]) : [];
    return items.map((item) =>
      item !== null && typeof item === "object"
        ? ((item as { [key: string]: Json })[field.textKey] ?? null)
        : null,
    );
  }
  return Array.isArray(value) ? [...(value as readonly Json[])] : [value];
}

function commonest<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
