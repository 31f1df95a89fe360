import type { Json } from "../../core/index.ts";
import { tokenize } from "../tagger/tokens.ts";
import type { Segment } from "../tagger/lattice.ts";
import type { TextSource } from "./span-source.ts";

/** What can stand for a removed span in a rewritten text: `[PERSON]`, `<EMAIL>`, `{name}`, `***`. */
const REWRITE_TOKENS = /\[[^[\]\n]{1,40}\]|<[^<>\n]{1,40}>|\{[^{}\n]{1,40}\}|\*{3,}|█+/gu;

// Of the answers this share must be the input with spans replaced for the task to be a rewriting.
const MIN_SHARE_REWRITTEN = 0.5;

/** The replacements used when the answers are their inputs with spans replaced; empty when they are not. */
export function rewriteTypes(
  items: readonly { readonly source: TextSource; readonly value: Json }[],
): string[] {
  const counts = new Map<string, number>();
  for (const { source, value } of items) {
    if (typeof value !== "string") return [];
    const types = new Set(value.match(REWRITE_TOKENS) ?? []);
    for (const type of types) if (!source.text.includes(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const types = [...counts]
    .filter(([, count]) => count > 1)
    .map(([type]) => type)
    .sort();
  if (types.length === 0) return [];
  const fitting = items.filter(
    ({ source, value }) => rewriteSegments(source, value as string, types) !== null,
  );
  return fitting.length >= MIN_SHARE_REWRITTEN * items.length ? types : [];
}

// Backtracking is bounded: an answer that needs more steps is given up as not alignable.
const MAX_STEPS = 20_000;

/**
 * The spans that were replaced: tokens between replacements must stand in the input in the same order, and each replacement
 * covers at least one token, as few as possible. Null where the answer is no such rewriting.
 */
export function rewriteSegments(
  source: TextSource,
  answer: string,
  types: readonly string[],
): Segment[] | null {
  const part = source.parts.find(({ key }) => key === "user-0");
  if (part === undefined) return null;
  const input = source.tokens.slice(part.start, part.end).map((token) => token.text);
  const { literals, tags } = piecesOf(answer, types);
  let steps = 0;
  const dead = new Set<number>();
  const hasSpace = (at: number): boolean => source.glued[part.start + at] !== 1;
  const isAt = (literal: Literal, at: number): boolean =>
    literal.words.every((word, index) => input[at + index] === word) &&
    (at === 0 || at === input.length || literal.opens === hasSpace(at)) &&
    (at + literal.words.length === input.length ||
      at + literal.words.length === 0 ||
      literal.closes === hasSpace(at + literal.words.length));
  // Places literal `piece` at or after `from`; what lies between is the span of the replacement before it.
  const place = (piece: number, from: number): Segment[] | null => {
    const literal = literals[piece];
    const isLast = piece === literals.length - 1;
    if (dead.has(piece * (input.length + 2) + from)) return null;
    const first = piece === 0 ? 0 : from + 1;
    const last = piece === 0 ? 0 : input.length - literal.words.length;
    for (let at = first; at <= last && steps < MAX_STEPS; at += 1) {
      steps += 1;
      if (!isAt(literal, at) || (isLast && at + literal.words.length !== input.length)) continue;
      const rest = isLast ? [] : place(piece + 1, at + literal.words.length);
      if (rest === null) continue;
      const own =
        piece === 0 ? [] : [{ tag: tags[piece - 1], start: part.start + from, end: part.start + at }];
      return [...own, ...rest];
    }
    dead.add(piece * (input.length + 2) + from);
    return null;
  };
  return place(0, 0);
}

/** What stands between two replacements: its words, and whether space divides it from them. */
type Literal = { readonly words: readonly string[]; readonly opens: boolean; readonly closes: boolean };

function piecesOf(answer: string, types: readonly string[]): { literals: Literal[]; tags: number[] } {
  const literals: Literal[] = [];
  const tags: number[] = [];
  let from = 0;
  for (const match of answer.matchAll(REWRITE_TOKENS)) {
    const tag = types.indexOf(match[0]);
    if (tag < 0) continue;
    literals.push(literalOf(answer.slice(from, match.index)));
    tags.push(tag);
    from = match.index + match[0].length;
  }
  literals.push(literalOf(answer.slice(from)));
  return { literals, tags };
}

const literalOf = (text: string): Literal => ({
  words: tokenize(text).map((token) => token.text),
  opens: /^\s/.test(text),
  closes: /\s$/.test(text),
});

/** The text of the last user part with the segments replaced. */
export function rewrite(source: TextSource, segments: readonly Segment[], types: readonly string[]): string {
  const part = source.parts.find(({ key }) => key === "user-0");
  if (part === undefined) return "";
  let text = "";
  let at = source.text.length - part.text.length;
  for (const segment of segments) {
    text += source.text.slice(at, source.tokens[segment.start].start) + types[segment.tag];
    at = source.tokens[segment.end - 1].end;
  }
  return text + source.text.slice(at);
}
