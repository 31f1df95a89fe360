/** Byte ranges, or the name of a rule. */
export type Term = readonly (readonly [number, number])[] | string;
/** Terms in a row. */
export type Sequence = readonly Term[];

/**
 * Collects the rules of a grammar of bytes and writes them in XGrammar's EBNF. Equal rules become one.
 *
 * XGrammar 0.1.27 merges states of a rule wrongly where two alternatives begin alike (MergeEquivalentSuccessors joins states of
 * equal past with states of equal future in one pass), so common beginnings are taken out here: no two alternatives of a rule
 * begin with the same byte, or with a rule that XGrammar would copy in.
 */
export class RuleBook {
  readonly #bodies = new Map<string, readonly Sequence[]>();
  readonly #names = new Map<string, string>();
  /** Rules that stand first beside alternatives: XGrammar must not copy them in. */
  readonly #pinned = new Set<string>();

  /** A name for a rule that will be given later by `define`: for recursion. */
  reserve(): string {
    const name = `r${this.#bodies.size}`;
    this.#bodies.set(name, []);
    return name;
  }

  define(name: string, options: readonly Sequence[]): void {
    this.#bodies.set(name, this.#factored(options));
  }

  /** The name of the rule with these alternatives. */
  rule(options: readonly Sequence[]): string {
    const factored = this.#factored(options);
    const key = JSON.stringify(factored);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = this.reserve();
    this.#bodies.set(name, factored);
    this.#names.set(key, name);
    return name;
  }

  /** Alternatives as something to stand in a row. */
  oneOf(options: readonly Sequence[]): Sequence {
    return options.length === 1 ? options[0] : [this.rule(options)];
  }

  size(): number {
    return this.#bodies.size;
  }

  /** The grammar as a text, its root rule first. */
  text(root: readonly Sequence[]): string {
    const start = this.rule(root);
    const lines = [...this.#bodies].map(([name, options]) => `${name} ::= ${this.#body(name, options)}`);
    // A rule with a reference in it is never copied in; this one has no text.
    return [`root ::= ${start}`, ...lines, 'nil ::= ""'].join("\n");
  }

  #body(name: string, options: readonly Sequence[]): string {
    const hasReference = options.some((option) => option.some((term) => typeof term === "string"));
    const pin = this.#pinned.has(name) && !hasReference ? " nil" : "";
    return options.map((option) => written(option) + (option.length > 0 ? pin : "")).join(" | ");
  }

  #factored(options: readonly Sequence[]): readonly Sequence[] {
    const byFirst = new Map<string, Sequence[]>();
    for (const option of options) {
      const key = option.length === 0 ? "" : JSON.stringify(option[0]);
      byFirst.set(key, [...(byFirst.get(key) ?? []), option]);
    }
    const factored = [...byFirst.values()].map((group): Sequence => {
      if (group.length === 1 || group[0].length === 0) return group[0];
      const prefix = commonPrefix(group);
      const rests = group.map((option) => option.slice(prefix.length));
      return [...prefix, this.rule(rests)];
    });
    checkDisjoint(factored);
    if (factored.length > 1) {
      for (const [first] of factored) if (typeof first === "string") this.#pinned.add(first);
    }
    return factored;
  }
}

function commonPrefix(group: readonly Sequence[]): Sequence {
  let length = 0;
  const shortest = Math.min(...group.map((option) => option.length));
  const isCommon = (place: number): boolean =>
    group.every((option) => JSON.stringify(option[place]) === JSON.stringify(group[0][place]));
  while (length < shortest && isCommon(length)) length += 1;
  return group[0].slice(0, length);
}

function checkDisjoint(options: readonly Sequence[]): void {
  const ranges = options.flatMap(([first]) =>
    first === undefined || typeof first === "string" ? [] : first,
  );
  const sorted = ranges.toSorted((a, b) => a[0] - b[0]);
  for (let index = 1; index < sorted.length; index += 1) {
    if (sorted[index][0] <= sorted[index - 1][1])
      throw new TypeError("Alternatives of a rule begin with bytes in common");
  }
}

/** The UTF-8 bytes of a text in a row. */
export function literal(text: string): Sequence {
  return Array.from(new TextEncoder().encode(text), (value): Term => [[value, value]]);
}

/** One byte out of the ASCII characters of a text. */
export function anyOf(letters: string): Term {
  return Array.from(letters, (letter) => [letter.charCodeAt(0), letter.charCodeAt(0)] as const);
}

function written(sequence: Sequence): string {
  if (sequence.length === 0) return '""';
  const parts: string[] = [];
  let text = "";
  for (const term of sequence) {
    const isPlain =
      typeof term !== "string" && term.length === 1 && term[0][0] === term[0][1] && term[0][0] < 0x80;
    if (isPlain) {
      text += escaped(term[0][0]);
      continue;
    }
    if (text !== "") parts.push(`"${text}"`);
    text = "";
    parts.push(typeof term === "string" ? term : byteClass(term));
  }
  return [...parts, ...(text === "" ? [] : [`"${text}"`])].join(" ");
}

/**
 * One byte out of ranges. XGrammar 0.1.27 takes the members of a positive class as bytes, not as code points, also above 0x7f
 * (GrammarFSMBuilder::CharacterClass); a negated class lets surrogates and overlong forms pass. So UTF-8 is spelt out.
 */
function byteClass(ranges: readonly (readonly [number, number])[]): string {
  const members = ranges.map(([first, last]) =>
    first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`,
  );
  // A class of one code point would be read as that code point's text; named twice it stays a byte.
  const isOneByte = ranges.length === 1 && ranges[0][0] === ranges[0][1];
  return `[${members.join("")}${isOneByte ? members[0] : ""}]`;
}

/** Always four digits: `\x` of XGrammar takes as many as follow. */
function escaped(value: number): string {
  const letter = String.fromCharCode(value);
  return /^[A-Za-z0-9_{}:,.]$/.test(letter) ? letter : `\\u${value.toString(16).padStart(4, "0")}`;
}
