import type { Json } from "../../core/index.ts";
import { FORMATS } from "./formats.ts";
import { intersect } from "./intersect.ts";
import type { JsonObject } from "./read-schema.ts";
import {
  ANY_SHAPE,
  NEVER,
  refusal,
  tightest,
  type ArrayShape,
  type Bound,
  type Definitions,
  type NumberShape,
  type ObjectShape,
  type Property,
  type Shape,
  type StringShape,
} from "./shape.ts";

type Read = (schema: Json, at: string) => Shape;

const INT32: readonly [number, number] = [-(2 ** 31), 2 ** 31 - 1];

export function readNumber(schema: JsonObject, at: string, isInteger: boolean): NumberShape {
  const format = schema["format"];
  const lower: Bound[] = format === "int32" ? [{ value: INT32[0], isExclusive: false }] : [];
  const upper: Bound[] = format === "int32" ? [{ value: INT32[1], isExclusive: false }] : [];
  lower.push(...bounds(schema["minimum"], schema["exclusiveMinimum"], at));
  upper.push(...bounds(schema["maximum"], schema["exclusiveMaximum"], at));
  const multiple = schema["multipleOf"];
  if (multiple !== undefined && (typeof multiple !== "number" || multiple <= 0)) {
    throw refusal(at, `"multipleOf" is ${JSON.stringify(multiple)}, should be a number above 0`);
  }
  return {
    kind: "number",
    isInteger: isInteger || format === "int32" || format === "int64",
    minimum: tightest(lower, 1),
    maximum: tightest(upper, -1),
    multiples: multiple === undefined ? [] : [multiple],
    at,
  };
}

/** Draft 4 wrote the exclusive bound as true or false beside the plain one. */
function bounds(plain: Json | undefined, exclusive: Json | undefined, at: string): Bound[] {
  const isOldForm = typeof exclusive === "boolean";
  for (const value of [plain, isOldForm ? undefined : exclusive]) {
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) continue;
    throw refusal(at, `a bound is ${JSON.stringify(value)}, should be a number`);
  }
  const found: Bound[] = [];
  if (typeof plain === "number") found.push({ value: plain, isExclusive: exclusive === true });
  if (typeof exclusive === "number") found.push({ value: exclusive, isExclusive: true });
  return found;
}

export function readString(schema: JsonObject, at: string): StringShape {
  const { pattern, format } = schema;
  if (pattern !== undefined && typeof pattern !== "string") {
    throw refusal(at, `"pattern" is ${JSON.stringify(pattern)}, should be a text`);
  }
  if (format !== undefined && !(typeof format === "string" && Object.hasOwn(FORMATS, format))) {
    throw refusal(
      at,
      `the format ${JSON.stringify(format)} is not known; known are ${Object.keys(FORMATS).join(", ")}`,
    );
  }
  return {
    kind: "string",
    minLength: count(schema, "minLength", at) ?? 0,
    maxLength: count(schema, "maxLength", at),
    patterns: pattern === undefined ? [] : [pattern],
    formats: typeof format === "string" ? [format] : [],
    at,
  };
}

export function readArray(schema: JsonObject, at: string, read: Read): ArrayShape {
  const { items, prefixItems, additionalItems } = schema;
  // Until draft 2019-09 a list under `items` was what is now `prefixItems`.
  const isOldForm = Array.isArray(items);
  const prefix = listOf(isOldForm ? items : prefixItems);
  const rest = isOldForm ? additionalItems : items;
  const place = isOldForm ? "additionalItems" : "items";
  return {
    kind: "array",
    prefix: prefix.map((item, index) => read(item, `${at}/${isOldForm ? "items" : "prefixItems"}/${index}`)),
    // Strict: a list of places says all there is, unless it says otherwise.
    items: rest !== undefined ? read(rest, `${at}/${place}`) : prefix.length > 0 ? NEVER : ANY_SHAPE,
    minItems: count(schema, "minItems", at) ?? 0,
    maxItems: count(schema, "maxItems", at),
    isUnique: schema["uniqueItems"] === true,
    at,
  };
}

export function readObject(
  schema: JsonObject,
  at: string,
  read: Read,
  definitions: Definitions,
): ObjectShape {
  const patterned = patternedKeys(schema, at, read);
  const declared = Object.entries(objectOf(schema["properties"])).map(([name, inner]): Property => {
    const shape = read(inner, `${at}/properties/${name}`);
    const matches = patterned !== null && new RegExp(patterned.pattern, "u").test(name);
    return { name, shape: matches ? intersect(shape, patterned.shape, { at, definitions }) : shape };
  });
  const additional = schema["additionalProperties"];
  const names = schema["propertyNames"] === undefined ? null : keysOf(schema["propertyNames"], at, read);
  if (names !== null && (declared.length > 0 || patterned !== null)) {
    throw refusal(at, '"propertyNames" is not supported beside "properties" or "patternProperties"');
  }
  return {
    kind: "object",
    properties: declared,
    required: listOf(schema["required"]).map(String),
    additional:
      patterned?.shape ?? (additional === undefined ? null : read(additional, `${at}/additionalProperties`)),
    isListed: "properties" in schema,
    keys: patterned === null ? names : keyPattern(patterned.pattern, at),
    minProperties: count(schema, "minProperties", at) ?? 0,
    maxProperties: count(schema, "maxProperties", at),
    at,
  };
}

function patternedKeys(schema: JsonObject, at: string, read: Read): { pattern: string; shape: Shape } | null {
  const entries = Object.entries(objectOf(schema["patternProperties"]));
  if (entries.length === 0) return null;
  const additional = schema["additionalProperties"];
  if (entries.length > 1 || (additional !== undefined && additional !== false)) {
    throw refusal(at, '"patternProperties" is supported with one pattern and without "additionalProperties"');
  }
  const [pattern, inner] = entries[0];
  return { pattern, shape: read(inner, `${at}/patternProperties/${pattern}`) };
}

function keysOf(schema: Json, at: string, read: Read): StringShape {
  const shape = read(
    objectOf(schema)["type"] === undefined ? { ...objectOf(schema), type: "string" } : schema,
    `${at}/propertyNames`,
  );
  if (shape.kind === "string") return shape;
  if (shape.kind === "literal")
    return keyPattern(
      `^(${shape.values.map((value) => escaped(typeof value === "string" ? value : JSON.stringify(value))).join("|")})$`,
      at,
    );
  throw refusal(at, '"propertyNames" should describe texts');
}

function keyPattern(pattern: string, at: string): StringShape {
  return { kind: "string", minLength: 0, maxLength: null, patterns: [pattern], formats: [], at };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function count(schema: JsonObject, keyword: string, at: string): number | null {
  const value = schema[keyword];
  if (value === undefined) return null;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw refusal(at, `"${keyword}" is ${JSON.stringify(value)}, should be a whole number from 0 on`);
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : {};
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
