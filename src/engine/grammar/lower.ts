import { ofLength } from "./automaton.ts";
import { isBoundByLength, isFree, numberAutomaton, stringAutomaton } from "./leaf.ts";
import { lowerArray } from "./lower-array.ts";
import { lowerObject } from "./lower-object.ts";
import { boundedString } from "./long-strings.ts";
import { choice, quoted, type RuleBook } from "./rule-book.ts";
import {
  ANY_SHAPE,
  NEVER,
  refusal,
  type Definitions,
  type ObjectShape,
  type Shape,
  type StringShape,
} from "./shape.ts";
import { anyString, stringOf, textOf } from "./string-rules.ts";

/** Longer strings are counted in blocks. */
const MAX_CHAIN = 64;

/** Where rules are written: the book, the definitions, and the rules already begun for them. */
export type Writing = {
  readonly book: RuleBook;
  readonly definitions: Definitions;
  readonly begun: Map<string, string>;
};

/** An EBNF expression for the compact JSON texts of a shape: no whitespace, properties in order. */
export function lower(shape: Shape, writing: Writing): string {
  const { book } = writing;
  switch (shape.kind) {
    case "any":
      return begun("any", writing, () => choice(anyJson(writing)));
    case "never":
      throw refusal("", "no value can satisfy it");
    case "literal":
      return shape.values.length === 1
        ? quoted(JSON.stringify(shape.values[0]))
        : book.rule(choice(shape.values.map((value) => quoted(JSON.stringify(value)))));
    case "number": {
      const automaton = numberAutomaton(shape);
      if (automaton === null) throw refusal(shape.at, "no number can satisfy it");
      return begun(`number ${JSON.stringify({ ...shape, at: "" })}`, writing, () => textOf(automaton, book));
    }
    case "string":
      return lowerString(shape, [], writing);
    case "array":
      return lowerArray(shape, writing);
    case "object":
      return lowerObject(shape, writing);
    case "union":
      return book.rule(choice(shape.options.map((option) => lower(option, writing))));
    case "ref":
      return begun(`ref ${shape.pointer}`, writing, () =>
        lower(writing.definitions.get(shape.pointer) ?? NEVER, writing),
      );
  }
}

/** The rule of this key; written when it is first asked for, so that it may speak of itself. */
function begun(key: string, writing: Writing, write: () => string): string {
  const known = writing.begun.get(key);
  if (known !== undefined) return known;
  const name = writing.book.reserve();
  writing.begun.set(key, name);
  writing.book.define(name, write());
  return name;
}

/** A JSON string of a shape, quotes included. `excluded`: values it may not have, for keys beside declared ones. */
export function lowerString(shape: StringShape, excluded: readonly string[], writing: Writing): string {
  const { book } = writing;
  const key = `string ${JSON.stringify([{ ...shape, at: "" }, excluded])}`;
  return begun(key, writing, () => {
    if (excluded.length === 0 && isFree(shape)) return anyString(book);
    const { minLength, maxLength } = shape;
    const isLong = Math.max(minLength, maxLength ?? 0) > MAX_CHAIN;
    if (excluded.length === 0 && isBoundByLength(shape)) {
      return isLong
        ? boundedString(minLength, maxLength, book)
        : stringOf(ofLength(minLength, maxLength), book);
    }
    const automaton = stringAutomaton(shape, excluded);
    if (automaton === null) throw refusal(shape.at, "no text can satisfy it");
    return stringOf(automaton, book);
  });
}

function anyJson(writing: Writing): string[] {
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
  return free.map((shape) => lower(shape, writing));
}
