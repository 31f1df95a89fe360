import { expect, test } from "vitest";
import { createPrefixCache } from "./prefix-cache.ts";

const state = (floats: number): { length: number; data: Float32Array } => ({
  length: 1,
  data: new Float32Array(floats),
});

test("a prefix cache forgets what was used longest ago, by bytes", () => {
  const cache = createPrefixCache(100);
  cache.put(0, [1], state(10));
  cache.put(0, [2], state(10));
  cache.get(0, [1]);
  cache.put(0, [3], state(10));
  expect([1, 2, 3].map((token) => cache.get(0, [token]) !== undefined)).toEqual([true, false, true]);
  expect(cache.bytes()).toBe(80);
});

test("a prefix cache keeps adapters apart, and drops one's states with it", () => {
  const cache = createPrefixCache(1000);
  cache.put(1, [5], state(1));
  cache.put(11, [5], state(2));
  cache.drop(1);
  expect(cache.get(1, [5])).toBeUndefined();
  expect(cache.get(11, [5])?.data).toHaveLength(2);
  expect(cache.bytes()).toBe(8);
});

test("a prefix cache does not hold what is larger than itself", () => {
  const cache = createPrefixCache(10);
  cache.put(0, [1], state(3));
  expect(cache.bytes()).toBe(0);
});
