import { choice, quoted, type RuleBook } from "./rule-book.ts";
import { anyCharacter, restOfString } from "./string-rules.ts";

/** Characters that are counted one by one; blocks of as many are counted above that, so rules grow with n / 64 + 128, not with n. */
const BLOCK = 64;

/** A JSON string of `minimum` to `maximum` code points (null: without bound), quotes included, any escapes. */
export function boundedString(minimum: number, maximum: number | null, book: RuleBook): string {
  const blocks = Math.floor(minimum / BLOCK);
  const head = [
    ...Array.from({ length: blocks }, () => exactly(BLOCK, book)),
    exactly(minimum % BLOCK, book),
  ];
  const tail = maximum === null ? restOfString(book) : atMost(maximum - minimum, book);
  return ['"\\""', ...head.filter((rule) => rule !== ""), tail].join(" ");
}

/** So many characters; empty for none. */
function exactly(length: number, book: RuleBook): string {
  let rule = "";
  for (let count = 0; count < length; count += 1) {
    rule = book.rule(choice(anyCharacter(book).map((text) => `${text} ${rule}`.trim())));
  }
  return rule;
}

/** At most so many characters and the closing quote. A full block is left only through its end, a last one through the quote. */
function atMost(length: number, book: RuleBook): string {
  let rule = closing(length % BLOCK, book);
  for (let count = 0; count < Math.floor(length / BLOCK); count += 1) {
    rule = book.rule(choice([closing(BLOCK - 1, book), `${exactly(BLOCK, book)} ${rule}`]));
  }
  return rule;
}

function closing(length: number, book: RuleBook): string {
  let rule = book.rule(quoted('"'));
  for (let count = 0; count < length; count += 1) {
    rule = book.rule(choice([quoted('"'), ...anyCharacter(book).map((text) => `${text} ${rule}`)]));
  }
  return rule;
}
