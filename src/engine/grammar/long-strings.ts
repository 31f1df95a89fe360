import { literal, type RuleBook, type Sequence } from "./rule-book.ts";
import { anyCharacter, restOfString } from "./string-rules.ts";

/** Characters that are counted one by one; blocks of as many are counted above that, so rules grow with n / 64 + 128, not with n. */
const BLOCK = 64;

/** The rest of a JSON string of `minimum` to `maximum` code points (null: without bound), any escapes, after its opening quote. */
export function boundedString(minimum: number, maximum: number | null, book: RuleBook): Sequence {
  const blocks = Math.floor(minimum / BLOCK);
  const head = [
    ...Array.from({ length: blocks }, () => exactly(BLOCK, book)),
    exactly(minimum % BLOCK, book),
  ].flat();
  const tail = maximum === null ? restOfString(book) : [atMost(maximum - minimum, book)];
  return [...head, ...tail];
}

/** So many characters. */
function exactly(length: number, book: RuleBook): Sequence {
  let rule: Sequence = [];
  for (let count = 0; count < length; count += 1) {
    const rest = rule;
    rule = [book.rule(anyCharacter(book).map((text) => [...text, ...rest]))];
  }
  return rule;
}

/** At most so many characters and the closing quote. A full block is left only through its end, a last one through the quote. */
function atMost(length: number, book: RuleBook): string {
  let rule = closing(length % BLOCK, book);
  for (let count = 0; count < Math.floor(length / BLOCK); count += 1) {
    rule = book.rule([[closing(BLOCK - 1, book)], [...exactly(BLOCK, book), rule]]);
  }
  return rule;
}

function closing(length: number, book: RuleBook): string {
  let rule = book.rule([literal('"')]);
  for (let count = 0; count < length; count += 1) {
    const rest = rule;
    rule = book.rule([literal('"'), ...anyCharacter(book).map((text) => [...text, rest])]);
  }
  return rule;
}
