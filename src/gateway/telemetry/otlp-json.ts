// OTLP in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hex, 64-bit numbers are strings.

type AttributeValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly boolValue: boolean };
export type Attribute = { readonly key: string; readonly value: AttributeValue };

type Plain = string | number | boolean | { readonly double: number } | null;

/** Names and values as attributes; null is left out. */
export function attributes(values: { readonly [name: string]: Plain }): readonly Attribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === null ? [] : [{ key, value: valueOf(value) }],
  );
}

function valueOf(value: Exclude<Plain, null>): AttributeValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    case "object":
      return { doubleValue: value.double };
  }
}

/** Milliseconds since 1970 as nanoseconds, exactly. */
export function nanos(ms: number): string {
  return `${BigInt(Math.round(ms * 1000)) * 1000n}`;
}
