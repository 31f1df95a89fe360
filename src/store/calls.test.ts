import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Call } from "../core/index.ts";
import { openStore, type Store } from "./index.ts";
import { sampleCall } from "./testing.ts";

const later = "2026-03-02T00:00:01Z";

function within(work: (store: Store) => void): void {
  const store = openStore({ dir: ":memory:", nowMs: () => 0 });
  try {
    work(store);
  } finally {
    store.close();
  }
}

describe("laws of the call table", () => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  const call: fc.Arbitrary<Call> = fc
    .record({
      // Ids as a log may have them: empty, with a NUL, with half a character.
      id: fc.constantFrom("", "a", "a\0b", "a\0c", "\ud800x", "😀"),
      at: fc.option(fc.constantFrom("2026-03-02T00:00:00Z", later)),
      content: text,
      foreign: fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
    })
    .map(({ id, at, content, foreign }) =>
      sampleCall(id, { at, foreign, request: { model: "m", messages: [{ role: "user", content }] } }),
    );

  test("get() gives back what JSON can carry", () => {
    fc.assert(
      fc.property(call, (given) =>
        within((store) => {
          store.calls.add([given]);
          expect(store.calls.get(given.id)).toEqual(JSON.parse(JSON.stringify(given)));
        }),
      ),
      { numRuns: 40 },
    );
  });
  test("digest() is the same for any order, any batches and any store", () => {
    const set = fc.uniqueArray(call, { selector: ({ id }) => id });
    fc.assert(
      fc.property(
        set,
        set.chain((rest) => fc.nat(rest.length)),
        (calls, cut) =>
          within((store) =>
            within((other) => {
              store.calls.add(calls);
              const reversed = [...calls].reverse();
              other.calls.add(reversed.slice(0, cut));
              other.calls.add(reversed.slice(cut));
              expect(other.calls.digest()).toBe(store.calls.digest());
            }),
          ),
      ),
      { numRuns: 40 },
    );
  });
});
