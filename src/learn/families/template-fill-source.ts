import type { TaskInput } from "../../core/index.ts";
import { mainPart } from "../text/input-blocks.ts";

/** A run of letters or digits, or one sign. */
export type Token = {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly lower: string;
  /** `9…` digits by count, `A` capitals, `Aa` capitalised, `a` lower case, else the sign itself. */
  readonly form: string;
};

/** What values are copied from. */
export type Source = { readonly text: string; readonly tokens: readonly Token[] };

/** Tokens `from` to `to` (not included) of a source. */
export type Span = {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly shape: string;
};

/** Tokens read, the last ones: bounds the time of one prediction. */
export const MAX_TOKENS = 300;
// Beyond this a single token would be no value either.
const MAX_CHARACTERS = 6_000;
const MAX_SPAN = 10;
const MAX_DIGITS = 5;

const TOKEN = /\p{N}+|[\p{L}\p{M}]+|[^\s\p{L}\p{M}\p{N}]/gu;

/** The text of an input to copy from: the part that asks stands last. */
export function sourceOf(input: TaskInput): Source {
  const main = mainPart(input.parts);
  const others = input.parts.filter((_, place) => place !== main).map(({ text }) => text);
  const whole = [...others, input.parts[main]?.text ?? ""].join("\n");
  const text = whole.slice(-MAX_CHARACTERS);
  const tokens = [...text.matchAll(TOKEN)].slice(-MAX_TOKENS).map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: match[0],
    lower: match[0].toLowerCase(),
    form: formOf(match[0]),
  }));
  return { text, tokens };
}

export const isWordForm = (form: string): boolean => /^[9Aa]/.test(form);

function formOf(token: string): string {
  if (/^\p{N}/u.test(token)) return "9".repeat(Math.min(token.length, MAX_DIGITS));
  if (!/^\p{L}/u.test(token)) return token;
  if (token.toLowerCase() === token) return "a";
  return token.length > 1 && token.toUpperCase() === token ? "A" : "Aa";
}

/** Signs that end a value when they touch it: a grade "B+", a language "C#". */
const MARKS: ReadonlySet<string> = new Set(["+", "-", "#", "%"]);

/** Every run of up to 10 tokens that starts with a word and ends with one or its mark. O(tokens). */
export function spansOf({ text, tokens }: Source): Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < tokens.length; from += 1) {
    if (!isWordForm(tokens[from].form)) continue;
    let shape = "";
    for (let to = from + 1; to <= Math.min(tokens.length, from + MAX_SPAN); to += 1) {
      const { form, end } = tokens[to - 1];
      const isGlued = to - 1 > from && tokens[to - 2].end === tokens[to - 1].start;
      // Repeats say little: "Aa Aa Aa" is shown as "Aa Aa".
      const next = isGlued
        ? `${shape}${form}`
        : shape.endsWith(`${form} ${form}`)
          ? shape
          : `${shape} ${form}`;
      shape = shape === "" ? form : next;
      if (isWordForm(form) || (isGlued && MARKS.has(form)))
        spans.push({ from, to, text: text.slice(tokens[from].start, end), shape });
    }
  }
  return spans;
}

/** Lower-case words that join capitalised ones into one name: "Bank of Norway". */
const JOINTS: ReadonlySet<string> = new Set([
  "and",
  "of",
  "the",
  "in",
  "for",
  "to",
  "with",
  "&",
  "-",
  "'",
  ".",
]);
const ENDS = new Set([".", "?", "!", ":", "\n"]);

/** Whether a token looks like a value: a number, capitals, or a capitalised word within a sentence. */
export function isValueLike(tokens: readonly Token[], place: number): boolean {
  const { form, text } = tokens[place];
  if (form.startsWith("9") || form === "A") return true;
  return form === "Aa" && text !== "I" && place > 0 && !ENDS.has(tokens[place - 1].text);
}

/** The words of a source with numbers, codes and names shown by their shape. */
export function shapeWords({ tokens }: Source): string[] {
  const words: string[] = [];
  for (let place = 0; place < tokens.length; place += 1) {
    const { form, lower } = tokens[place];
    if (!isValueLike(tokens, place)) {
      words.push(lower);
      continue;
    }
    words.push(`<${form}>`);
    if (form === "Aa") place = nameEnd(tokens, place) - 1;
  }
  return words;
}

function nameEnd(tokens: readonly Token[], from: number): number {
  let end = from + 1;
  for (let at = end; at < tokens.length && at - end < 2; at += 1) {
    if (tokens[at].form === "Aa") end = at + 1;
    else if (!JOINTS.has(tokens[at].lower)) break;
  }
  return end;
}
