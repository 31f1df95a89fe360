import { isValid } from "./is-valid.ts";
import { refusal, resolved, type Definitions, type ObjectShape, type Shape } from "./shape.ts";

/** Deeper proofs are given up. */
const MAX_DEPTH = 6;

/** Refuses a oneOf whose options are not shown to exclude each other: a value of two of them would not be valid. */
export function checkExclusive(root: Shape, definitions: Definitions): void {
  for (const shape of [root, ...definitions.values()]) if (shape !== null) check(shape, definitions);
}

function check(shape: Shape, definitions: Definitions): void {
  if (shape.kind === "array") [...shape.prefix, shape.items].forEach((item) => check(item, definitions));
  if (shape.kind === "object") {
    shape.properties.forEach((property) => check(property.shape, definitions));
    if (shape.additional !== null) check(shape.additional, definitions);
  }
  if (shape.kind !== "union") return;
  shape.options.forEach((option) => check(option, definitions));
  if (!shape.isExclusive) return;
  shape.options.forEach((option, index) => {
    const other = shape.options.findIndex(
      (rival, place) => place !== index && !excludes(option, rival, definitions, 0),
    );
    if (other < 0) return;
    throw refusal(
      shape.at,
      `options ${Math.min(index, other)} and ${Math.max(index, other)} of "oneOf" may both hold; use "anyOf" or tell them apart by a const`,
    );
  });
}

/** Whether no text written for `a` is valid under `b`. False also where it is not known. */
function excludes(a: Shape, b: Shape, definitions: Definitions, depth: number): boolean {
  const left = resolved(a, definitions);
  const right = resolved(b, definitions);
  if (left === null || right === null || depth > MAX_DEPTH) return false;
  if (left.kind === "never" || right.kind === "never") return true;
  if (left.kind === "any" || right.kind === "any") return false;
  if (left.kind === "union")
    return left.options.every((option) => excludes(option, right, definitions, depth + 1));
  if (right.kind === "union")
    return right.options.every((option) => excludes(left, option, definitions, depth + 1));
  if (left.kind === "literal") return left.values.every((value) => !mayHold(value, right, definitions));
  if (right.kind === "literal") return right.values.every((value) => !mayHold(value, left, definitions));
  if (left.kind !== right.kind) return true;
  if (left.kind === "number" && right.kind === "number") {
    return (
      (left.maximum !== null && right.minimum !== null && left.maximum.value < right.minimum.value) ||
      (right.maximum !== null && left.minimum !== null && right.maximum.value < left.minimum.value)
    );
  }
  if (left.kind === "object" && right.kind === "object")
    return objectsExclude(left, right, definitions, depth);
  return false;
}

function mayHold(value: Parameters<typeof isValid>[0], shape: Shape, definitions: Definitions): boolean {
  const isPlain = value === null || typeof value !== "object";
  if (isPlain || shape.kind === "literal") return isValid(value, shape, definitions);
  return shape.kind === (Array.isArray(value) ? "array" : "object");
}

function objectsExclude(a: ObjectShape, b: ObjectShape, definitions: Definitions, depth: number): boolean {
  const find = (object: ObjectShape, name: string): Shape | undefined =>
    object.properties.find((property) => property.name === name)?.shape;
  const writesOther = a.additional?.kind !== "never";
  const lacks = b.required.some((name) => find(a, name) === undefined && !writesOther);
  const differs = a.required.some((name) => {
    const [own, rival] = [find(a, name), find(b, name)];
    return own !== undefined && rival !== undefined && excludes(own, rival, definitions, depth + 1);
  });
  return lacks || differs;
}
