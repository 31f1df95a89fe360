import { expect, test } from "vitest";
import { watchKeys } from "../gateway/index.ts";
import { silentLog } from "../core/index.ts";
import { openStore, type Store } from "../store/index.ts";
import { createKey, rotateKey } from "./keys.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);

function within(work: (store: Store) => void): void {
  const store = openStore({ dir: ":memory:", nowMs: () => START_MS });
  work(store);
  store.close();
}

/** Who the keys let in at a time. */
function areLetIn(store: Store, keys: readonly string[], nowMs: number): boolean[] {
  const watch = watchKeys(store.accessKeys, { isRequired: true, nowMs: () => nowMs, log: silentLog });
  const seen = keys.map(
    (key) => "keyId" in watch.gatekeeper.admit({ headers: { "x-api-key": key } }, "ingest"),
  );
  watch.close();
  return seen;
}

test("rotateKey() lets both keys in for the overlap, then the new one alone", () => {
  within((store) => {
    const old = createKey(store, { name: "app", models: ["gpt-*"], expires: 90 * DAY_MS }, START_MS);
    const made = rotateKey(store, old.id, { overlap: DAY_MS, nowMs: START_MS + 10 * DAY_MS });
    expect(made).toMatchObject({ name: "app", role: "ingest", models: ["gpt-*"], replaces: old.id });
    expect(made.expiresAt).toBe(new Date(START_MS + 100 * DAY_MS).toISOString());
    const both = [old.key, made.key];
    expect(areLetIn(store, both, START_MS + 11 * DAY_MS - 1)).toEqual([true, true]);
    expect(areLetIn(store, both, START_MS + 11 * DAY_MS)).toEqual([false, true]);
  });
});
test("rotateKey() never makes a key live longer than it would have", () => {
  within((store) => {
    const old = createKey(store, { expires: DAY_MS }, START_MS);
    rotateKey(store, old.id, { overlap: 9 * DAY_MS, nowMs: START_MS });
    expect(areLetIn(store, [old.key], START_MS + DAY_MS)).toEqual([false]);
  });
});
test("a revoked key cannot be replaced, an unknown one not be found", () => {
  within((store) => {
    const { id } = createKey(store, {}, START_MS);
    store.accessKeys.change(id, { revokedAt: "2026" });
    expect(() => rotateKey(store, id, { nowMs: START_MS })).toThrow(/no longer good/);
    expect(() => rotateKey(store, "nothing", { nowMs: START_MS })).toThrow(/keys list shows them/);
  });
});
test("every change of a key is in the audit trail, and the secret is not", () => {
  within((store) => {
    const old = createKey(store, { name: "app" }, START_MS);
    const made = rotateKey(store, old.id, { nowMs: START_MS });
    const entries = [...store.audit.iterate()];
    expect(entries.map(({ action }) => action)).toEqual(["key-created", "key-created", "key-changed"]);
    const text = JSON.stringify(entries);
    expect([old, made].filter(({ key }) => text.includes(key.slice(17)))).toEqual([]);
  });
});
test.each([
  ["a role", { role: "root" }, /--role "root": expected one of ingest/],
  ["models", { models: ["*x"] }, /--models/],
])("createKey() refuses %s that do not exist", (_, flags, line) => {
  within((store) => expect(() => createKey(store, flags, START_MS)).toThrow(line));
});
