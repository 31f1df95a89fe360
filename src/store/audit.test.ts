import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openStore, type AuditHead, type AuditVerdict } from "./index.ts";
import { withFolder } from "./testing.ts";

const nowMs = () => Date.UTC(2026, 2, 2);

/** Five entries, then what another hand does to the file, then what verify says. `after` appends before that. */
function verdictAfter(sql: string, options: { noted?: AuditHead; appends?: number } = {}): AuditVerdict {
  return withFolder((dir) => {
    const store = openStore({ dir, nowMs });
    for (const action of ["a", "b", "c", "d", "e"])
      store.audit.append({ actor: "cli:me", action, detail: { call: `call_${action}` } });
    store.close();
    const file = new DatabaseSync(join(dir, "store.db"));
    file.exec(sql);
    file.close();
    const again = openStore({ dir, nowMs });
    for (let index = 0; index < (options.appends ?? 0); index += 1)
      again.audit.append({ actor: "cli:me", action: "later", detail: {} });
    const verdict = again.audit.verify(options.noted);
    again.close();
    return verdict;
  });
}

const CUT = "DELETE FROM audit WHERE number > 3";

test("verify() holds an untouched trail", () => {
  expect(verdictAfter("").problems).toEqual([]);
});
test.each([
  ["detail", "UPDATE audit SET detail = '{}' WHERE number = 3"],
  ["actor", "UPDATE audit SET actor = 'cli:you' WHERE number = 3"],
  ["time", "UPDATE audit SET at = '2020-01-01T00:00:00.000Z' WHERE number = 3"],
  ["action", "UPDATE audit SET action = 'b' WHERE number = 3"],
  ["code", "UPDATE audit SET mac = zeroblob(32) WHERE number = 3"],
])("verify() finds an entry whose %s was changed", (_, sql) => {
  expect(verdictAfter(sql).problems[0]).toMatch(/^entry 3 was changed/);
});
test("verify() finds an entry that was removed", () => {
  expect(verdictAfter("DELETE FROM audit WHERE number = 2").problems).toEqual(["entries 2 to 2 are missing"]);
});
test("verify() finds a first entry that was removed", () => {
  expect(verdictAfter("DELETE FROM audit WHERE number = 1").problems).toEqual(["entries 1 to 1 are missing"]);
});
test("verify() finds a removed entry whose number was closed up", () => {
  const sql = "DELETE FROM audit WHERE number = 2; UPDATE audit SET number = number - 1 WHERE number > 2";
  expect(verdictAfter(sql).problems.length).toBeGreaterThan(0);
});
test("verify() finds two entries in each other's place", () => {
  const sql =
    "UPDATE audit SET number = 9 WHERE number = 2; UPDATE audit SET number = 2 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 9";
  expect(verdictAfter(sql).problems[0]).toMatch(/^entry 2 was changed, moved/);
});
test("verify() finds an entry that was put in", () => {
  const sql = "INSERT INTO audit SELECT 6, at, actor, action, detail, mac FROM audit WHERE number = 5";
  expect(verdictAfter(sql).problems[0]).toMatch(/^entry 6 was/);
});
test("verify() finds a tail that was cut", () => {
  expect(verdictAfter(CUT).problems).toEqual([
    "the end is not where it was: 3 entries are there, 5 were written",
  ]);
});
test("verify() finds a tail that was cut with its anchor", () => {
  expect(verdictAfter(`${CUT}; DELETE FROM audit_anchor`).problems.length).toBe(1);
});
test("verify() finds a cut also when the trail has gone on since", () => {
  expect(verdictAfter(CUT, { appends: 2 }).problems[0]).toBe("entries 4 to 5 are missing");
  const { problems } = verdictAfter(`${CUT}; DELETE FROM audit_anchor`, { appends: 2 });
  expect(problems[0]).toMatch(/^before entry 4 the end had been cut/);
});
test("verify() with a noted head finds a trail that was put back as a whole", () => {
  const noted = withFolder((dir) => {
    const store = openStore({ dir, nowMs });
    const head = store.audit.append({ actor: "cli:me", action: "a", detail: {} });
    store.close();
    return head;
  });
  // Another store's first entry: the same text under another key.
  expect(verdictAfter("", { noted }).problems[0]).toMatch(/^entry 1 is not the one that was noted/);
});

test("accessKeys.all() refuses a row that was given more rights by another hand", () => {
  withFolder((dir) => {
    const store = openStore({ dir, nowMs });
    const rest = {
      name: "app",
      role: "ingest",
      models: null,
      madeAt: "2026",
      expiresAt: null,
      replaces: null,
    };
    store.accessKeys.add({ id: "k1", secretHash: Buffer.alloc(32, 1), ...rest });
    store.accessKeys.add({ id: "k2", secretHash: Buffer.alloc(32, 2), ...rest });
    store.close();
    const file = new DatabaseSync(join(dir, "store.db"));
    file.exec("UPDATE access_keys SET body = replace(body, 'ingest', 'owner') WHERE id = 'k1'");
    file.exec(
      "INSERT INTO access_keys SELECT 'k3', secret_hash, body, mac, version, null FROM access_keys WHERE id = 'k2'",
    );
    file.close();
    const again = openStore({ dir, nowMs });
    const { keys, foreign } = again.accessKeys.all();
    expect([keys.map(({ id }) => id), foreign]).toEqual([["k2"], ["k1", "k3"]]);
    expect(again.accessKeys.change("k1", { expiresAt: null })).toBeNull();
    again.close();
  });
});
