import { canonicalJson } from "../../core/index.ts";
import { isValid } from "./is-valid.ts";
import {
  NEVER,
  refusal,
  resolved,
  tightest,
  type ArrayShape,
  type Bound,
  type Definitions,
  type NumberShape,
  type ObjectShape,
  type Shape,
  type StringShape,
} from "./shape.ts";

export type Meeting = { readonly at: string; readonly definitions: Definitions };

/** What both shapes allow. */
export function intersect(a: Shape, b: Shape, meeting: Meeting): Shape {
  if (a.kind === "any") return b;
  if (b.kind === "any") return a;
  if (a.kind === "never" || b.kind === "never") return NEVER;
  if (a.kind === "ref") return intersect(followed(a, meeting), b, meeting);
  if (b.kind === "ref") return intersect(a, followed(b, meeting), meeting);
  if (a.kind === "union") return spread(a, (option) => intersect(option, b, meeting));
  if (b.kind === "union") return spread(b, (option) => intersect(a, option, meeting));
  if (a.kind === "literal") return filtered(a, b, meeting);
  if (b.kind === "literal") return filtered(b, a, meeting);
  if (a.kind === "number" && b.kind === "number") return numbers(a, b);
  if (a.kind === "string" && b.kind === "string") return strings(a, b);
  if (a.kind === "array" && b.kind === "array") return arrays(a, b, meeting);
  if (a.kind === "object" && b.kind === "object") return objects(a, b, meeting);
  return NEVER;
}

function followed(shape: Shape, { at, definitions }: Meeting): Shape {
  const target = resolved(shape, definitions);
  if (target !== null) return target;
  throw refusal(at, "a recursive $ref beside other keywords is not supported");
}

function spread(union: Shape & { kind: "union" }, change: (option: Shape) => Shape): Shape {
  return { ...union, options: union.options.map(change) };
}

function filtered(literal: Shape & { kind: "literal" }, shape: Shape, { definitions }: Meeting): Shape {
  const values = literal.values.filter((value) => isValid(value, shape, definitions));
  return values.length === 0 ? NEVER : { kind: "literal", values };
}

function numbers(a: NumberShape, b: NumberShape): Shape {
  const present = (bounds: readonly (Bound | null)[]): Bound[] => bounds.filter((item) => item !== null);
  return {
    ...a,
    isInteger: a.isInteger || b.isInteger,
    minimum: tightest(present([a.minimum, b.minimum]), 1),
    maximum: tightest(present([a.maximum, b.maximum]), -1),
    multiples: [...new Set([...a.multiples, ...b.multiples])],
  };
}

function strings(a: StringShape, b: StringShape): StringShape {
  return {
    ...a,
    minLength: Math.max(a.minLength, b.minLength),
    maxLength: smaller(a.maxLength, b.maxLength),
    patterns: [...new Set([...a.patterns, ...b.patterns])],
    formats: [...new Set([...a.formats, ...b.formats])],
  };
}

function arrays(a: ArrayShape, b: ArrayShape, meeting: Meeting): ArrayShape {
  const places = Math.max(a.prefix.length, b.prefix.length);
  return {
    kind: "array",
    prefix: Array.from({ length: places }, (_, index) =>
      intersect(a.prefix[index] ?? a.items, b.prefix[index] ?? b.items, meeting),
    ),
    items: intersect(a.items, b.items, meeting),
    minItems: Math.max(a.minItems, b.minItems),
    maxItems: smaller(a.maxItems, b.maxItems),
    isUnique: a.isUnique || b.isUnique,
    at: a.at,
  };
}

function objects(a: ObjectShape, b: ObjectShape, meeting: Meeting): ObjectShape {
  if (a.keys !== null || b.keys !== null) {
    if (canonicalJson(a) === canonicalJson(b)) return a;
    throw refusal(
      meeting.at,
      '"patternProperties" or "propertyNames" joined with another object is not supported',
    );
  }
  const names = [...new Set([...a.properties, ...b.properties].map((property) => property.name))];
  const shapeIn = (object: ObjectShape, name: string): Shape =>
    object.properties.find((property) => property.name === name)?.shape ??
    object.additional ?? { kind: "any" };
  return {
    kind: "object",
    properties: names.map((name) => ({
      name,
      shape: intersect(shapeIn(a, name), shapeIn(b, name), meeting),
    })),
    required: [...new Set([...a.required, ...b.required])],
    additional:
      a.additional === null || b.additional === null
        ? (a.additional ?? b.additional)
        : intersect(a.additional, b.additional, meeting),
    isListed: a.isListed || b.isListed,
    keys: null,
    minProperties: Math.max(a.minProperties, b.minProperties),
    maxProperties: smaller(a.maxProperties, b.maxProperties),
    at: a.at,
  };
}

function smaller(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
