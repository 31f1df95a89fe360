import { canonicalJson, type Json } from "../../core/index.ts";
import { FORMATS } from "./formats.ts";
import {
  resolved,
  type ArrayShape,
  type Definitions,
  type NumberShape,
  type ObjectShape,
  type Shape,
  type StringShape,
} from "./shape.ts";

/** Whether a value is one that a shape allows: for choosing among the values of enum and const. */
export function isValid(value: Json, shape: Shape, definitions: Definitions): boolean {
  switch (shape.kind) {
    case "any":
      return true;
    case "never":
      return false;
    case "literal":
      return shape.values.some((known) => canonicalJson(known) === canonicalJson(value));
    case "number":
      return typeof value === "number" && isNumberIn(value, shape);
    case "string":
      return typeof value === "string" && isStringIn(value, shape);
    case "array":
      return Array.isArray(value) && isArrayIn(value as readonly Json[], shape, definitions);
    case "object":
      return isObject(value) && isObjectIn(value, shape, definitions);
    case "union":
      return (
        countValid(value, shape.options, definitions) >= 1 &&
        !(shape.isExclusive && countValid(value, shape.options, definitions) > 1)
      );
    case "ref": {
      const target = resolved(shape, definitions);
      return target !== null && isValid(value, target, definitions);
    }
  }
}

function countValid(value: Json, options: readonly Shape[], definitions: Definitions): number {
  return options.filter((option) => isValid(value, option, definitions)).length;
}

function isNumberIn(value: number, shape: NumberShape): boolean {
  if (shape.isInteger && !Number.isInteger(value)) return false;
  const { minimum, maximum } = shape;
  if (minimum !== null && (value < minimum.value || (minimum.isExclusive && value === minimum.value)))
    return false;
  if (maximum !== null && (value > maximum.value || (maximum.isExclusive && value === maximum.value)))
    return false;
  return shape.multiples.every((multiple) => {
    const quotient = value / multiple;
    // 0.07 / 0.01 is 7.000000000000001: equal as decimals.
    return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient));
  });
}

function isStringIn(value: string, shape: StringShape): boolean {
  const length = Array.from(value).length;
  if (length < shape.minLength || (shape.maxLength !== null && length > shape.maxLength)) return false;
  const formats = shape.formats.flatMap((format) => FORMATS[format] ?? []);
  return [...shape.patterns, ...formats].every((pattern) => new RegExp(pattern, "u").test(value));
}

function isArrayIn(value: readonly Json[], shape: ArrayShape, definitions: Definitions): boolean {
  if (value.length < shape.minItems || (shape.maxItems !== null && value.length > shape.maxItems))
    return false;
  if (shape.isUnique && new Set(value.map(canonicalJson)).size < value.length) return false;
  return value.every((item, index) => isValid(item, shape.prefix[index] ?? shape.items, definitions));
}

function isObjectIn(
  value: { readonly [key: string]: Json },
  shape: ObjectShape,
  definitions: Definitions,
): boolean {
  const names = Object.keys(value);
  if (
    names.length < shape.minProperties ||
    (shape.maxProperties !== null && names.length > shape.maxProperties)
  )
    return false;
  if (!shape.required.every((name) => Object.hasOwn(value, name))) return false;
  return names.every((name) => {
    const property = shape.properties.find((known) => known.name === name);
    if (property !== undefined) return isValid(value[name], property.shape, definitions);
    if (shape.keys !== null && !isStringIn(name, shape.keys)) return false;
    return shape.additional === null || isValid(value[name], shape.additional, definitions);
  });
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
