import { parameterShapes, type ModelConfig, type Weights } from "../model-config.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

/** What is wrong with the tensors of a checkpoint, or null: each one the model has, in its shape, and no other. */
export function weightsFault(config: ModelConfig, found: Shapes): string | null {
  return shapesFault(parameterShapes(config), found);
}

/** The first difference between the shapes a file must have and the shapes it has. */
export function shapesFault(expected: Shapes, found: Shapes): string | null {
  for (const [name, shape] of expected) {
    const other = found.get(name);
    if (other === undefined) return `tensor ${JSON.stringify(name)} is missing`;
    if (!isSame(shape, other))
      return `tensor ${JSON.stringify(name)} has the shape [${other.join(", ")}], expected [${shape.join(", ")}]`;
  }
  for (const name of found.keys())
    if (!expected.has(name)) return `tensor ${JSON.stringify(name)} is not a part of this model`;
  return null;
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, axis) => side === b[axis]);
}

/** Names and shapes, as the checks take them. */
export function shapesOf(weights: Weights): ReadonlyMap<string, readonly number[]> {
  return new Map([...weights].map(([name, { shape }]) => [name, shape]));
}
