import { jsonDepth, MAX_JSON_DEPTH } from "../../core/index.ts";

/** A JSON object whose fields are not known yet. */
export type Fields = { readonly [field: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in a list; none when it is not a list. */
export function objects(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** The object, or one without fields. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The text, or an empty one. */
export function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The text where there is one and it is not empty. */
export function nonEmpty(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A count as providers give it; null when it is none. */
export function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/** The object without the fields that are undefined. */
export function given<T extends { readonly [field: string]: unknown }>(fields: T): T {
  const names = Object.keys(fields);
  if (names.every((name) => fields[name] !== undefined)) return fields;
  const kept: { [field: string]: unknown } = {};
  for (const name of names) if (fields[name] !== undefined && name !== "__proto__") kept[name] = fields[name];
  // Leaving out undefined fields changes no type under the compiler's settings of this house.
  return kept as T;
}

/** The fields but those named, and without those that are undefined. */
export function without(fields: Fields, names: ReadonlySet<string>): Fields {
  const kept: { [field: string]: unknown } = {};
  for (const name of Object.keys(fields)) {
    // Assigned, this one would be the object's prototype.
    if (name !== "__proto__" && fields[name] !== undefined && !names.has(name)) kept[name] = fields[name];
  }
  return kept;
}

export type Fault = { readonly ok: false; readonly message: string; readonly param: string | null };

/** A body as a JSON object of bounded depth, or what is wrong with it. */
export function readObject(body: Uint8Array): { readonly ok: true; readonly value: Fields } | Fault {
  let value: unknown;
  try {
    value = JSON.parse(textOfBytes(body));
  } catch (error) {
    return { ok: false, message: `Cannot read the body as JSON: ${(error as Error).message}`, param: null };
  }
  if (!isFields(value)) return wrong(null, value, "a JSON object");
  if (jsonDepth(value) > MAX_JSON_DEPTH) {
    return { ok: false, message: `Body nests deeper than ${MAX_JSON_DEPTH} levels`, param: null };
  }
  return { ok: true, value };
}

export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

export function wrong(param: string | null, value: unknown, expected: string): Fault {
  const what = param === null ? "Body" : `\`${param}\``;
  const is = value === undefined ? "missing" : kindOf(value);
  return { ok: false, message: `${what} is ${is}, expected ${expected}`, param };
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object"
    ? "an object"
    : `the ${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}

/** Enough of a foreign text to know it by; error pages can be long. */
export function cut(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}
