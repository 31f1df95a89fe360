/** Things lent to one user at a time; who comes later waits in turn. */
export type Pool<T> = {
  take(): Promise<T>;
  giveBack(item: T): void;
  /** Takes, and gives back whatever happens. */
  use<R>(work: (item: T) => Promise<R>): Promise<R>;
};

export function createPool<T>(items: readonly T[]): Pool<T> {
  const free = [...items];
  const waiting: ((item: T) => void)[] = [];
  const take = async (): Promise<T> => {
    const item = free.pop();
    return item ?? new Promise<T>((resolve) => waiting.push(resolve));
  };
  const giveBack = (item: T): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(item);
    else next(item);
  };
  return {
    take,
    giveBack,
    async use(work) {
      const item = await take();
      try {
        return await work(item);
      } finally {
        giveBack(item);
      }
    },
  };
}
