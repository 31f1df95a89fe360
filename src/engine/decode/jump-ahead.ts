import type { TokenMask } from "./language-model.ts";

/** A matcher that knows which text must follow. */
export type JumpingMatcher = TokenMask & {
  /** Empty where there is a choice. */
  jumpForward(): string;
};

/** Turns fixed text into tokens that a text written so far can go on with; one per tokenizer. */
export type Jumps = (text: string) => readonly number[];

// Texts that may follow fixed text in JSON: letters, digits and every mark of its syntax, alone and in the pairs that merge.
const FOLLOWERS = [
  '"',
  "a",
  "Z",
  "1",
  " ",
  "-",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "\\",
  "é",
  '",',
  '"}',
  "[]",
  "{}",
  '{"',
  '["',
  "_",
  ".",
];
// Fixed texts are the keys of schemas: thousands at most. A bound for a server of many schemas.
const MAX_KEPT = 10_000;

/**
 * Tokens of a fixed text, only as far as they are the same whatever follows: the last ones may merge with what is chosen next,
 * and a model has seen the merged token only.
 */
export function createJumps(encode: (text: string) => readonly number[]): Jumps {
  const kept = new Map<string, readonly number[]>();
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    let stable = encode(text);
    for (const follower of FOLLOWERS) {
      const longer = encode(text + follower);
      const difference = stable.findIndex((token, index) => token !== longer[index]);
      if (difference !== -1) stable = stable.slice(0, difference);
    }
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(text, stable);
    return stable;
  };
}

/** The matcher, with its fixed texts written without asking the model: keys, quotes and brackets cost no step of their own. */
export function jumpingAhead(matcher: JumpingMatcher, jumps: Jumps): TokenMask {
  return {
    mask: () => matcher.mask(),
    accept: (token) => matcher.accept(token),
    isDone: () => matcher.isDone(),
    forced() {
      const text = matcher.jumpForward();
      return text === "" ? [] : jumps(text);
    },
  };
}
