import type { Vocabulary } from "./compile.ts";
import type { Handle, MatcherHandle, XGrammar } from "./xgrammar.ts";

/** Where a text stands in its grammar. All calls are synchronous. */
export type Matcher = {
  /** Which tokens may come next: bit `id % 32` of word `id / 32`. Valid until the next call that moves the matcher. */
  mask(): Int32Array;
  /** Goes on by a token; false, and no change, where the grammar does not allow it. */
  accept(token: number): boolean;
  /** Whether the text is complete and nothing can follow: an end token was accepted, or is all that is allowed. */
  isDone(): boolean;
  /** The text that must follow whatever the model says; empty where there is a choice. */
  jumpForward(): string;
  /**
   * The tokens of `jumpForward`, as the tokenizer writes it, without the last one, which may grow together with what follows. Empty
   * where the vocabulary has no `encode`.
   */
  forced(): readonly number[];
  /** Takes back the last tokens. */
  rollback(tokens: number): void;
  reset(): void;
  /** Another matcher at the same place. O(tokens so far). */
  clone(): Matcher;
  /** Frees memory outside the heap of JavaScript; no call may follow. */
  dispose(): void;
};

/** A compiled grammar as a matcher needs it. Its handle is freed when nothing holds this object any more. */
export type Compiled = {
  readonly handle: Handle;
  readonly module: XGrammar;
  readonly vocabulary: Vocabulary;
};

export function createMatcher(compiled: Compiled, tokens: readonly number[] = []): Matcher {
  const { module, vocabulary } = compiled;
  const matcher: MatcherHandle = new module.GrammarMatcher(compiled.handle, undefined, false, -1);
  const current = new Int32Array(Math.ceil(vocabulary.size / 32));
  const past: number[] = [];
  let isFresh = false;
  const mask = (): Int32Array => {
    if (isFresh) return current;
    isFresh = true;
    if (matcher.IsTerminated()) return current.fill(0);
    const vector = matcher.GetNextTokenBitmask(vocabulary.size);
    current.set(module.vecIntToView(vector));
    vector.delete();
    return current;
  };
  const accept = (token: number): boolean => {
    const isKnown = Number.isInteger(token) && token >= 0 && token < vocabulary.size;
    if (!isKnown || matcher.IsTerminated() || !matcher.AcceptToken(token, false)) return false;
    past.push(token);
    isFresh = false;
    return true;
  };
  const rollback = (count: number): void => {
    if (!Number.isInteger(count) || count < 0 || count > past.length) {
      throw new RangeError(`Cannot take back ${count} tokens, at most ${past.length} were accepted`);
    }
    if (count === 0) return;
    matcher.Rollback(count);
    past.length -= count;
    isFresh = false;
  };
  // The text may end within a character; what is left of one is read as U+FFFD.
  const jumpForward = (): string =>
    matcher.IsTerminated() ? "" : matcher.FindJumpForwardString().replace(/\uFFFD.*$/s, "");
  const forced = (): readonly number[] => {
    const text = vocabulary.encode === undefined ? "" : jumpForward();
    const candidates = text === "" ? [] : (vocabulary.encode?.(text) ?? []).slice(0, -1);
    // A tokenizer may add to a text, a space at its start for one; what the grammar refuses is not forced.
    const before = past.length;
    const firstRefused = candidates.findIndex((token) => !accept(token));
    rollback(past.length - before);
    return firstRefused < 0 ? candidates : candidates.slice(0, firstRefused);
  };
  tokens.forEach(accept);
  return {
    mask,
    accept,
    isDone: () => matcher.IsTerminated() || allowsNothingBut(mask(), vocabulary.eosTokenIds),
    jumpForward,
    forced,
    rollback,
    reset: () => {
      matcher.Reset();
      past.length = 0;
      isFresh = false;
    },
    clone: () => createMatcher(compiled, past),
    dispose: () => matcher.delete(),
  };
}

function allowsNothingBut(mask: Int32Array, tokens: readonly number[]): boolean {
  for (let word = 0; word < mask.length; word += 1) {
    if (mask[word] === 0) continue;
    let rest = mask[word];
    for (const token of tokens) if (token >> 5 === word) rest &= ~(1 << (token & 31));
    if (rest !== 0) return false;
  }
  return true;
}
