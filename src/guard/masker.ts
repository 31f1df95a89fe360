import type { Json } from "../core/index.ts";
import { findAll, merge, type MaskOptions } from "./find.ts";
import { PLACEHOLDER, type Finding, type MaskType } from "./finding.ts";

/** A masked stretch of the text that was given: UTF-16 offsets, end exclusive. */
export type Span = {
  readonly start: number;
  readonly end: number;
  readonly type: MaskType;
  readonly value: string;
};

export type Masked = { readonly text: string; readonly spans: readonly Span[] };

/**
 * The masks of one call. Placeholders count up per type; the same value has the same placeholder in every text of the call,
 * also where, later in the call, its label is missing.
 * A second way of writing the same value shows its number and a variant, `<PHONE_1.2>`, so that unmasking is exact.
 */
export type Masker = {
  mask(text: string): string;
  /** As mask, with what was masked where. */
  maskText(text: string): Masked;
  /** Masks every string of a value; a key is read as the label of its value. Numbers stay. */
  maskJson(value: Json): Json;
  /** Puts back what the placeholders of this masker stand for; unknown ones stay. unmask(mask(x)) = x for every x. */
  unmask(text: string): string;
  unmaskJson(value: Json): Json;
  /** Placeholders and the values they stand for, in the order in which they were given. */
  entries(): readonly (readonly [placeholder: string, value: string])[];
};

/** Masks one text for itself. */
export function maskText(text: string, options: MaskOptions = {}): Masked {
  return createMasker(options).maskText(text);
}

export function createMasker(options: MaskOptions = {}): Masker {
  const book = placeholderBook();
  const known = new Map<string, Finding>();
  const maskText = (text: string, label: string = ""): Masked => {
    const findings = label === "" ? findAll(text, options) : labelledFindings(text, label, options);
    for (const finding of findings) remember(known, text, finding);
    return replaceAll(text, merge([...findings, ...mentions(text, known)]), book.placeholder);
  };
  const mask = (text: string): string => maskText(text).text;
  const unmask = (text: string): string => text.replace(PLACEHOLDER, (found) => book.valueOf(found) ?? found);
  return {
    mask,
    maskText: (text) => maskText(text),
    maskJson: (value) => mapStrings(value, (text, label) => maskText(text, label).text),
    unmask,
    unmaskJson: (value) => mapStrings(value, unmask),
    entries: book.entries,
  };
}

// Longer keys are content, not labels.
const MAX_LABEL_LENGTH = 64;

/** Findings in a value as if its label stood before it. */
function labelledFindings(text: string, label: string, options: MaskOptions): Finding[] {
  const prefix = `${label.slice(0, MAX_LABEL_LENGTH).replace(/([a-z])([A-Z])/g, "$1 $2")}: `;
  return findAll(prefix + text, options).flatMap((finding) => {
    const [start, end] = [Math.max(0, finding.start - prefix.length), finding.end - prefix.length];
    return end > start ? [{ ...finding, start, end }] : [];
  });
}

function replaceAll(text: string, findings: readonly Finding[], placeholder: PlaceholderOf): Masked {
  let masked = "";
  let done = 0;
  const spans: Span[] = [];
  for (const { start, end, type } of findings) {
    const value = text.slice(start, end);
    masked += text.slice(done, start) + placeholder(type, value);
    spans.push({ start, end, type, value });
    done = end;
  }
  return { text: masked + text.slice(done), spans };
}

// Shorter values (four digits of a card) also stand for other things.
const MIN_REMEMBERED_LENGTH = 6;
// Each remembered value costs a search in every later text.
const MAX_REMEMBERED = 256;

function remember(known: Map<string, Finding>, text: string, finding: Finding): void {
  const value = text.slice(finding.start, finding.end);
  if (finding.type === "LITERAL" || value.length < MIN_REMEMBERED_LENGTH) return;
  if (known.size < MAX_REMEMBERED && !known.has(value)) known.set(value, finding);
}

/** Where values that were found once, by their label, stand without it. */
function mentions(text: string, known: ReadonlyMap<string, Finding>): Finding[] {
  const found: Finding[] = [];
  for (const [value, { type, score }] of known) {
    for (let start = text.indexOf(value); start >= 0;) {
      const end = start + value.length;
      if (!/\w/.test(text.charAt(start - 1) + text.charAt(end))) found.push({ start, end, type, score });
      start = text.indexOf(value, end);
    }
  }
  return found;
}

type PlaceholderOf = (type: MaskType, value: string) => string;

/** Gives out placeholders and remembers them. */
function placeholderBook(): {
  placeholder: PlaceholderOf;
  valueOf: (placeholder: string) => string | undefined;
  entries: () => (readonly [string, string])[];
} {
  const placeholders = new Map<string, string>();
  const values = new Map<string, string>();
  const counts = new Map<string, number>();
  const count = (name: string): number => {
    const next = (counts.get(name) ?? 0) + 1;
    counts.set(name, next);
    return next;
  };
  const numbered = (type: MaskType, value: string): string => {
    const key = `${type}:${normalise(type, value)}`;
    const first = placeholders.get(key);
    if (first === undefined) {
      const name = `${type}_${count(type)}`;
      placeholders.set(key, name);
      return `<${name}>`;
    }
    return `<${first}.${count(first) + 1}>`;
  };
  const placeholder: PlaceholderOf = (type, value) => {
    const key = `exact ${type}:${value}`;
    const known = placeholders.get(key);
    if (known !== undefined) return known;
    const made = numbered(type, value);
    placeholders.set(key, made);
    values.set(made, value);
    return made;
  };
  return { placeholder, valueOf: (made) => values.get(made), entries: () => [...values] };
}

const CASELESS: ReadonlySet<MaskType> = new Set<MaskType>(["EMAIL", "MAC", "IBAN", "USER_ID"]);
const NUMERIC: ReadonlySet<MaskType> = new Set<MaskType>([
  "CARD",
  "US_SSN",
  "PHONE",
  "NPI",
  "NHS",
  "ABA_ROUTING",
]);

/** One text per value, however it is written. */
function normalise(type: MaskType, value: string): string {
  if (NUMERIC.has(type)) return value.replace(/\D/g, "");
  return CASELESS.has(type) ? value.toLowerCase().replace(/\s/g, "") : value;
}

/** Every string leaf mapped; the key it stands under is its label, through arrays. */
function mapStrings(value: Json, map: (text: string, label: string) => string, label: string = ""): Json {
  if (typeof value === "string") return map(value, label);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item: Json) => mapStrings(item, map, label));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapStrings(inner, map, key)]));
}
