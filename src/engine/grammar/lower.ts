import { isBoundByLength, isFree, numberAutomaton, stringAutomaton } from "./leaf.ts";
import { lowerArray } from "./lower-array.ts";
import { lowerObject } from "./lower-object.ts";
import { boundedString } from "./long-strings.ts";
import { literal, type RuleBook, type Sequence } from "./rule-book.ts";
import {
  ANY_SHAPE,
  NEVER,
  refusal,
  type Definitions,
  type NumberShape,
  type ObjectShape,
  type Shape,
  type StringShape,
} from "./shape.ts";
import { restOfString, stringOf, textOf } from "./string-rules.ts";

/** Longer strings are counted in blocks. */
const MAX_CHAIN = 64;

/** Where rules are written: the book, the definitions, and the rules already begun for them. */
export type Writing = {
  readonly book: RuleBook;
  readonly definitions: Definitions;
  readonly begun: Map<string, string>;
};

/** The compact JSON texts of a shape, as alternatives: no whitespace, properties in order. */
export function lower(shape: Shape, writing: Writing): readonly Sequence[] {
  const { book } = writing;
  switch (shape.kind) {
    case "any":
      return [begun("any", writing, () => anyJson(writing))];
    case "never":
      throw refusal("#", "no value can satisfy it");
    case "literal":
      return shape.values.map((value) => literal(JSON.stringify(value)));
    case "number":
      return [
        begun(`number ${JSON.stringify({ ...shape, at: "" })}`, writing, () => [lowerNumber(shape, book)]),
      ];
    case "string":
      return [lowerString(shape, [], writing)];
    case "array":
      return [lowerArray(shape, writing)];
    case "object":
      return [lowerObject(shape, writing)];
    case "union":
      return shape.options.flatMap((option) => lower(option, writing));
    case "ref":
      return [
        begun(`ref ${shape.pointer}`, writing, () =>
          lower(writing.definitions.get(shape.pointer) ?? NEVER, writing),
        ),
      ];
  }
}

/** The rule of this key; written when it is first asked for, so that it may speak of itself. */
function begun(key: string, writing: Writing, write: () => readonly Sequence[]): Sequence {
  const known = writing.begun.get(key);
  if (known !== undefined) return [known];
  const name = writing.book.reserve();
  writing.begun.set(key, name);
  writing.book.define(name, write());
  return [name];
}

function lowerNumber(shape: NumberShape, book: RuleBook): Sequence {
  const automaton = numberAutomaton(shape);
  if (automaton === null) throw refusal(shape.at, "no number can satisfy it");
  return textOf(automaton, book);
}

/** A JSON string of a shape, quotes included. `excluded`: values it may not have, for keys beside declared ones. */
export function lowerString(shape: StringShape, excluded: readonly string[], writing: Writing): Sequence {
  const key = `string ${JSON.stringify([{ ...shape, at: "" }, excluded])}`;
  return [...literal('"'), ...begun(key, writing, () => [restOf(shape, excluded, writing.book)])];
}

function restOf(shape: StringShape, excluded: readonly string[], book: RuleBook): Sequence {
  const { minLength, maxLength } = shape;
  const isLong = Math.max(minLength, maxLength ?? 0) > MAX_CHAIN;
  if (excluded.length === 0 && isFree(shape)) return restOfString(book);
  if (excluded.length === 0 && isLong && isBoundByLength(shape))
    return boundedString(minLength, maxLength, book);
  const automaton = stringAutomaton(shape, excluded);
  if (automaton === null) throw refusal(shape.at, "no text can satisfy it");
  return stringOf(automaton, book);
}

function anyJson(writing: Writing): readonly Sequence[] {
  const object: ObjectShape = {
    kind: "object",
    properties: [],
    required: [],
    additional: ANY_SHAPE,
    isListed: false,
    keys: null,
    minProperties: 0,
    maxProperties: null,
    at: "",
  };
  const free: readonly Shape[] = [
    object,
    { kind: "array", prefix: [], items: ANY_SHAPE, minItems: 0, maxItems: null, isUnique: false, at: "" },
    { kind: "string", minLength: 0, maxLength: null, patterns: [], formats: [], at: "" },
    { kind: "number", isInteger: false, minimum: null, maximum: null, multiples: [], at: "" },
    { kind: "literal", values: [true, false, null] },
  ];
  return free.flatMap((shape) => lower(shape, writing));
}
