export type Recent<T> = {
  find(key: string): T | undefined;
  remember(key: string, value: T): void;
  all(): Iterable<readonly [key: string, value: T]>;
};

/** Remembers the latest: the oldest is forgotten when there is no room. */
export function createRecent<T>(max: number): Recent<T> {
  const values = new Map<string, T>();
  return {
    find: (key) => values.get(key),
    all: () => values,
    remember(key, value) {
      values.delete(key);
      values.set(key, value);
      if (values.size <= max) return;
      const oldest = values.keys().next();
      if (oldest.done !== true) values.delete(oldest.value);
    },
  };
}
