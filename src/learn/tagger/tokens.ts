/** A piece of text that is never cut: a word, a number, one sign, or a placeholder like `<EMAIL_1>`. */
export type Token = {
  readonly text: string;
  /** UTF-16 offsets in the text it came from: `text.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
};

// Letters and digits are apart ("9pm" is two tokens), so that a value may end between them.
const TOKEN = /<[A-Z][A-Z0-9_]*>|\p{L}[\p{L}\p{M}]*|\p{N}+|[^\s]/gu;

/** The tokens of a text in reading order. O(length). */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    tokens.push({ text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return tokens;
}

/** The form of a token: X for upper, x for lower case, 9 for digits, runs cut to two signs; other signs as they are. */
export function shapeOf(text: string): string {
  if (text.startsWith("<") && text.length > 1) return text.replace(/_?\d+>$/, ">");
  let shape = "";
  for (const sign of text) {
    const next = /\p{Lu}/u.test(sign)
      ? "X"
      : /\p{L}|\p{M}/u.test(sign)
        ? "x"
        : /\p{N}/u.test(sign)
          ? "9"
          : sign;
    if (shape.endsWith(next + next)) continue;
    shape += next;
  }
  return shape;
}
