import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { Database, openDatabase } from "./database.ts";
import { openStore } from "./index.ts";
import { migrate, migrations } from "./migrations.ts";
import { sampleCall, withFolder } from "./testing.ts";

const nowMs = () => Date.UTC(2026, 2, 2);
const steps = [
  { number: 1, sql: "CREATE TABLE a (x)" },
  { number: 2, sql: "CREATE TABLE b (y)" },
];

function tables(database: Database): string[] {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
  return database
    .prepare<{ name: string }>(sql)
    .all()
    .map(({ name }) => name);
}

describe("migrate", () => {
  test("an older store gets the steps it lacks and keeps its rows", () => {
    const database = new Database(":memory:");
    migrate(database, steps.slice(0, 1), nowMs);
    database.exec("INSERT INTO a VALUES (5)");
    migrate(database, steps, nowMs);
    migrate(database, steps, nowMs);
    expect(tables(database)).toEqual(["a", "b", "migrations"]);
    expect(database.prepare<{ x: number }>("SELECT x FROM a").get()?.x).toBe(5);
    database.close();
  });
  test("a step that fails leaves the store as it was", () => {
    const database = new Database(":memory:");
    migrate(database, steps.slice(0, 1), nowMs);
    const broken = { number: 3, sql: "CREATE TABLE c (z); CREATE TABLE c (z)" };
    expect(() => migrate(database, [...steps, broken], nowMs)).toThrow(/table c already exists/);
    expect(tables(database)).toEqual(["a", "migrations"]);
    database.close();
  });
  test("a store with a step that reads otherwise is refused", () => {
    const database = new Database(":memory:");
    migrate(database, steps, nowMs);
    const other = [{ number: 1, sql: "CREATE TABLE a (w)" }, steps[1]];
    expect(() => migrate(database, other, nowMs)).toThrow(/its version 1 was made by an unreleased program/);
    database.close();
  });
  test("the numbers go up from 1 without a gap", () => {
    expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1));
  });
});

describe("openStore", () => {
  test("takes a store of version 1 into use", () => {
    withFolder((dir) => {
      const old = openDatabase(dir);
      migrate(old, migrations.slice(0, 1), nowMs);
      old.exec("INSERT INTO ledger (at, event, detail) VALUES ('2026', 'made', '{}')");
      old.close();
      const store = openStore({ dir, nowMs });
      store.calls.add([sampleCall("a")]);
      expect(store.ledger.all()).toEqual([{ at: "2026", event: "made", detail: {} }]);
      expect(store.lineage("a")).toEqual({ examples: [], specialists: [], certificates: [] });
      store.close();
    });
  });
  test("refuses a store newer than the program with one line", () => {
    withFolder((dir) => {
      openStore({ dir, nowMs }).close();
      const newer = new DatabaseSync(join(dir, "store.db"));
      newer.exec("INSERT INTO migrations VALUES (99, 'hash', '2027')");
      newer.close();
      expect(() => openStore({ dir, nowMs })).toThrow(
        new RegExp(
          `^Cannot use the store ".*store\\.db": it is of version 99, this program knows up to ${migrations.length}; update`,
        ),
      );
    });
  });
  test("refuses the database of another program and does not change it", () => {
    withFolder((dir) => {
      const other = new DatabaseSync(join(dir, "store.db"));
      other.exec("CREATE TABLE theirs (x)");
      other.close();
      expect(() => openStore({ dir, nowMs })).toThrow(expect.objectContaining({ code: "store-broken" }));
      const after = new DatabaseSync(join(dir, "store.db"));
      expect(after.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "theirs" }]);
      after.close();
    });
  });
  test("refuses a file that is no database", () => {
    withFolder((dir) => {
      writeFileSync(join(dir, "store.db"), "once upon a time ".repeat(500));
      expect(() => openStore({ dir, nowMs })).toThrow(expect.objectContaining({ code: "store-broken" }));
    });
  });
});
