import { hash32 } from "../../core/index.ts";
import type { Cut, Hole, HoleKind } from "./template-fill-cut.ts";
import { spansOf, type Source, type Span } from "./template-fill-source.ts";

/** How the letters of a copied value are written in the answer. */
export const CASES = ["same", "upper", "lower", "title"] as const;
export type Case = (typeof CASES)[number];

/** What a span looks like from where it stands. */
export type Look = {
  readonly shape: string;
  /** How many other values of the shape stand before it; 3 for more. */
  readonly order: number;
  /** Hashes of the words around it and their forms. */
  readonly before: number;
  readonly after: number;
  readonly beforeForm: string;
  readonly afterForm: string;
};

/** How one hole of a training answer was filled. */
export type Use = {
  readonly example: number;
  readonly template: number;
  readonly place: number;
  readonly key: string;
  readonly kind: HoleKind;
  /** Where it was copied from; null for a constant. */
  readonly look: Look | null;
  /** The constant; of a copied value only its hash is kept. */
  readonly value: string | null;
  readonly hash: number;
  /** Bit per entry of CASES that writes the span as the value. */
  readonly cases: number;
};

/** A span of an input with its look. */
export type Seen = { readonly span: Span; readonly look: Look };

const MAX_ORDER = 3;

/** The look of every span of a source. */
export function looksOf(source: Source): Seen[] {
  const { tokens } = source;
  const ofShape = new Map<string, string[]>();
  return spansOf(source).map((span) => {
    const known = ofShape.get(span.shape) ?? [];
    ofShape.set(span.shape, known);
    if (known.length < MAX_ORDER && !known.includes(span.text)) known.push(span.text);
    const order = known.indexOf(span.text);
    return {
      span,
      look: {
        shape: span.shape,
        order: order < 0 ? MAX_ORDER : order,
        before: hash32(tokens[span.from - 1]?.lower ?? "^"),
        after: hash32(tokens[span.to]?.lower ?? "$"),
        beforeForm: tokens[span.from - 1]?.form ?? "^",
        afterForm: tokens[span.to]?.form ?? "$",
      },
    };
  });
}

/** Where the holes of one answer came from. */
export function usesOf(
  cut: Cut,
  seen: readonly Seen[],
  at: { readonly example: number; readonly template: number },
): Use[] {
  return cut.holes.map((hole, place) => {
    const origin = originOf(hole, seen);
    return {
      ...at,
      place,
      key: hole.key,
      kind: hole.kind,
      look: origin?.look ?? null,
      value: origin === undefined ? hole.value : null,
      hash: valueHash(hole.value),
      cases: origin === undefined ? 0 : casesOf(origin.span.text, hole.value),
    };
  });
}

/** The last span that reads as the value but for case: the part that asks stands last. */
export function originOf(hole: Hole, seen: readonly Seen[]): Seen | undefined {
  const wanted = hole.value.toLowerCase();
  return seen.findLast(
    ({ span }) => span.text.length === wanted.length && span.text.toLowerCase() === wanted,
  );
}

export const valueHash = (value: string): number => hash32(value.toLowerCase());

export function writeAs(text: string, letters: Case): string {
  switch (letters) {
    case "same":
      return text;
    case "upper":
      return text.toUpperCase();
    case "lower":
      return text.toLowerCase();
    case "title":
      return text.toLowerCase().replace(/(?<![\p{L}\p{N}'])\p{L}/gu, (letter) => letter.toUpperCase());
  }
}

function casesOf(span: string, value: string): number {
  return CASES.reduce(
    (bits, letters, bit) => (writeAs(span, letters) === value ? bits | (1 << bit) : bits),
    0,
  );
}
