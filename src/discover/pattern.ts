/** A line whose words vary in places: its fixed words in order, `null` for one or more varying words. */
export type Pattern = readonly (string | null)[];

/** Lines alike in at least this share of words (2·LCS / sum of lengths) are one pattern. */
const MIN_ALIKE = 0.75;
/** Patterns kept per opening of a line; more different lines with one opening are content, not template. */
const MAX_PATTERNS_PER_OPENING = 24;
/** Lines shorter than this are too short to tell a template from a coincidence, longer ones too long to compare. */
const MIN_TOKENS = 6;
const MAX_TOKENS = 400;
/** Words at the start of a line that must be equal for two lines to be compared. */
const OPENING_TOKENS = 3;
/** Words a gap may swallow. */
const MAX_GAP_TOKENS = 12;

/**
 * Groups lines into patterns as they come (Drain's idea, He et al. 2017, with an alignment instead of equal lengths,
 * so that a slot may hold one word or three). Returns for each line the number of its group.
 */
export class LinePatterns {
  readonly #groups: { tokens: Pattern }[] = [];
  readonly #byOpening = new Map<string, number[]>();

  /** The group of a line; the line widens the group's pattern. `null` when the line cannot be part of a pattern. */
  add(tokens: readonly string[]): number | null {
    if (tokens.length < MIN_TOKENS || tokens.length > MAX_TOKENS) return null;
    const opening = tokens.slice(0, OPENING_TOKENS).join(" ");
    const candidates = this.#byOpening.get(opening) ?? [];
    for (const group of candidates) {
      const merged = mergePattern(this.#groups[group].tokens, tokens);
      if (merged === null) continue;
      this.#groups[group].tokens = merged;
      return group;
    }
    if (candidates.length >= MAX_PATTERNS_PER_OPENING) return null;
    const group = this.#groups.length;
    this.#groups.push({ tokens });
    this.#byOpening.set(opening, [...candidates, group]);
    return group;
  }

  pattern(group: number): Pattern {
    return this.#groups[group].tokens;
  }
}

/** The words two lines share, in order, gaps as null; null when they are not alike enough. O(n·m). */
export function mergePattern(pattern: Pattern, tokens: readonly string[]): Pattern | null {
  const fixed = pattern.length;
  const width = tokens.length + 1;
  const lcs = new Uint16Array((fixed + 1) * width);
  for (let i = fixed - 1; i >= 0; i -= 1) {
    for (let j = tokens.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      lcs[at] = pattern[i] === tokens[j] ? lcs[at + width + 1] + 1 : Math.max(lcs[at + width], lcs[at + 1]);
    }
  }
  const words = pattern.filter((token) => token !== null).length;
  if ((2 * lcs[0]) / (words + tokens.length) < MIN_ALIKE) return null;
  return walk(pattern, tokens, lcs);
}

function walk(pattern: Pattern, tokens: readonly string[], lcs: Uint16Array): Pattern {
  const width = tokens.length + 1;
  const merged: (string | null)[] = [];
  const gap = (): void => {
    if (merged.length === 0 || merged.at(-1) !== null) merged.push(null);
  };
  let i = 0;
  let j = 0;
  while (i < pattern.length && j < tokens.length) {
    if (pattern[i] === tokens[j]) {
      merged.push(tokens[j]);
      i += 1;
      j += 1;
      continue;
    }
    gap();
    if (lcs[(i + 1) * width + j] >= lcs[i * width + j + 1]) i += 1;
    else j += 1;
  }
  if (i < pattern.length || j < tokens.length) gap();
  return merged;
}

/** The words in the gaps of a pattern, when the line fits it; null when it does not. A gap may be empty. */
export function fillPattern(pattern: Pattern, tokens: readonly string[]): string[] | null {
  const filled: string[] = [];
  let at = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    const word = pattern[i];
    if (word !== null) {
      if (tokens[at] !== word) return null;
      at += 1;
      continue;
    }
    const end = endOfGap(pattern, i + 1, tokens, at);
    if (end === null) return null;
    filled.push(...tokens.slice(at, end));
    at = end;
  }
  return at === tokens.length ? filled : null;
}

/** Where the gap that starts at `at` ends: before the next place where the pattern's next run of fixed words stands. */
function endOfGap(pattern: Pattern, next: number, tokens: readonly string[], at: number): number | null {
  if (next >= pattern.length) return tokens.length - at <= MAX_GAP_TOKENS ? tokens.length : null;
  const run: string[] = [];
  for (let i = next; i < pattern.length; i += 1) {
    const word = pattern[i];
    if (word === null) break;
    run.push(word);
  }
  for (let end = at; end <= at + MAX_GAP_TOKENS && end + run.length <= tokens.length; end += 1) {
    if (run.every((word, offset) => tokens[end + offset] === word)) return end;
  }
  return null;
}
