import { hasContext } from "./context.ts";
import type { Detector, Finding, MaskType } from "./finding.ts";

const MONTH =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const DATE = new RegExp(
  [
    String.raw`(?<![\w./-])(?:(?:19|20)\d\d([-./])\d{1,2}\1\d{1,2}`,
    String.raw`\d{1,2}([-./])\d{1,2}\2(?:(?:19|20)\d\d|\d\d)`,
    String.raw`${MONTH}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d`,
    String.raw`\d{1,2}(?:st|nd|rd|th)? (?:of )?${MONTH}\.?,? (?:19|20)\d\d)(?![\w-]|[./]\d)`,
  ].join("|"),
  "gi",
);
const BIRTH_WORDS =
  /\bborn\b|(?<![a-z])dob(?![a-z])|d\.o\.b|birth(?!\s?day)|birth\s?day["']?\s{0,2}(?:is|was|:|=)|geboren|geburt|naissance|\bn[ée]e? le\b|nacimiento|nacid[oa]|nascimento|nascita|nat[oa] il|geboorte/i;

/** Dates with a year, shortly after a word for birth. */
export const detectBirthDates: Detector = (text) => {
  if (!BIRTH_WORDS.test(text)) return [];
  const found: Finding[] = [];
  for (const match of text.matchAll(DATE)) {
    if (!hasContext(text, match.index, BIRTH_WORDS)) continue;
    const end = match.index + match[0].length;
    found.push({ start: match.index, end, type: "DATE_OF_BIRTH", score: 0.8 });
  }
  return found;
};

type Label = { readonly type: MaskType; readonly words: string };

// A label, then a value: which words announce which kind of number. The first that matches counts.
const LABELS: readonly Label[] = [
  { type: "PASSPORT", words: "passport" },
  { type: "LICENSE", words: "licen[cs]e" },
  {
    type: "NATIONAL_ID",
    words: "national[ _-]?(?:id|identity|identification|insurance)(?:[ _-]?card)?|identity card|id card",
  },
  {
    type: "TAX_ID",
    words: "tax(?:payer)?[ _-]?(?:id|identification|file|number)|vat[ _-]?(?:id|number|no)|ein|tin",
  },
  { type: "MEDICAL_RECORD", words: "medical[ _-]?record|mrn|patient(?:[ _-]?(?:id|number|no))?" },
  { type: "INSURANCE_POLICY", words: "(?:insurance|health)[ _-]?(?:policy|plan|id|number)|policy|insurance" },
  { type: "EMPLOYEE_ID", words: "(?:employee|staff)[ _-]?(?:id|number|no)?" },
  {
    type: "USER_ID",
    words:
      "user[ _-]?name|frequent flyer|(?:user|customer|member|membership|loyalty|client)(?:[ _-]?(?:id|number|no))?",
  },
  { type: "PAYMENT_ID", words: "payment[ _-]?(?:id|method)|(?:gift|credit)[ _-]?card|certificate" },
  { type: "IBAN", words: "iban" },
  { type: "SWIFT", words: "swift|bic" },
  { type: "BANK_ACCOUNT", words: "(?:bank[ _-]?)?account|acct|kontonummer|sort[ _-]?code" },
];
const LABEL = new RegExp(
  `(?<![A-Za-z0-9])(?:${LABELS.map(({ words }, index) => `(?<l${index}>${words})`).join("|")})(?![A-Za-z0-9])`,
  "gi",
);
// "number", "no.", "is", punctuation and quotes, as in `Passport No.: X123` or `"passport_number": "X123"`.
const BETWEEN =
  /(?:[\s:=#"'`\\()*,_.-]{1,6}(?:numbers?|no|num|nr|id|ids|code|is|was|as|it's|the|my|of|for|are)(?![A-Za-z0-9])){0,4}[\s:=#"'`\\()*,[.-]{1,8}/iy;
const VALUE = /[A-Za-z0-9][A-Za-z0-9_-]{3,30}(?![A-Za-z0-9_@])/y;
// Digits alone after a mere mention ("account 15000") may count something else.
const MARKER = /[:=#"'(]|number|\b(?:no|num|nr|id|is)\b/i;
const BIC = /^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/;
const MIN_ID_DIGITS = 4;

/** Numbers of documents, accounts and people, right after the label that names them. */
export const detectLabelledIds: Detector = (text) => {
  const found: Finding[] = [];
  for (const match of text.matchAll(LABEL)) {
    const between = stickyMatch(BETWEEN, text, match.index + match[0].length);
    if (between === null) continue;
    const start = match.index + match[0].length + between.length;
    const value = stickyMatch(VALUE, text, start);
    if (value === null) continue;
    const type = typeOf(match);
    const isNamed = /\D/.test(value) || MARKER.test(match[0].replace(/_/g, " ") + between);
    if (isNamed && isId(value, type)) found.push({ start, end: start + value.length, type, score: 0.7 });
  }
  return found;
};

// Numbers that carry their label in front: EMP-61880, credit_card_9525117.
const PREFIXED =
  /(?<![A-Za-z0-9-])(?:(?<MEDICAL_RECORD>MRN|PAT)|(?<NATIONAL_ID>NID)|(?<INSURANCE_POLICY>POL)|(?<EMPLOYEE_ID>EMP)|(?<USER_ID>CUST|MBR|USR)|(?<BANK_ACCOUNT>ACCT)|(?<PAYMENT_ID>credit_card|debit_card|gift_card|certificate|voucher))[-_]\d{4,12}(?![\w-])/gi;

/** Numbers that carry the label of a person's number in front. */
export const detectPrefixedIds: Detector = (text) =>
  [...text.matchAll(PREFIXED)].map(({ 0: value, index, groups }) => {
    // Each name of a group in the pattern is a type, and one group always matched.
    const type = Object.entries(groups ?? {}).find(([, prefix]) => prefix !== undefined)?.[0] as MaskType;
    return { start: index, end: index + value.length, type, score: 0.8 };
  });

const LAST_FOUR =
  /(?<!\w)(?:ending|ends|end|last[ _](?:4|four)(?:[ _]digits)?)(?: (?:in|with|are|is|of|:))?[ :"'\\(*#]{0,6}(\d{4})(?![\w-]|[.,]\d)/gi;
const CARD_WORDS = /card|visa|mastercard|amex|american express|discover|account|debit/i;

/** The last four digits of a card, as shops say them. */
export const detectLastFour: Detector = (text) => {
  const found: Finding[] = [];
  for (const match of text.matchAll(LAST_FOUR)) {
    if (!hasContext(text, match.index, CARD_WORDS)) continue;
    const end = match.index + match[0].length;
    found.push({ start: end - 4, end, type: "CARD_LAST_FOUR", score: 0.7 });
  }
  return found;
};

function isId(value: string, type: MaskType): boolean {
  if (type === "SWIFT") return BIC.test(value);
  const digits = value.replace(/\D/g, "").length;
  const isDate = /^(?:19|20)\d\d-\d\d-\d\d/.test(value);
  return digits >= MIN_ID_DIGITS && !isDate && !/^(?:19|20)\d\d$/.test(value);
}

function typeOf(match: RegExpMatchArray): MaskType {
  const index = LABELS.findIndex((_, label) => match.groups?.[`l${label}`] !== undefined);
  return LABELS[index].type;
}

/** What a sticky pattern matches at `from`; null when nothing. */
function stickyMatch(pattern: RegExp, text: string, from: number): string | null {
  pattern.lastIndex = from;
  return pattern.exec(text)?.[0] ?? null;
}
