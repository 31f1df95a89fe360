import {
  ibanLength,
  isAba,
  isBase58Address,
  isBech32Address,
  isDea,
  isIbanChecksum,
  isNhs,
  isNpi,
  isSsn,
  luhn,
} from "./checksums.ts";
import { eachMatch, hasContext } from "./context.ts";
import type { Detector, Finding } from "./finding.ts";

const CARD =
  /(?<![\w.+-])(?:\d{12,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?!\w|[-.]\d)/g;
// ISO 7812 issuers: Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay, Maestro.
const ISSUER = /^(?:4|5[0-8]|2[2-7]|3[0-9]|6|1800|2131)/;
const CARD_WORDS =
  /card|\bcc\b|visa|mastercard|maestro|amex|american express|discover|\bpan\b|debit|credit|karte|tarjeta|carte/i;

/** Payment cards: issuer and Luhn; beside a word for card also the short forms, and numbers mistyped by a digit. */
export const detectCards: Detector = (text) =>
  all(
    text,
    CARD,
    (value) => digitsOf(value),
    ({ digits, start }) => {
      const isValid = luhn(digits) && ISSUER.test(digits) && !/^(\d)\1+$/.test(digits);
      if (isValid && digits.length >= 13) return { type: "CARD", score: 1 };
      const isNear = hasContext(text, start, CARD_WORDS) && (isValid || digits.length >= 15);
      return isNear ? { type: "CARD", score: 0.7 } : null;
    },
  );

const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])/g;
const IBAN_WORDS = /\biban\b/i;

/** IBANs: length of the country and mod 97; after the word IBAN also with a wrong checksum. */
export const detectIbans: Detector = (text) => {
  const found: Finding[] = [];
  for (const { value, start } of eachMatch(text, IBAN)) {
    const length = ibanLength(value.slice(0, 2));
    const compact = value.replaceAll(" ", "").slice(0, length ?? 0);
    if (length === null || compact.length < length) continue;
    const isValid = isIbanChecksum(compact);
    if (!isValid && !hasContext(text, start, IBAN_WORDS)) continue;
    const end = endOfCharacters(text, start, length);
    // A number that goes on after the country's length is something else.
    if (/^[A-Za-z0-9]/.test(text.slice(end, end + 1))) continue;
    found.push({ start, end, type: "IBAN", score: isValid ? 1 : 0.7 });
  }
  return found;
};

function endOfCharacters(text: string, start: number, count: number): number {
  let end = start;
  for (let seen = 0; seen < count; end += 1) if (text[end] !== " ") seen += 1;
  return end;
}

const NINE = /(?<![\w.+-])\d{3}([- ]?)\d{2}\1\d{4}(?!\w|[-.]\d)/g;
const SSN_WORDS = /\bssn\b|social sec|\bsoc\b|\bitin\b|taxpayer/i;
const ABA_WORDS = /routing|\baba\b|\brtn\b/i;

/** US social security and bank routing numbers. Only the form 3-2-4 goes without a label. */
export const detectNineDigits: Detector = (text) => {
  // In a text about such numbers, also those that were never issued: columns of a table stand far from their heads.
  const isAboutSsn = SSN_WORDS.test(text);
  return all(
    text,
    NINE,
    (value) => digitsOf(value),
    ({ digits, start, value }) => {
      if (hasContext(text, start, SSN_WORDS)) return { type: "US_SSN", score: 0.9 };
      if (value.includes("-")) return isAboutSsn || isSsn(digits) ? { type: "US_SSN", score: 0.8 } : null;
      const isRouting = isAba(digits) && hasContext(text, start, ABA_WORDS);
      return isRouting ? { type: "ABA_ROUTING", score: 1 } : null;
    },
  );
};

const TEN = /(?<![\w.+-])\d{3}([- ]?)\d{3}\1\d{4}(?!\w|[-.]\d)/g;
const NPI_WORDS = /\bnpi\b|national provider|provider id/i;
const NHS_WORDS = /\bnhs\b|national health/i;

/** US provider and UK patient numbers: label and checksum. */
export const detectTenDigits: Detector = (text) =>
  all(
    text,
    TEN,
    (value) => digitsOf(value),
    ({ digits, start }) => {
      if (isNpi(digits) && hasContext(text, start, NPI_WORDS)) return { type: "NPI", score: 1 };
      if (isNhs(digits) && hasContext(text, start, NHS_WORDS)) return { type: "NHS", score: 1 };
      return null;
    },
  );

const DEA = /(?<![\w-])[A-Z][A-Z9]\d{7}(?![\w-])/g;
const DEA_WORDS = /\bdea\b|drug enforcement|prescriber/i;
// CMS: positions C A AN N A AN N A A N N; letters without S, L, O, I, B, Z.
const MBI =
  /(?<![\w-])[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}(?![\w-])/g;

/** US drug enforcement registrations (label and checksum) and Medicare numbers (their form says enough). */
export const detectMedicalIds: Detector = (text) => [
  ...all(
    text,
    DEA,
    (value) => value,
    ({ digits, start }) =>
      isDea(digits) && hasContext(text, start, DEA_WORDS) ? { type: "DEA", score: 1 } : null,
  ),
  ...all(
    text,
    MBI,
    (value) => value,
    () => ({ type: "MBI", score: 0.9 }),
  ),
];

const BITCOIN = /(?<![A-Za-z0-9])[13][1-9A-HJ-NP-Za-km-z]{25,34}(?![A-Za-z0-9])/g;
const SEGWIT = /(?<![A-Za-z0-9])bc1[02-9ac-hj-np-z]{11,87}(?![A-Za-z0-9])/g;
const ETHEREUM = /(?<![A-Za-z0-9])0x[0-9a-fA-F]{40}(?![A-Za-z0-9])/g;

/** Bitcoin addresses with a valid checksum, and Ethereum addresses by form. */
export const detectCryptoAddresses: Detector = (text) => [
  ...all(
    text,
    BITCOIN,
    (value) => value,
    ({ digits }) => (isBase58Address(digits) ? { type: "CRYPTO_ADDRESS", score: 1 } : null),
  ),
  ...all(
    text,
    SEGWIT,
    (value) => value,
    ({ digits }) => (isBech32Address(digits) ? { type: "CRYPTO_ADDRESS", score: 1 } : null),
  ),
  ...all(
    text,
    ETHEREUM,
    (value) => value,
    () => ({ type: "CRYPTO_ADDRESS", score: 0.9 }),
  ),
];

type Candidate = {
  readonly value: string;
  readonly digits: string;
  readonly start: number;
  readonly end: number;
};

/** Every match that the judge gives a type to. */
function all(
  text: string,
  pattern: RegExp,
  normalise: (value: string) => string,
  judge: (candidate: Candidate) => Pick<Finding, "type" | "score"> | null,
): Finding[] {
  const found: Finding[] = [];
  for (const match of text.matchAll(pattern)) {
    const [value] = match;
    const [start, end] = [match.index, match.index + value.length];
    const verdict = judge({ value, digits: normalise(value), start, end });
    if (verdict !== null) found.push({ start, end, ...verdict });
  }
  return found;
}

function digitsOf(value: string): string {
  return value.replace(/\D/g, "");
}
