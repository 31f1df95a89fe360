import { detectEmails, detectPhones } from "./detect-contact.ts";
import { detectBirthDates, detectLabelledIds, detectLastFour, detectPrefixedIds } from "./detect-labelled.ts";
import { detectAddresses, detectUrlLogins, detectUrls } from "./detect-network.ts";
import {
  detectCards,
  detectCryptoAddresses,
  detectIbans,
  detectMedicalIds,
  detectNineDigits,
  detectTenDigits,
} from "./detect-numbers.ts";
import { detectSecrets } from "./detect-secrets.ts";
import { PLACEHOLDER, type Finding, type MaskType } from "./finding.ts";

export type MaskOptions = {
  /** Types to leave as they are. */
  readonly keep?: readonly MaskType[];
  /** Also mask plain URLs; default no. */
  readonly urls?: boolean;
};

// A mask can free what stood too close to it to be seen; a third look has never found more.
const MAX_LOOKS = 3;

/** Everything to mask in a text, in order, without overlaps. Linear in the text. */
export function findAll(text: string, options: MaskOptions = {}): Finding[] {
  let found = merge([...look(text, options), ...literals(text)]);
  for (let looks = 1; looks < MAX_LOOKS && found.some((finding) => touches(text, finding)); looks += 1) {
    const more = look(blanked(text, found), options);
    if (more.length === 0) break;
    found = merge([...found, ...more]);
  }
  return found;
}

/** Whether something stands so close to a finding that its detector took both for one word. */
function touches(text: string, { start, end }: Finding): boolean {
  return /[\w)]/.test(text.charAt(start - 1)) || /[\w(+]/.test(text.charAt(end));
}

function look(text: string, options: MaskOptions): Finding[] {
  const found = detectSecrets(text);
  // One look at the text saves most detectors on most texts.
  const hasDigits = /\d/.test(text);
  const hasAt = text.includes("@");
  if (hasAt) found.push(...detectEmails(text));
  if (hasAt && text.includes("://")) found.push(...detectUrlLogins(text));
  if (options.urls === true) found.push(...detectUrls(text));
  if (hasDigits || /swift|bic/i.test(text)) found.push(...detectLabelledIds(text));
  if (hasDigits) found.push(...withDigits(text));
  const keep = options.keep ?? [];
  return keep.length === 0 ? found : found.filter(({ type }) => !keep.includes(type));
}

const FOUR_DIGITS = /\d(?:\D{0,32}\d){3}/;
const PREFIXED_HINT = /[-_]\d{4}/;
const SIX_NEAR_DIGITS = /\d(?:\D{0,3}\d){5}/;

function withDigits(text: string): Finding[] {
  if (!FOUR_DIGITS.test(text)) return [];
  const found = [...detectLastFour(text), ...detectAddresses(text), ...detectBirthDates(text)];
  if (PREFIXED_HINT.test(text)) found.push(...detectPrefixedIds(text));
  found.push(...detectMedicalIds(text), ...detectCryptoAddresses(text));
  if (!SIX_NEAR_DIGITS.test(text)) return found;
  found.push(...detectPhones(text), ...detectCards(text), ...detectIbans(text));
  found.push(...detectNineDigits(text), ...detectTenDigits(text));
  return found;
}

// Neither a letter, a digit, a space nor punctuation: joins nothing.
const BLANK = "\u0000";

/** The text with the findings taken out, at the same length. */
function blanked(text: string, found: readonly Finding[]): string {
  let rest = "";
  let done = 0;
  for (const { start, end } of found) {
    rest += text.slice(done, start) + BLANK.repeat(end - start);
    done = end;
  }
  return rest + text.slice(done);
}

/** Text that looks like a placeholder already. Never left as it is: it could not be told from ours. */
function literals(text: string): Finding[] {
  if (!text.includes("<")) return [];
  return [...text.matchAll(PLACEHOLDER)].map(({ index, 0: value }) => ({
    start: index,
    end: index + value.length,
    type: "LITERAL",
    score: 1,
  }));
}

/** Overlapping findings become one that covers them all, so that no part is left over; the longest, then the surest, names it. */
export function merge(found: Finding[]): Finding[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: Finding[] = [];
  let namedBy: Finding | undefined;
  for (const next of found) {
    const last = merged.at(-1);
    if (last === undefined || namedBy === undefined || next.start >= last.end) {
      merged.push(next);
      namedBy = next;
      continue;
    }
    if (isBetter(next, namedBy)) namedBy = next;
    const end = Math.max(last.end, next.end);
    merged[merged.length - 1] = { start: last.start, end, type: namedBy.type, score: namedBy.score };
  }
  return merged;
}

function isBetter(a: Finding, b: Finding): boolean {
  const [lengthA, lengthB] = [a.end - a.start, b.end - b.start];
  return lengthA > lengthB || (lengthA === lengthB && a.score > b.score);
}
