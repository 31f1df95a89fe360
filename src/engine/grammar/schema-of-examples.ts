import type { Json } from "../../core/index.ts";

/** Few enough for a closed set, as labels are; free texts that happen to repeat have more. */
const MAX_ENUM = 64;
/** A value of a closed set was seen so often on average: with fewer, the next answer may well bring a new one. */
const MIN_SEEN_PER_VALUE = 3;
/** Fewer examples than this say nothing about what is closed. */
const MIN_FOR_ENUM = 8;
/** Longer texts are prose, not labels. */
const MAX_LABEL_LENGTH = 64;

type JsonObject = { readonly [key: string]: Json };

/**
 * A JSON Schema for answers like these, which takes every one of them. Rules, each only as narrow as the examples force:
 * - objects: all keys seen, in the order in which they were written; required are those in all; no others;
 * - objects with no common form (over `MAX_KEYS` keys): any key, values of one schema;
 * - texts: an enum where they are few, short and repeated; else any text;
 * - numbers: `integer` where all are, else `number`, no bounds; arrays: items of one schema, any length;
 * - several types: anyOf.
 */
export function schemaOfExamples(values: readonly Json[]): Json {
  if (values.length === 0) return {};
  const options = [
    ...ofStrings(values.filter((value) => typeof value === "string")),
    ...ofNumbers(values.filter((value) => typeof value === "number")),
    ...(values.some((value) => typeof value === "boolean") ? [{ type: "boolean" }] : []),
    ...(values.includes(null) ? [{ type: "null" }] : []),
    ...ofArrays(values.filter((value) => Array.isArray(value)) as readonly (readonly Json[])[]),
    ...ofObjects(values.filter(isObject)),
  ];
  return options.length === 1 ? options[0] : { anyOf: options };
}

/** Objects with more different keys are maps, not records. */
const MAX_KEYS = 100;

function ofObjects(objects: readonly JsonObject[]): Json[] {
  if (objects.length === 0) return [];
  const names = inOrder(objects.map((object) => Object.keys(object)));
  if (names.length > MAX_KEYS) {
    const inner = objects.flatMap((object) => Object.values(object));
    return [{ type: "object", additionalProperties: schemaOfExamples(inner) }];
  }
  const properties = names.map((name): [string, Json] => {
    const inner = objects.filter((object) => Object.hasOwn(object, name)).map((object) => object[name]);
    return [name, schemaOfExamples(inner)];
  });
  const required = names.filter((name) => objects.every((object) => Object.hasOwn(object, name)));
  return [
    { type: "object", properties: Object.fromEntries(properties), required, additionalProperties: false },
  ];
}

/**
 * One order of names that keeps the order of every list, where there is one (Kahn 1962, first seen first); where lists disagree,
 * the name that fewest others stand before.
 */
export function inOrder(lists: readonly (readonly string[])[]): string[] {
  const names = [...new Set(lists.flat())];
  const before = new Map(names.map((name) => [name, new Set<string>()]));
  for (const list of lists)
    list.forEach((name, index) => index > 0 && before.get(name)?.add(list[index - 1]));
  const ordered: string[] = [];
  const open = new Set(names);
  while (open.size > 0) {
    let next: string | null = null;
    let fewest = Infinity;
    for (const name of open) {
      const waiting = [...(before.get(name) ?? [])].filter((other) => open.has(other)).length;
      if (waiting < fewest) [next, fewest] = [name, waiting];
    }
    if (next === null) break;
    ordered.push(next);
    open.delete(next);
  }
  return ordered;
}

function ofStrings(texts: readonly string[]): Json[] {
  if (texts.length === 0) return [];
  const distinct = [...new Set(texts)];
  const isClosed =
    texts.length >= MIN_FOR_ENUM &&
    distinct.length <= MAX_ENUM &&
    texts.length >= distinct.length * MIN_SEEN_PER_VALUE &&
    distinct.every((text) => text.length <= MAX_LABEL_LENGTH);
  return [isClosed ? { type: "string", enum: distinct.toSorted() } : { type: "string" }];
}

function ofNumbers(numbers: readonly number[]): Json[] {
  if (numbers.length === 0) return [];
  return [{ type: numbers.every((value) => Number.isSafeInteger(value)) ? "integer" : "number" }];
}

function ofArrays(arrays: readonly (readonly Json[])[]): Json[] {
  if (arrays.length === 0) return [];
  const items = arrays.flat() as readonly Json[];
  return [items.length === 0 ? { type: "array" } : { type: "array", items: schemaOfExamples(items) }];
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
