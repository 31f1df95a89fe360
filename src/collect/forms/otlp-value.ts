import { fieldsOf, isFields, listOf, type Fields } from "./fields.ts";

/** The attributes of a span, an event or a resource, as plain values. */
export function attributesOf(value: unknown): Fields {
  // Some exporters write attributes as an object already.
  if (isFields(value)) return value;
  const named = listOf(value).filter((entry) => typeof entry["key"] === "string");
  return Object.fromEntries(named.map((entry) => [entry["key"], anyValue(entry["value"])]));
}

/** An AnyValue of OTLP's JSON as the value it carries. */
export function anyValue(value: unknown): unknown {
  if (!isFields(value)) return value;
  const text = value["stringValue"] ?? value["string_value"];
  if (text !== undefined) return text;
  const whole = value["intValue"] ?? value["int_value"];
  // 64-bit numbers are texts in OTLP's JSON.
  if (whole !== undefined) return Number(whole);
  const other = value["doubleValue"] ?? value["double_value"] ?? value["boolValue"] ?? value["bool_value"];
  if (other !== undefined) return other;
  const list = value["arrayValue"] ?? value["array_value"];
  if (list !== undefined) return listValues(fieldsOf(list)["values"]);
  const map = value["kvlistValue"] ?? value["kvlist_value"];
  if (map !== undefined) return attributesOf(fieldsOf(map)["values"] ?? []);
  return value["bytesValue"] ?? value["bytes_value"] ?? null;
}

const listValues = (values: unknown): unknown[] => (Array.isArray(values) ? values.map(anyValue) : []);

/**
 * Flattened lists: `prefix.0.role`, `prefix.0.tool_calls.0.name`, … as a list of objects of the rest of their names, in order.
 */
export function indexed(attributes: Fields, prefix: string): Fields[] {
  const entries = new Map<number, { [name: string]: unknown }>();
  for (const [name, value] of Object.entries(attributes)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const match = /^(\d{1,6})\.(.+)$/.exec(name.slice(prefix.length + 1));
    if (match === null) continue;
    const index = Number(match[1]);
    const entry = entries.get(index) ?? Object.create(null);
    entries.set(index, entry as { [name: string]: unknown });
    (entry as { [name: string]: unknown })[match[2]] = value;
  }
  return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
}

/** Milliseconds since 1970 of a time in nanoseconds, a text or a number. */
export function nanoMs(value: unknown): number | undefined {
  if (typeof value === "number" && value > 0) return value / 1e6;
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value) || value === "0") return undefined;
  return Number(BigInt(value) / 1000n) / 1000;
}
