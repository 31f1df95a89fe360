import { add, NOTHING, type Amounts } from "./amounts.ts";

/** One change of what has been taken from a counter in a window. */
export type Change = {
  readonly counter: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Given what has been taken: what to add to it (negative gives back), or null to leave it. */
  readonly decide: (taken: Amounts) => Amounts | null;
};

/**
 * What all processes together have taken: each takes a part and deals it out by itself. Every change is made from the latest state and
 * by one process at a time.
 */
export type Bank = {
  /** All changes or none; the same place has what was added. Throws HouseError when the store cannot be written. */
  update(changes: readonly Change[]): readonly (Amounts | null)[];
};

/** A bank of one process, which forgets. */
export function memoryBank(): Bank {
  const taken = new Map<string, Amounts>();
  return {
    update: (changes) =>
      changes.map(({ counter, startMs, decide }) => {
        const name = `${startMs} ${counter}`;
        const before = taken.get(name) ?? NOTHING;
        const change = decide(before);
        if (change !== null) taken.set(name, add(before, change));
        return change;
      }),
  };
}
