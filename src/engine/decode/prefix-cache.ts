import type { SequenceState } from "./key-value-cache.ts";

/** States of fixed beginnings, the least recently used forgotten first. */
export type PrefixCache = {
  get(adapterId: number, prefix: readonly number[]): SequenceState | undefined;
  put(adapterId: number, prefix: readonly number[], state: SequenceState): void;
  /** Forgets what was computed with an adapter. */
  drop(adapterId: number): void;
  bytes(): number;
};

export function createPrefixCache(maxBytes: number): PrefixCache {
  // A map keeps the order of insertion: the first is the one used longest ago.
  const states = new Map<string, SequenceState>();
  let bytes = 0;
  const remove = (key: string): void => {
    bytes -= states.get(key)?.data.byteLength ?? 0;
    states.delete(key);
  };
  return {
    get(adapterId, prefix) {
      const key = keyOf(adapterId, prefix);
      const state = states.get(key);
      if (state === undefined) return undefined;
      states.delete(key);
      states.set(key, state);
      return state;
    },
    put(adapterId, prefix, state) {
      const key = keyOf(adapterId, prefix);
      remove(key);
      if (state.data.byteLength > maxBytes) return;
      states.set(key, state);
      bytes += state.data.byteLength;
      for (const oldest of states.keys()) {
        if (bytes <= maxBytes) return;
        remove(oldest);
      }
    },
    drop(adapterId) {
      for (const key of states.keys()) if (key.startsWith(`${adapterId}:`)) remove(key);
    },
    bytes: () => bytes,
  };
}

const keyOf = (adapterId: number, prefix: readonly number[]): string => `${adapterId}:${prefix.join()}`;
