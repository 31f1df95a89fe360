import { describe, expect, test } from "vitest";
import { Members, NOWHERE, type Member } from "./members.ts";
import { seededRandom } from "./random.ts";

const named = (name: number): Member & { name: number } => ({ name, place: NOWHERE });

describe("Members", () => {
  test("holds what a Set holds, whatever comes and goes", () => {
    const random = seededRandom(7);
    const members = new Members<ReturnType<typeof named>>();
    const set = new Set<ReturnType<typeof named>>();
    const all = Array.from({ length: 40 }, (_, name) => named(name));
    for (let step = 0; step < 2000; step += 1) {
      const one = all[Math.floor(random.next() * all.length)];
      if (set.has(one) || random.next() < 0.1) {
        set.delete(one);
        members.delete(one);
      } else {
        set.add(one);
        members.add(one);
      }
      expect(members.size).toBe(set.size);
      expect(new Set(members)).toEqual(set);
    }
    expect(set.size).toBeGreaterThan(0);
  });

  test("can be emptied by those who are looked through", () => {
    const members = new Members<ReturnType<typeof named>>();
    for (let name = 0; name < 5; name += 1) members.add(named(name));
    const seen: number[] = [];
    for (const one of members) {
      seen.push(one.name);
      members.delete(one);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(members.size).toBe(0);
  });
});
