import { hasContext } from "./context.ts";
import type { Detector, Finding } from "./finding.ts";

// RFC 5321: 64 octets before the @.
const MAX_LOCAL_LENGTH = 64;
const LOCAL_CHARACTER = /[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const LOCAL_START = /[\p{L}\p{N}]/u;
const DOMAIN =
  /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}(?:\p{L}{2,24}|xn--[a-z0-9]{2,20})(?![\p{L}\p{N}])/uy;

/** E-mail addresses, grown from each @ to both sides. */
export const detectEmails: Detector = (text) => {
  const found: Finding[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    DOMAIN.lastIndex = at + 1;
    const domain = DOMAIN.exec(text);
    if (domain === null) continue;
    const start = localStart(text, at);
    if (start < at) found.push({ start, end: at + 1 + domain[0].length, type: "EMAIL", score: 0.9 });
  }
  return found;
};

function localStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < MAX_LOCAL_LENGTH && LOCAL_CHARACTER.test(text[start - 1])) start -= 1;
  // Punctuation before an address belongs to the sentence.
  while (start < at && !LOCAL_START.test(text[start])) start += 1;
  return start;
}

const EXTENSION = String.raw`(?: ?(?:x|ext\.?|extension) ?\d{1,6})?`;
const NOT_AFTER = String.raw`(?<![\w+.:/#$€£-])`;
const NOT_BEFORE = String.raw`(?!\w|[-./]\d|%)`;
// Bare digits before a comma or colon and more digits are amounts, times and coordinates.
const NOT_BEFORE_LOOSE = String.raw`(?!\w|[-.,/:]\d|%)`;
const INTERNATIONAL = new RegExp(
  String.raw`(?<![\w+])\+\d{1,3}(?:[ .-]?\(\d{1,4}\))?(?:[ .\/-]?\d){6,13}${EXTENSION}${NOT_BEFORE}`,
  "g",
);
const NORTH_AMERICAN = new RegExp(
  String.raw`${NOT_AFTER}(?:(?:\+|00)?1[ .-]?)?(?:\(\d{3}\)[ .-]?|\d{3}([.-]))\d{3}[. -]\d{4}${EXTENSION}${NOT_BEFORE}`,
  "g",
);
// A leading zero and at least three groups: the way most countries write national numbers.
const TRUNK_ZERO = new RegExp(
  String.raw`${NOT_AFTER}(?:\(0\d{1,4}\)|0\d{1,4})[ \/-]?(?:\d{2,4}[ -]){1,3}\d{2,4}${NOT_BEFORE}`,
  "g",
);
const LOOSE = new RegExp(
  String.raw`${NOT_AFTER}(?:\(\d{1,5}\)|\d{2,14})(?:[ .\/-]{1,2}\d{2,8}){0,5}${EXTENSION}${NOT_BEFORE_LOOSE}`,
  "g",
);
const PHONE_WORDS =
  /phone|\btel\b|telefon|tel[ée]fono|t[ée]l[ée]phone|mobile|mobil\b|\bcell\b|\bfax\b|whatsapp|hotline|landline|\bsms\b|\b(?:call|text|ring|dial|reach|contact|phone) (?:me|us|him|her|them|at|on|number|this|the)\b|\b(?:call|dial|ring) $/i;
// E.164: 15 digits at most; 7 are the shortest that reach a person from outside.
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;
const DATE = /^(?:\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{4})$/;

/** Telephone numbers: forms that say so themselves, and looser ones after a word for telephone. */
export const detectPhones: Detector = (text) => [
  ...numbers(text, INTERNATIONAL, 8, 0.8),
  ...numbers(text, NORTH_AMERICAN, 10, 0.7),
  ...numbers(text, TRUNK_ZERO, 9, 0.6),
  ...(PHONE_WORDS.test(text)
    ? numbers(text, LOOSE, MIN_DIGITS, 0.5).filter(({ start }) => hasContext(text, start, PHONE_WORDS))
    : []),
];

function numbers(text: string, pattern: RegExp, minDigits: number, score: number): Finding[] {
  const found: Finding[] = [];
  for (const match of text.matchAll(pattern)) {
    const [value] = match;
    const digits = value.replace(/\D/g, "").length;
    if (digits < minDigits || digits > MAX_DIGITS + 6 || DATE.test(value)) continue;
    found.push({ start: match.index, end: match.index + value.length, type: "PHONE", score });
  }
  return found;
}
