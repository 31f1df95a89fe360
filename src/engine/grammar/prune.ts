import { isBoundByLength, numberAutomaton, stringAutomaton } from "./leaf.ts";
import {
  ANY_SHAPE,
  NEVER,
  type ArrayShape,
  type Definitions,
  type NumberShape,
  type ObjectShape,
  type Shape,
} from "./shape.ts";

/**
 * The same shape without what no finite value can fill, so that a decoder never walks into a dead end; strict objects closed.
 * `never` where nothing is left. Changes the definitions likewise.
 */
export function prune(root: Shape, definitions: Definitions): Shape {
  const possible = new Set<string>();
  // A definition is possible once one of its values needs only definitions known to be possible: least fixed point.
  for (let size = -1; size < possible.size;) {
    size = possible.size;
    for (const [pointer, shape] of definitions) {
      if (shape !== null && isPossible(cut(shape, possible))) possible.add(pointer);
    }
  }
  for (const [pointer, shape] of definitions)
    definitions.set(pointer, shape === null ? NEVER : cut(shape, possible));
  return cut(root, possible);
}

function isPossible(shape: Shape): boolean {
  return shape.kind !== "never";
}

function cut(shape: Shape, possible: ReadonlySet<string>): Shape {
  switch (shape.kind) {
    case "any":
    case "never":
    case "literal":
      return shape;
    case "number":
      return isOpen(shape) || numberAutomaton(shape) !== null ? shape : NEVER;
    case "string":
      if (isBoundByLength(shape))
        return shape.maxLength === null || shape.minLength <= shape.maxLength ? shape : NEVER;
      return stringAutomaton(shape) === null ? NEVER : shape;
    case "ref":
      return possible.has(shape.pointer) ? shape : NEVER;
    case "union": {
      const options = shape.options.map((option) => cut(option, possible)).filter(isPossible);
      if (options.length === 0) return NEVER;
      return options.length === 1 ? options[0] : { ...shape, options };
    }
    case "array":
      return cutArray(shape, possible);
    case "object":
      return cutObject(shape, possible);
  }
}

/** Some number is always between one bound and infinity. */
function isOpen(shape: NumberShape): boolean {
  return (shape.minimum === null || shape.maximum === null) && shape.multiples.length === 0 && isNear(shape);
}

/** Bounds beyond the numbers that are written leave none. */
function isNear({ minimum, maximum }: NumberShape): boolean {
  return Math.abs(minimum?.value ?? maximum?.value ?? 0) < 2 ** 40;
}

function cutArray(shape: ArrayShape, possible: ReadonlySet<string>): Shape {
  const prefix = shape.prefix.map((item) => cut(item, possible));
  const items = cut(shape.items, possible);
  const firstHole = prefix.findIndex((item) => !isPossible(item));
  const places = firstHole >= 0 ? prefix.slice(0, firstHole) : prefix;
  const rest = firstHole >= 0 ? NEVER : items;
  const reach = isPossible(rest) ? Infinity : places.length;
  const maxItems = Math.min(reach, shape.maxItems ?? Infinity);
  if (shape.minItems > maxItems) return NEVER;
  return { ...shape, prefix: places, items: rest, maxItems: maxItems === Infinity ? null : maxItems };
}

function cutObject(shape: ObjectShape, possible: ReadonlySet<string>): Shape {
  const closed = shape.isListed ? NEVER : ANY_SHAPE;
  const additional = cut(shape.additional ?? closed, possible);
  const known = new Set(shape.properties.map((property) => property.name));
  // Required and not declared: what any other property may be.
  const undeclared = shape.required
    .filter((name) => !known.has(name))
    .map((name) => ({ name, shape: shape.additional ?? ANY_SHAPE }));
  const properties = [...shape.properties, ...undeclared].map(({ name, shape: inner }) => ({
    name,
    shape: cut(inner, possible),
  }));
  const kept = properties.filter((property) => isPossible(property.shape));
  if (shape.required.some((name) => !kept.some((property) => property.name === name))) return NEVER;
  const most = isPossible(additional) ? Infinity : kept.length;
  if (shape.minProperties > Math.min(most, shape.maxProperties ?? Infinity)) return NEVER;
  if (shape.maxProperties !== null && shape.required.length > shape.maxProperties) return NEVER;
  return { ...shape, properties: kept, additional };
}
