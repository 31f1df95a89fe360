/**
 * Collects the rules of an EBNF grammar in XGrammar's dialect. Equal bodies become one rule, so that what is asked for twice
 * is compiled once.
 */
export class RuleBook {
  /** Rules with a known meaning, by it. */
  readonly shared = new Map<string, string>();
  readonly #bodies = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** A name for a body that will be given later by `define`: for recursion. */
  reserve(): string {
    const name = `r${this.#bodies.size}`;
    this.#bodies.set(name, "");
    return name;
  }

  define(name: string, body: string): void {
    this.#bodies.set(name, body);
  }

  /** The name of the rule with this body. */
  rule(body: string): string {
    const known = this.#names.get(body);
    if (known !== undefined) return known;
    const name = this.reserve();
    this.define(name, body);
    this.#names.set(body, name);
    return name;
  }

  size(): number {
    return this.#bodies.size;
  }

  /** The grammar as a text. Rules that are one reference to another are fine: XGrammar inlines them. */
  text(root: string): string {
    const lines = [...this.#bodies].map(([name, body]) => `${name} ::= ${body}`);
    return [`root ::= ${root}`, ...lines].join("\n");
  }
}

/** A literal text as an EBNF string. Code points are written as escapes of fixed width: `\x` of XGrammar takes any number of digits. */
export function quoted(text: string): string {
  let body = "";
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (letter === '"' || letter === "\\") body += `\\${letter}`;
    else if (code >= 0x20 && code < 0x7f) body += letter;
    else body += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `"${body}"`;
}

export function choice(options: readonly string[]): string {
  return options.length === 1 ? options[0] : options.join(" | ");
}

/**
 * One byte out of ranges. XGrammar 0.1.27 takes the members of a positive class as bytes, not as code points, also above 0x7f
 * (GrammarFSMBuilder::CharacterClass); a negated class lets surrogates and overlong forms pass. UTF-8 is spelt out here.
 */
export function byteClass(ranges: readonly (readonly [number, number])[]): string {
  const members = ranges.map(([first, last]) =>
    first === last ? byte(first) : `${byte(first)}-${byte(last)}`,
  );
  // A class of one code point would be read as that code point's text; named twice it stays a byte.
  const isOneByte = ranges.length === 1 && ranges[0][0] === ranges[0][1] && ranges[0][0] > 0x7f;
  return `[${members.join("")}${isOneByte ? members[0] : ""}]`;
}

function byte(value: number): string {
  const letter = String.fromCharCode(value);
  return /^[A-Za-z0-9]$/.test(letter) ? letter : `\\u${value.toString(16).padStart(4, "0")}`;
}
