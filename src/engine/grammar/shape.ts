import { HouseError, type Json } from "../../core/index.ts";

/** What a schema allows, freed from how it was written down. Only what can be held by a grammar has a place here. */
export type Shape =
  | { readonly kind: "any" }
  | { readonly kind: "never" }
  /** Values of enum and const, booleans and null. */
  | { readonly kind: "literal"; readonly values: readonly Json[] }
  | NumberShape
  | StringShape
  | ArrayShape
  | ObjectShape
  /** `isExclusive`: oneOf; its options must be shown to exclude each other. */
  | {
      readonly kind: "union";
      readonly options: readonly Shape[];
      readonly isExclusive: boolean;
      readonly at: string;
    }
  /** A definition by its JSON pointer; how recursion is held. */
  | { readonly kind: "ref"; readonly pointer: string };

export type NumberShape = {
  readonly kind: "number";
  readonly isInteger: boolean;
  readonly minimum: Bound | null;
  readonly maximum: Bound | null;
  readonly multiples: readonly number[];
  readonly at: string;
};

export type Bound = { readonly value: number; readonly isExclusive: boolean };

export type StringShape = {
  readonly kind: "string";
  readonly minLength: number;
  readonly maxLength: number | null;
  /** All must match, somewhere unless anchored. */
  readonly patterns: readonly string[];
  readonly formats: readonly string[];
  readonly at: string;
};

export type ArrayShape = {
  readonly kind: "array";
  readonly prefix: readonly Shape[];
  /** Items after the prefix. */
  readonly items: Shape;
  readonly minItems: number;
  readonly maxItems: number | null;
  readonly isUnique: boolean;
  readonly at: string;
};

export type ObjectShape = {
  readonly kind: "object";
  /** In the order in which they are written. */
  readonly properties: readonly Property[];
  readonly required: readonly string[];
  /** Other properties; null where the schema does not say: then they are let in only where it does not list any. */
  readonly additional: Shape | null;
  /** Whether the schema has a list of properties, be it empty. */
  readonly isListed: boolean;
  /** What the names of other properties must be; null: any. */
  readonly keys: StringShape | null;
  readonly minProperties: number;
  readonly maxProperties: number | null;
  readonly at: string;
};

export type Property = { readonly name: string; readonly shape: Shape };

/** The shapes that references lead to, by JSON pointer; null while one is being read. */
export type Definitions = Map<string, Shape | null>;

export const ANY_SHAPE: Shape = { kind: "any" };
export const NEVER: Shape = { kind: "never" };

/** A refusal: what a grammar cannot hold is said, never left out. `at` is a JSON pointer. */
export function refusal(at: string, what: string, cause?: unknown): HouseError {
  return new HouseError("bad-input", `Cannot make a grammar of the schema at "${at}": ${what}`, { cause });
}

/** A shape with its references followed. Null where they lead back to what is being read. */
export function resolved(shape: Shape, definitions: Definitions): Shape | null {
  let at: Shape | null = shape;
  // More steps than definitions: a circle of references.
  for (let step = 0; at !== null && at.kind === "ref" && step <= definitions.size; step += 1) {
    at = definitions.get(at.pointer) ?? null;
  }
  return at?.kind === "ref" ? null : at;
}

/** The bound that leaves least. `sign` 1: lower bounds; -1: upper bounds. */
export function tightest(candidates: readonly Bound[], sign: 1 | -1): Bound | null {
  const sorted = candidates.toSorted(
    (a, b) => sign * (b.value - a.value) || Number(b.isExclusive) - Number(a.isExclusive),
  );
  return sorted[0] ?? null;
}
