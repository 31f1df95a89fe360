import { canonicalJson, type Json } from "../../core/index.ts";
import { tokenize } from "../tagger/tokens.ts";
import { RULES } from "./span-rules.ts";
import { cutText, type TextSource } from "./span-source.ts";

export type Span = { readonly start: number; readonly end: number };

// Numbers take few tokens: "1,200.50" is five.
const MAX_NUMBER_TOKENS = 5;

/** Spans whose text becomes the value by the rule, in reading order; never across parts. O(tokens). */
export function occurrences(source: TextSource, value: Json, ruleName: string): Span[] {
  const rule = RULES.get(ruleName);
  if (rule === undefined || value === null || typeof value === "object" || value === "") return [];
  const wanted = canonicalJson(value);
  const isValue = (span: Span): boolean => {
    const made = rule(cutText(source, span.start, span.end));
    return made !== undefined && canonicalJson(made) === wanted;
  };
  const spans =
    ruleName === "number" || ruleName === "digits"
      ? shortSpans(source)
      : typeof value === "string"
        ? sameWords(source, value)
        : [];
  return spans.filter(isValue);
}

function shortSpans(source: TextSource): Span[] {
  return source.parts.flatMap(({ start, end }) => {
    const spans: Span[] = [];
    for (let from = start; from < end; from += 1) {
      for (let to = Math.min(end, from + MAX_NUMBER_TOKENS); to > from; to -= 1)
        spans.push({ start: from, end: to });
    }
    return spans;
  });
}

function sameWords(source: TextSource, value: string): Span[] {
  const words = tokenize(value).map((token) => token.text.toLowerCase());
  if (words.length === 0) return [];
  return source.parts.flatMap(({ start, end }) => {
    const spans: Span[] = [];
    for (let from = start; from + words.length <= end; from += 1) {
      if (words.every((word, index) => source.tokens[from + index].text.toLowerCase() === word)) {
        spans.push({ start: from, end: from + words.length });
      }
    }
    return spans;
  });
}
