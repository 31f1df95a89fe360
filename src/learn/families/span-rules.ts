import type { Json } from "../../core/index.ts";

/** How the text of a span becomes a value. `undefined` where the rule does not apply to the text. */
export type Rule = (text: string) => Json | undefined;

const SMALL = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];
const TEENS = ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
const TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const NUMBER_WORDS = new Map<string, number>([
  ...[...SMALL, ...TEENS].map((word, index): [string, number] => [word, index]),
  ...TENS.map((word, index): [string, number] => [word, 20 + 10 * index]),
  ["a", 1],
  ["an", 1],
  ["dozen", 12],
]);

/** Rules in the order of preference: of two that explain the examples equally well the earlier one wins. */
export const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["verbatim", (text) => text],
  ["spaced", (text) => text.replace(/\s+/g, " ")],
  ["lower", (text) => text.toLowerCase()],
  ["upper", (text) => text.toUpperCase()],
  [
    "title",
    (text) => text.toLowerCase().replace(/(?<![\p{L}\p{M}'’])\p{L}/gu, (letter) => letter.toUpperCase()),
  ],
  ["capital", (text) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase()],
  ["number", (text) => numberOf(text)],
  ["digits", (text) => numberOf(text)?.toString()],
]);

/** The number a text says, in digits or in English words up to ninety-nine. */
export function numberOf(text: string): number | undefined {
  const plain = text.trim().toLowerCase();
  if (/^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$|^[-+]?\d+(\.\d+)?$/.test(plain))
    return Number(plain.replaceAll(",", ""));
  const words = plain.split(/[\s-]+/);
  const values = words.map((word) => NUMBER_WORDS.get(word));
  if (values.length === 1) return values[0];
  const [tens, ones] = values;
  const isPair =
    values.length === 2 && tens !== undefined && ones !== undefined && tens >= 20 && ones > 0 && ones < 10;
  return isPair ? tens + ones : undefined;
}
