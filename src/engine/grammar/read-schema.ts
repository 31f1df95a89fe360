import { canonicalJson, type Json } from "../../core/index.ts";
import { intersect } from "./intersect.ts";
import { readArray, readNumber, readObject, readString } from "./read-typed.ts";
import { ANY_SHAPE, NEVER, refusal, type Definitions, type Shape } from "./shape.ts";

export type JsonObject = { readonly [key: string]: Json };

/** A schema being read: its whole, for references, and what they led to. */
export type Reading = { readonly root: Json; readonly definitions: Definitions };

/** Says nothing about which values are valid. */
const ANNOTATIONS = new Set(
  (
    "title description default example examples deprecated readOnly writeOnly discriminator externalDocs xml " +
    "$schema $id $comment $defs definitions contentMediaType contentEncoding strict"
  ).split(" "),
);
const CONSTRAINTS = new Set(
  (
    "type enum const nullable allOf anyOf oneOf $ref properties required additionalProperties patternProperties propertyNames " +
    "minProperties maxProperties items prefixItems additionalItems minItems maxItems uniqueItems minLength maxLength pattern " +
    "format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf unevaluatedProperties unevaluatedItems"
  ).split(" "),
);
const KEYWORDS_OF: Readonly<Record<string, readonly string[]>> = {
  object: [
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
  ],
  array: ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"],
  string: ["minLength", "maxLength", "pattern"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
};
const NUMBER_FORMATS = new Set(["int32", "int64", "float", "double"]);

/** What a schema allows. Throws HouseError `bad-input` on anything a grammar cannot hold. */
export function readSchema(schema: Json, at: string, reading: Reading): Shape {
  if (schema === true) return ANY_SHAPE;
  if (schema === false) return NEVER;
  if (schema === null || typeof schema !== "object" || Array.isArray(schema)) {
    throw refusal(at, `a schema is ${JSON.stringify(schema)}, should be an object, true or false`);
  }
  // Arrays were turned away above.
  const fields = schema as JsonObject;
  checkKeywords(fields, at);
  const parts = [typed(fields, at, reading), ...combined(fields, at, reading)];
  let shape: Shape = ANY_SHAPE;
  for (const part of parts) shape = intersect(shape, part, { at, definitions: reading.definitions });
  if (fields["nullable"] !== true) return shape;
  return { kind: "union", options: [shape, { kind: "literal", values: [null] }], isExclusive: false, at };
}

function checkKeywords(schema: JsonObject, at: string): void {
  for (const [keyword, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword) || keyword.startsWith("x-")) continue;
    if (!CONSTRAINTS.has(keyword)) throw refusal(at, `the keyword "${keyword}" is not supported`);
    // Nothing beyond what is declared is ever written, so forbidding the rest changes nothing.
    if (keyword.startsWith("unevaluated") && value !== false)
      throw refusal(at, `"${keyword}" is only supported as false`);
  }
}

function typed(schema: JsonObject, at: string, reading: Reading): Shape {
  const types = typesOf(schema, at);
  if (types.length === 0) return ANY_SHAPE;
  const options = types.map((type) => ofType(type, schema, { at, reading }));
  return options.length === 1 ? options[0] : { kind: "union", options, isExclusive: false, at };
}

/** The types a schema names; without any, those its keywords speak of. */
function typesOf(schema: JsonObject, at: string): string[] {
  const { type } = schema;
  if (typeof type === "string") return [type];
  if (Array.isArray(type)) {
    const names = [...new Set(type.map(String))];
    return names.includes("number") ? names.filter((name) => name !== "integer") : names;
  }
  if (type !== undefined)
    throw refusal(at, `"type" is ${JSON.stringify(type)}, should be a name or a list of names`);
  const spoken = Object.keys(KEYWORDS_OF).filter((name) =>
    KEYWORDS_OF[name].some((keyword) => keyword in schema),
  );
  if (spoken.length > 0 || schema["format"] === undefined) return spoken;
  return [typeof schema["format"] === "string" && NUMBER_FORMATS.has(schema["format"]) ? "number" : "string"];
}

function ofType(type: string, schema: JsonObject, { at, reading }: { at: string; reading: Reading }): Shape {
  switch (type) {
    case "object":
      return readObject(schema, at, (inner, place) => readSchema(inner, place, reading), reading.definitions);
    case "array":
      return readArray(schema, at, (inner, place) => readSchema(inner, place, reading));
    case "string":
      return readString(schema, at);
    case "integer":
    case "number":
      return readNumber(schema, at, type === "integer");
    case "boolean":
      return { kind: "literal", values: [true, false] };
    case "null":
      return { kind: "literal", values: [null] };
    default:
      throw refusal(at, `the type "${type}" is not one of JSON Schema`);
  }
}

function combined(schema: JsonObject, at: string, reading: Reading): Shape[] {
  const parts: Shape[] = [];
  if (schema["$ref"] !== undefined) parts.push(reference(schema["$ref"], at, reading));
  listOf(schema["allOf"]).forEach((inner, index) =>
    parts.push(readSchema(inner, `${at}/allOf/${index}`, reading)),
  );
  for (const keyword of ["anyOf", "oneOf"]) {
    if (schema[keyword] === undefined) continue;
    const options = listOf(schema[keyword]).map((inner, index) =>
      readSchema(inner, `${at}/${keyword}/${index}`, reading),
    );
    if (options.length === 0) throw refusal(at, `"${keyword}" is empty, should have options`);
    parts.push({ kind: "union", options, isExclusive: keyword === "oneOf", at });
  }
  if (schema["enum"] !== undefined) parts.push({ kind: "literal", values: distinct(listOf(schema["enum"])) });
  if (schema["const"] !== undefined) parts.push({ kind: "literal", values: [schema["const"]] });
  return parts;
}

function reference(ref: Json, at: string, reading: Reading): Shape {
  if (typeof ref !== "string" || !/^#($|\/)/.test(ref)) {
    throw refusal(at, `"$ref" is ${JSON.stringify(ref)}, should be a place in the same schema: #/$defs/…`);
  }
  if (!reading.definitions.has(ref)) {
    reading.definitions.set(ref, null);
    reading.definitions.set(ref, readSchema(atPointer(reading.root, ref, at), ref, reading));
  }
  return { kind: "ref", pointer: ref };
}

/** RFC 6901. */
function atPointer(root: Json, pointer: string, at: string): Json {
  let place: Json | undefined = root;
  for (const step of pointer.split("/").slice(1)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    // Arrays are indexed by their keys like objects.
    place =
      place !== null && typeof place === "object" && Object.hasOwn(place, key)
        ? (place as JsonObject)[key]
        : undefined;
    if (place === undefined) throw refusal(at, `"$ref" is "${pointer}", which is not in the schema`);
  }
  return place;
}

function distinct(values: readonly Json[]): Json[] {
  return [...new Map(values.map((value) => [canonicalJson(value), value])).values()];
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
