import type { Automaton } from "./automaton.ts";
import { ANY, complement, intersect, isSame, type CodePoints } from "./code-points.ts";
import { anyOf, literal, type RuleBook, type Sequence, type Term } from "./rule-book.ts";
import { utf8Ranges } from "./utf8.ts";

/** ASCII that stands in a JSON string as itself. */
const PLAIN_ASCII: CodePoints = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x7f],
];
const BEYOND_ASCII: CodePoints = [
  [0x80, 0xd7ff],
  [0xe000, 0x10ffff],
];
/** What stands after the backslash for these. */
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '"'],
  [0x5c, "\\"],
  [0x08, "b"],
  [0x0c, "f"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x09, "t"],
]);
const HEX = anyOf("0123456789ABCDEFabcdef");
/** Any escape after its backslash; a surrogate only in a pair, which is one code point. */
const ANY_ESCAPE: readonly Sequence[] = [
  [anyOf('"\\/bfnrt')],
  [...literal("u"), anyOf("0123456789ABCabcEFef"), HEX, HEX, HEX],
  [...literal("u"), anyOf("Dd"), anyOf("01234567"), HEX, HEX],
  [
    ...literal("u"),
    anyOf("Dd"),
    anyOf("89ABab"),
    HEX,
    HEX,
    ...literal("\\u"),
    anyOf("Dd"),
    anyOf("CDEFcdef"),
    HEX,
    HEX,
  ],
];
/** Control characters, space, `[` and `{`. */
const NOT_FIRST: CodePoints = [
  [0, 0x20],
  [0x5b, 0x5b],
  [0x7b, 0x7b],
];

/** The rest of a free JSON string after its opening quote: a rule that calls itself, the form whose masks XGrammar prepares best. */
export function restOfString(book: RuleBook): Sequence {
  const name = book.reserve();
  book.define(name, [literal('"'), ...anyCharacter(book).map((text) => [...text, name])]);
  return [name];
}

/** The ways to write one code point in a JSON string. */
export function anyCharacter(book: RuleBook): readonly Sequence[] {
  return spellings(ANY, book);
}

/** The rest of a JSON string whose value the automaton takes. Where a set is not `ANY`, only JSON.stringify's spelling is allowed. */
export function stringOf(automaton: Automaton, book: RuleBook): Sequence {
  return walk(automaton, book, literal('"'));
}

/** The texts an automaton takes, as they are: numbers. */
export function textOf(automaton: Automaton, book: RuleBook): Sequence {
  return walk(automaton, book, []);
}

/** Free text, as it is: not empty, and known from JSON by its first character, which is neither a space nor a bracket. */
export function plainText(book: RuleBook): readonly Sequence[] {
  const rest = book.reserve();
  const wide = utf8Ranges(BEYOND_ASCII).map((bytes) => bytes.map((range): Term => [range]));
  const first = intersect(complement(NOT_FIRST), [[0, 0x7f]]);
  book.define(rest, [[], ...[[[[0, 0x7f]] as const], ...wide].map((text) => [...text, rest])]);
  return [[first], ...wide].map((text) => [...text, rest]);
}

function walk(automaton: Automaton, book: RuleBook, ending: Sequence): Sequence {
  const names = automaton.edges.map(() => book.reserve());
  automaton.edges.forEach((edges, state) => {
    const options = automaton.isAccepting[state] ? [ending] : [];
    for (const edge of edges) {
      for (const text of spellings(edge.on, book)) options.push([...text, names[edge.to]]);
    }
    book.define(names[state], options);
  });
  return [names[0]];
}

/** The ways to write one code point of a set in a JSON string. */
function spellings(set: CodePoints, book: RuleBook): readonly Sequence[] {
  const plain = intersect(set, PLAIN_ASCII);
  const wide = utf8Ranges(intersect(set, BEYOND_ASCII)).map((bytes) => bytes.map((range): Term => [range]));
  const escapes = isSame(set, ANY) ? [[book.rule(ANY_ESCAPE)]] : escapesOf(set);
  return [
    ...(plain.length > 0 ? [[plain]] : []),
    ...escapes.map((text) => [...literal("\\"), ...text]),
    ...wide,
  ];
}

function escapesOf(set: CodePoints): Sequence[] {
  const escapes: Sequence[] = [];
  for (const [first, last] of set) {
    for (let code = first; code <= Math.min(last, 0x5c); code += 1) {
      const letter = SHORT_ESCAPES.get(code);
      if (letter !== undefined) escapes.push(literal(letter));
      else if (code < 0x20) escapes.push(literal(`u${code.toString(16).padStart(4, "0")}`));
    }
  }
  return escapes;
}
