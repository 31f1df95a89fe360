import type { Automaton } from "./automaton.ts";
import { ANY, complement, intersect, isSame, type CodePoints } from "./code-points.ts";
import { byteClass, choice, quoted, type RuleBook } from "./rule-book.ts";
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
/** Written as a backslash and a letter. */
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '"'],
  [0x5c, "\\"],
  [0x08, "b"],
  [0x0c, "f"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x09, "t"],
]);
const HEX = "[0-9A-Fa-f]";
/** Any escape after its backslash; a surrogate only as a pair, which is one code point. */
const ANY_ESCAPE = [
  byteClass([...'"\\/bfnrt'].map((letter) => [letter.charCodeAt(0), letter.charCodeAt(0)] as const)),
  `"u" [0-9A-Ca-cE-Fe-f] ${HEX} ${HEX} ${HEX}`,
  `"u" [Dd] [0-7] ${HEX} ${HEX}`,
  `"u" [Dd] [89ABab] ${HEX} ${HEX} "\\\\u" [Dd] [C-Fc-f] ${HEX} ${HEX}`,
];
/** From this many states on, the parts beyond plain ASCII are shared between states: slower masks, far fewer of them to prepare. */
const MANY_STATES = 8;

/** A JSON string without bounds, its quotes included: any escapes, valid UTF-8 only. */
export function anyString(book: RuleBook): string {
  return `"\\"" ${restOfString(book)}`;
}

/** The rest of a free string: one rule that calls itself, the form whose masks XGrammar prepares best. */
export function restOfString(book: RuleBook): string {
  const known = book.shared.get("rest of string");
  if (known !== undefined) return known;
  const name = book.reserve();
  book.shared.set("rest of string", name);
  const options = oneOf(ANY, true).map((text) => `${text} ${name}`);
  book.define(name, choice(['"\\""', ...options]));
  return name;
}

/** The ways to write one character of a long string. */
export function anyCharacter(book: RuleBook): string[] {
  return spelling(ANY, { book, share: true });
}

/** A JSON string whose value the automaton takes, quotes included. Where a set is not `ANY`, only JSON.stringify's spelling is allowed. */
export function stringOf(automaton: Automaton, book: RuleBook): string {
  return `"\\"" ${walk(automaton, book, '"\\""')}`;
}

/** Free text, as it is: not empty, and known from JSON by its first character, which is neither a space nor a bracket. */
export function plainText(book: RuleBook): string {
  const wide = utf8Ranges(BEYOND_ASCII).map((bytes) => bytes.map((range) => byteClass([range])).join(" "));
  const rest = book.reserve();
  const ascii = byteClass([[0, 0x7f]]);
  const first = byteClass(intersect(complement(NOT_FIRST), [[0, 0x7f]]));
  book.define(rest, choice(['""', ...[ascii, ...wide].map((text) => `${text} ${rest}`)]));
  return choice([first, ...wide].map((text) => `${text} ${rest}`));
}

/** Control characters, space, `[` and `{`. */
const NOT_FIRST: CodePoints = [
  [0, 0x20],
  [0x5b, 0x5b],
  [0x7b, 0x7b],
];

/** The texts an automaton takes, as they are: numbers. */
export function textOf(automaton: Automaton, book: RuleBook): string {
  return walk(automaton, book, '""');
}

function walk(automaton: Automaton, book: RuleBook, ending: string): string {
  const names = automaton.edges.map(() => book.reserve());
  const share = automaton.edges.length >= MANY_STATES;
  automaton.edges.forEach((edges, state) => {
    const options = automaton.isAccepting[state] ? [ending] : [];
    for (const edge of edges) {
      for (const text of spelling(edge.on, { book, share })) options.push(`${text} ${names[edge.to]}`);
    }
    book.define(names[state], choice(options));
  });
  return names[0];
}

function spelling(set: CodePoints, { book, share }: { book: RuleBook; share: boolean }): string[] {
  const options = oneOf(set, isSame(set, ANY));
  if (!share || options.length < 3) return options;
  const plain = options.filter((text) => text.startsWith("["));
  const rare = options.filter((text) => !text.startsWith("["));
  return [...plain.slice(0, 1), book.rule(choice([...plain.slice(1), ...rare]))];
}

/** The ways to write one code point of a set in a JSON string; plain ASCII first. */
function oneOf(set: CodePoints, withAnyEscape: boolean): string[] {
  const plain = intersect(set, PLAIN_ASCII);
  const beyond = utf8Ranges(intersect(set, BEYOND_ASCII)).map((bytes) =>
    bytes.map((range) => byteClass([range])).join(" "),
  );
  const escapes = withAnyEscape ? ANY_ESCAPE : escapesOf(set);
  return [
    ...(plain.length > 0 ? [byteClass(plain)] : []),
    ...escapes.map((text) => `"\\\\" ${text}`),
    ...beyond,
  ];
}

function escapesOf(set: CodePoints): string[] {
  const short: [number, number][] = [];
  const long: string[] = [];
  for (const [first, last] of set) {
    for (let code = first; code <= Math.min(last, 0x5c); code += 1) {
      const letter = SHORT_ESCAPES.get(code);
      if (letter !== undefined) short.push([letter.charCodeAt(0), letter.charCodeAt(0)]);
      else if (code < 0x20) long.push(quoted(`u${code.toString(16).padStart(4, "0")}`));
    }
  }
  return [...(short.length > 0 ? [byteClass(short)] : []), ...long];
}
