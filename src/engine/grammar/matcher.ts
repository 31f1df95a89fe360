import type { Vocabulary } from "./compile.ts";
import type { Handle, MatcherHandle, XGrammar } from "./xgrammar.ts";

/** Where a text stands in its grammar. All calls are synchronous. */
export type Matcher = {
  /** Which tokens may come next: bit `id % 32` of word `id / 32`. Written into `into` where it is given. */
  mask(into?: Int32Array): Int32Array;
  /** Goes on by a token; false, and no change, where the grammar does not allow it. */
  accept(token: number): boolean;
  /** Whether an end token was accepted. */
  isDone(): boolean;
  /** Whether nothing but an end token may follow: a decoder may stop here without asking its model. */
  mustEnd(): boolean;
  /** The text that must follow whatever the model says; empty where there is a choice. It may end within a character's escape. */
  jumpForward(): string;
  /** Takes back the last tokens. */
  rollback(tokens: number): void;
  reset(): void;
  /** Another matcher at the same place. O(tokens so far). */
  clone(): Matcher;
  /** Frees memory outside the heap of JavaScript; no call may follow. */
  dispose(): void;
};

/** A compiled grammar as a matcher needs it. `owner` is kept alive: it frees the handle when it goes. */
export type Compiled = {
  readonly handle: Handle;
  readonly module: XGrammar;
  readonly vocabulary: Vocabulary;
};

export function createMatcher(compiled: Compiled, tokens: readonly number[] = []): Matcher {
  const { module, vocabulary } = compiled;
  const words = Math.ceil(vocabulary.size / 32);
  const matcher: MatcherHandle = new module.GrammarMatcher(compiled.handle, undefined, false, -1);
  const past: number[] = [];
  const mask = (into: Int32Array = new Int32Array(words)): Int32Array => {
    if (matcher.IsTerminated()) return into.fill(0);
    const vector = matcher.GetNextTokenBitmask(vocabulary.size);
    into.set(module.vecIntToView(vector));
    vector.delete();
    return into;
  };
  const accept = (token: number): boolean => {
    const isKnown = Number.isInteger(token) && token >= 0 && token < vocabulary.size;
    if (!isKnown || matcher.IsTerminated() || !matcher.AcceptToken(token, false)) return false;
    past.push(token);
    return true;
  };
  tokens.forEach(accept);
  const scratch = new Int32Array(words);
  return {
    mask,
    accept,
    isDone: () => matcher.IsTerminated(),
    mustEnd: () => {
      if (matcher.IsTerminated()) return true;
      mask(scratch);
      for (const id of vocabulary.eosTokenIds) scratch[id >> 5] &= ~(1 << (id & 31));
      return scratch.every((word) => word === 0);
    },
    jumpForward: () => (matcher.IsTerminated() ? "" : matcher.FindJumpForwardString()),
    rollback: (count) => {
      if (!Number.isInteger(count) || count < 0 || count > past.length) {
        throw new RangeError(`Cannot take back ${count} tokens, at most ${past.length} were accepted`);
      }
      if (count > 0) matcher.Rollback(count);
      past.length -= count;
    },
    reset: () => {
      matcher.Reset();
      past.length = 0;
    },
    clone: () => createMatcher(compiled, past),
    dispose: () => matcher.delete(),
  };
}
