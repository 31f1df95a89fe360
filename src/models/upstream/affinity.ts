/** Ids that a later request may come back with; at some 100 bytes each, a few megabytes. */
export const MAX_REMEMBERED = 20_000;

/** Where something was answered: a target and one of its keys, both by their place in the config. */
export type Place = { readonly provider: string; readonly model: string; readonly account: number };

export type Affinity = {
  /** Who made this tool call or response; undefined when it is not remembered. */
  find(id: string): Place | undefined;
  remember(id: string, place: Place): void;
};

/** Remembers who said what, the latest first: the oldest is forgotten when there is no room. */
export function createAffinity(max: number = MAX_REMEMBERED): Affinity {
  const places = new Map<string, Place>();
  return {
    find: (id) => places.get(id),
    remember(id, place) {
      places.delete(id);
      places.set(id, place);
      if (places.size <= max) return;
      const oldest = places.keys().next();
      if (oldest.done !== true) places.delete(oldest.value);
    },
  };
}
