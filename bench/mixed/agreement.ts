/** The true class and the found cluster of one item. */
export type Pair = readonly [truth: string, found: string];

type Counts = {
  readonly truth: Map<string, number>;
  readonly found: Map<string, number>;
  readonly both: Map<string, number>;
};

function countsOf(pairs: readonly Pair[]): Counts {
  const counts: Counts = { truth: new Map(), found: new Map(), both: new Map() };
  const add = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);
  for (const [truth, found] of pairs) {
    add(counts.truth, truth);
    add(counts.found, found);
    add(counts.both, `${truth}\n${found}`);
  }
  return counts;
}

/** V-measure (Rosenberg and Hirschberg 2007): the harmonic mean of homogeneity and completeness. */
export function vMeasureOf(pairs: readonly Pair[]): number {
  const { truth, found, both } = countsOf(pairs);
  const entropy = (map: ReadonlyMap<string, number>): number =>
    -[...map.values()].reduce(
      (sum, count) => sum + (count / pairs.length) * Math.log(count / pairs.length),
      0,
    );
  const shared = entropy(truth) + entropy(found) - entropy(both);
  const homogeneity = truth.size <= 1 ? 1 : shared / entropy(truth);
  const completeness = found.size <= 1 ? 1 : shared / entropy(found);
  return (2 * homogeneity * completeness) / (homogeneity + completeness);
}

/** Adjusted Rand index (Hubert and Arabie 1985). */
export function ariOf(pairs: readonly Pair[]): number {
  const { truth, found, both } = countsOf(pairs);
  const choose = (n: number): number => (n * (n - 1)) / 2;
  const sum = (map: ReadonlyMap<string, number>): number =>
    [...map.values()].reduce((total, count) => total + choose(count), 0);
  const expected = (sum(truth) * sum(found)) / choose(pairs.length);
  return (sum(both) - expected) / ((sum(truth) + sum(found)) / 2 - expected);
}
