import { ANY, codePoints, complement, type CodePoints } from "./code-points.ts";

/** A regular expression as a tree. `start` and `end` are the anchors. */
export type Regex =
  | { readonly kind: "set"; readonly set: CodePoints }
  | { readonly kind: "sequence"; readonly items: readonly Regex[] }
  | { readonly kind: "choice"; readonly items: readonly Regex[] }
  /** `maximum` null: without bound. */
  | {
      readonly kind: "repeat";
      readonly item: Regex;
      readonly minimum: number;
      readonly maximum: number | null;
    }
  | { readonly kind: "start" }
  | { readonly kind: "end" };

/** The tree of an ECMA-262 pattern, the dialect of JSON Schema. Throws RangeError with the reason on what no automaton of this kind can hold. */
export function parseRegex(pattern: string): Regex {
  const parser = new Parser(pattern);
  const tree = parser.choice();
  if (!parser.isAtEnd()) throw parser.refusal("an unmatched )");
  return tree;
}

/** More copies of a part than this make an automaton nobody waits for. */
const MAX_REPEAT = 1000;

const DIGITS: CodePoints = [[48, 57]];
const WORD: CodePoints = codePoints([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]);
/** ECMA-262 WhiteSpace and LineTerminator. */
const SPACE: CodePoints = codePoints([
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
const LINE_ENDS: CodePoints = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];
const CONTROL: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

/** A recursive-descent reader with one place in the pattern: the only state of this file. */
class Parser {
  readonly #pattern: string;
  readonly #letters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#letters = Array.from(pattern);
  }

  isAtEnd(): boolean {
    return this.#at >= this.#letters.length;
  }

  refusal(what: string): RangeError {
    return new RangeError(`pattern ${JSON.stringify(this.#pattern)} has ${what}`);
  }

  choice(): Regex {
    const items = [this.#sequence()];
    while (this.#take("|")) items.push(this.#sequence());
    return items.length === 1 ? items[0] : { kind: "choice", items };
  }

  #sequence(): Regex {
    const items: Regex[] = [];
    while (!this.isAtEnd() && this.#peek() !== "|" && this.#peek() !== ")") items.push(this.#quantified());
    return items.length === 1 ? items[0] : { kind: "sequence", items };
  }

  #quantified(): Regex {
    const item = this.#atom();
    const bounds = this.#quantifier();
    if (bounds === null) return item;
    this.#take("?"); // Lazy or greedy: the same language.
    const [minimum, maximum] = bounds;
    if (Math.max(minimum, maximum ?? 0) > MAX_REPEAT) throw this.refusal(`a repetition over ${MAX_REPEAT}`);
    if (maximum !== null && maximum < minimum)
      throw this.refusal("a repetition whose bounds are out of order");
    return { kind: "repeat", item, minimum, maximum };
  }

  #quantifier(): [number, number | null] | null {
    if (this.#take("*")) return [0, null];
    if (this.#take("+")) return [1, null];
    if (this.#take("?")) return [0, 1];
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.#letters.slice(this.#at, this.#at + 20).join(""));
    if (match === null) return null;
    this.#at += match[0].length;
    const minimum = Number(match[1]);
    if (match[2] === undefined) return [minimum, minimum];
    return [minimum, match[3] === "" ? null : Number(match[3])];
  }

  #atom(): Regex {
    if (this.#take("(")) return this.#group();
    if (this.#take("[")) return { kind: "set", set: this.#class() };
    if (this.#take("^")) return { kind: "start" };
    if (this.#take("$")) return { kind: "end" };
    if (this.#take(".")) return { kind: "set", set: complement(LINE_ENDS) };
    if (this.#take("\\")) return { kind: "set", set: this.#escape(false) };
    const letter = this.#next();
    if (letter === "*" || letter === "+" || letter === "?") throw this.refusal("nothing to repeat");
    return { kind: "set", set: single(letter) };
  }

  #group(): Regex {
    if (this.#take("?") && !this.#take(":")) {
      const name = /^<([A-Za-z_$][\w$]*)>/.exec(this.#letters.slice(this.#at).join(""));
      if (name === null) throw this.refusal("a lookahead, lookbehind or inline flag");
      this.#at += name[0].length;
    }
    const inner = this.choice();
    if (!this.#take(")")) throw this.refusal("an unclosed group");
    return inner;
  }

  #class(): CodePoints {
    const isNegated = this.#take("^");
    const ranges: (readonly [number, number])[] = [];
    while (!this.#take("]")) {
      if (this.isAtEnd()) throw this.refusal("an unclosed class");
      const first = this.#member();
      if (this.#peek() === "-" && this.#letters[this.#at + 1] !== "]" && isSingle(first)) {
        this.#at += 1;
        const last = this.#member();
        if (!isSingle(last) || last[0][0] < first[0][0]) throw this.refusal("a class range out of order");
        ranges.push([first[0][0], last[0][0]]);
      } else ranges.push(...first);
    }
    const set = codePoints(ranges);
    return isNegated ? complement(set) : set;
  }

  #member(): CodePoints {
    return this.#take("\\") ? this.#escape(true) : single(this.#next());
  }

  #escape(inClass: boolean): CodePoints {
    const letter = this.#next();
    const lower = letter.toLowerCase();
    if (lower === "d" || lower === "w" || lower === "s") {
      const set = lower === "d" ? DIGITS : lower === "w" ? WORD : SPACE;
      return letter === lower ? set : complement(set);
    }
    if (lower === "p") return this.#property(letter);
    if (letter in CONTROL) return point(CONTROL[letter]);
    if (letter === "0" && !/\d/.test(this.#peek())) return point(0);
    if (letter === "x") return point(this.#hex(2));
    if (letter === "u") return this.#unicode();
    if (letter === "b" && inClass) return point(8);
    if (letter === "c") return point(this.#next().charCodeAt(0) % 32);
    if (/[A-Za-z0-9]/.test(letter)) throw this.refusal(`\\${letter}, which is not a set of characters`);
    return single(letter);
  }

  #unicode(): CodePoints {
    if (this.#take("{")) {
      let digits = "";
      while (!this.#take("}")) digits += this.#next();
      return point(Number.parseInt(digits, 16));
    }
    const first = this.#hex(4);
    const isPair =
      first >= 0xd800 && first < 0xdc00 && this.#peek() === "\\" && this.#letters[this.#at + 1] === "u";
    if (!isPair) return point(first);
    this.#at += 2;
    return point(0x10000 + ((first - 0xd800) << 10) + (this.#hex(4) - 0xdc00));
  }

  #hex(length: number): number {
    const text = this.#letters.slice(this.#at, this.#at + length).join("");
    if (!/^[0-9A-Fa-f]+$/.test(text) || text.length !== length)
      throw this.refusal("a broken hexadecimal escape");
    this.#at += length;
    return Number.parseInt(text, 16);
  }

  #property(letter: string): CodePoints {
    if (!this.#take("{")) throw this.refusal(`\\${letter} without a property name`);
    let name = "";
    while (!this.#take("}")) name += this.#next();
    let test: RegExp;
    try {
      test = new RegExp(`\\${letter}{${name}}+`, "gu");
    } catch (cause) {
      throw new RangeError(this.refusal(`the unknown property ${name}`).message, { cause });
    }
    return codePoints(rangesOf(test));
  }

  #peek(): string {
    return this.#letters[this.#at] ?? "";
  }

  #take(letter: string): boolean {
    if (this.#letters[this.#at] !== letter) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    if (this.isAtEnd()) throw this.refusal("an early end");
    this.#at += 1;
    return this.#letters[this.#at - 1];
  }
}

function single(letter: string): CodePoints {
  return point(letter.codePointAt(0) ?? 0);
}

function point(code: number): CodePoints {
  return [[code, code]];
}

function isSingle(set: CodePoints): boolean {
  return set.length === 1 && set[0][0] === set[0][1];
}

/** The code points that a pattern of one property, repeated, matches: found as runs in a text of all code points, far faster than one by one. */
function rangesOf(pattern: RegExp): [number, number][] {
  return ANY.flatMap(([first, last]) => planes(first, last)).flatMap(([first, last]) => {
    const width = first > 0xffff ? 2 : 1;
    const text = String.fromCodePoint(
      ...Array.from({ length: last - first + 1 }, (_, index) => first + index),
    );
    return Array.from(text.matchAll(pattern), (match): [number, number] => {
      const start = first + match.index / width;
      return [start, start + match[0].length / width - 1];
    });
  });
}

/** Pieces short enough to be the arguments of one call, none across the end of the two-byte plane. */
function planes(first: number, last: number): [number, number][] {
  const size = 0x1000;
  const pieces: [number, number][] = [];
  for (let start = first; start <= last; start = start - (start % size) + size) {
    pieces.push([start, Math.min(last, start - (start % size) + size - 1)]);
  }
  return pieces;
}
