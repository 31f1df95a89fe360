import { createSecretKey } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seal, unseal } from "./seal.ts";

const key = createSecretKey(new Uint8Array(32).fill(7));
const bytes = fc.uint8Array({ maxLength: 64 });

describe("seal", () => {
  test("unseal() of seal() gives the bytes back", () => {
    fc.assert(
      fc.property(fc.string(), bytes, (name, given) => {
        expect([...(unseal(key, name, seal(key, name, given)) ?? ["closed"])]).toEqual([...given]);
      }),
    );
  });
  test("unseal() is null under another name", () => {
    expect(unseal(key, "b", seal(key, "a", Uint8Array.of(1)))).toBeNull();
  });
  test("unseal() is null under another key", () => {
    expect(unseal(createSecretKey(new Uint8Array(32)), "a", seal(key, "a", Uint8Array.of(1)))).toBeNull();
  });
  test("unseal() is null when any one bit is another, or the end is missing", () => {
    const sealed = seal(key, "a", Uint8Array.of(1, 2, 3));
    const flipped = Array.from({ length: sealed.length * 8 }, (_, bit) => {
      const copy = Uint8Array.from(sealed);
      copy[bit >> 3] ^= 1 << (bit & 7);
      return copy;
    });
    const cut = Array.from(sealed, (_, length) => sealed.slice(0, length));
    expect([...flipped, ...cut].filter((other) => unseal(key, "a", other) !== null)).toEqual([]);
  });
  test("seal() never gives the same bytes twice", () => {
    expect(seal(key, "a", Uint8Array.of(1))).not.toEqual(seal(key, "a", Uint8Array.of(1)));
  });
});
