/** Where a value stands in an answer: as a quoted string, a number, or a bare name. */
export type HoleKind = "quoted" | "number" | "word";

/** A value taken out of an answer. */
export type Hole = {
  readonly kind: HoleKind;
  /** The last words and signs before it: `NAME LIKE "%`. Holes with one key are filled alike in all templates. */
  readonly key: string;
  readonly value: string;
};

/** An answer as fixed texts around holes: `fixed[0] hole[0] fixed[1] …`; one more fixed text than holes. */
export type Cut = { readonly fixed: readonly string[]; readonly holes: readonly Hole[] };

/** A quoted text longer than this is prose, not a value. */
const MAX_VALUE = 120;
/** Most holes of an answer; what follows stays fixed. Bounds the time of one prediction. */
const MAX_HOLES = 24;
const KEY_WORDS = 2;

// Quotes count only where no letter touches them from outside: apostrophes are no quotes. "%" inside them is LIKE's.
const QUOTED = /(?<![\p{L}\p{N}_])(?:"%?([^"\n]+?)%?"|'%?((?:[^'\n]|'')+?)%?'(?!'))(?![\p{L}\p{N}_])/u;
const NUMBER = /(?<![\p{L}\p{N}_.])(\d+(?:\.\d+)?)(?![\p{L}\p{N}_])/u;
const NAME =
  /(?<![\p{L}\p{N}_])((?:\p{Lu}[\p{L}\p{N}_]*|[\p{L}_]+\d[\p{L}\p{N}_]*)(?:[ -]\p{Lu}[\p{L}\p{N}_]*)*)/u;
const LITERAL = new RegExp(`${QUOTED.source}|${NUMBER.source}|${NAME.source}`, "gu");

/** Cuts every quoted string and number out of an answer, and the bare names that `isCopied` knows. */
export function cutAnswer(answer: string, isCopied: (name: string) => boolean): Cut {
  const fixed: string[] = [];
  const holes: Hole[] = [];
  let from = 0;
  for (const match of answer.matchAll(LITERAL)) {
    const [whole, double, single, number, name] = match;
    const inner = double ?? single ?? number ?? name;
    if (inner.length > MAX_VALUE || holes.length === MAX_HOLES) continue;
    if (name !== undefined && !isCopied(name)) continue;
    const start = match.index + whole.indexOf(inner);
    const before = answer.slice(from, start);
    fixed.push(before);
    holes.push({
      kind: number !== undefined ? "number" : name !== undefined ? "word" : "quoted",
      key: keyOf(before, holes.length === 0),
      value: inner,
    });
    from = start + inner.length;
  }
  return { fixed: [...fixed, answer.slice(from)], holes };
}

/** The bare names of an answer that could have been copied. */
export function namesIn(answer: string): string[] {
  return [...answer.matchAll(LITERAL)].flatMap((match) => (match[4] === undefined ? [] : [match[4]]));
}

/** Puts the holes at these places back into the fixed text. */
export function closeHoles(cut: Cut, isFixed: (hole: Hole) => boolean): Cut {
  const fixed = [cut.fixed[0]];
  const holes: Hole[] = [];
  for (const [place, hole] of cut.holes.entries()) {
    if (isFixed(hole)) {
      fixed[fixed.length - 1] += hole.value + cut.fixed[place + 1];
      continue;
    }
    holes.push(hole);
    fixed.push(cut.fixed[place + 1]);
  }
  return { fixed, holes };
}

/** The answer with these values in the holes. */
export function joinCut(fixed: readonly string[], values: readonly string[]): string {
  return fixed.map((text, place) => text + (values[place] ?? "")).join("");
}

/** One text per template: equal for answers that differ in white space and values only. */
export function templateKey({ fixed }: Cut): string {
  return JSON.stringify(fixed.map((text) => text.replace(/\s+/g, " ")));
}

const WORD = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
const IS_WORD = /[\p{L}_]/u;

function keyOf(before: string, isFirst: boolean): string {
  // Only the end of what stands before can be part of the key; long fixed texts are not read whole.
  const parts = before.slice(-MAX_VALUE).match(WORD) ?? [];
  let words = 0;
  let at = parts.length;
  while (at > 0 && words < KEY_WORDS) {
    at -= 1;
    if (IS_WORD.test(parts[at])) words += 1;
  }
  const key = parts.slice(at).join(" ").replace(/\d+/g, "0");
  return words < KEY_WORDS && !isFirst ? `_ ${key}` : key;
}
