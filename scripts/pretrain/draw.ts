import type { Random } from "../../src/core/index.ts";

/** One of the items. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)];
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** An integer in [low, high]. */
export function between(random: Random, low: number, high: number): number {
  return low + random.below(high - low + 1);
}

/** One of the weighted items; weights need not sum to 1. */
export function weighted<T>(random: Random, items: readonly (readonly [weight: number, item: T])[]): T {
  let total = 0;
  for (const [weight] of items) total += weight;
  let rest = random.next() * total;
  for (const [weight, item] of items) {
    rest -= weight;
    if (rest < 0) return item;
  }
  return items[items.length - 1][1];
}

/** Up to `count` different items, in random order. */
export function sample<T>(random: Random, items: readonly T[], count: number): T[] {
  if (count * 4 > items.length) return random.shuffle(items).slice(0, count);
  const places = new Set<number>();
  while (places.size < count) places.add(random.below(items.length));
  return Array.from(places, (place) => items[place]);
}
