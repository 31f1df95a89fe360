import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openStore } from "./index.ts";
import { sampleCall, withFolder } from "./testing.ts";

const CANARY = "canary-5f1c-heard-in-the-mine";
const nowMs = () => 0;

/** Runs SQL on the file of a store as a stranger would. */
function tamper(dir: string, sql: string): void {
  const database = new DatabaseSync(join(dir, "store.db"));
  database.exec(sql);
  database.close();
}

function makeStore(dir: string): void {
  const store = openStore({ dir, nowMs });
  store.calls.add([sampleCall("a"), sampleCall("b")]);
  store.close();
}

const code = (code: string) => expect.objectContaining({ code });

describe("content at rest", () => {
  test("no file holds what was asked, answered, learnt or templated", () => {
    withFolder((dir) => {
      const store = openStore({ dir, nowMs });
      const message = { role: "user", content: CANARY };
      // Long and repetitive in one place, short in the other: deflated and plain under the seal.
      const long = { role: "assistant", content: `${CANARY} `.repeat(500) };
      store.calls.add([
        sampleCall("a", { request: { model: "m", messages: [message] }, foreign: { note: CANARY } }),
        sampleCall("b", { response: { message: long, finish_reason: "stop" }, error: CANARY }),
      ]);
      const template = { role: "system" as const, lines: [CANARY], patterns: [], maxExtraLines: 0 };
      const variant = {
        id: "v",
        toolsHash: null,
        formatHash: null,
        models: ["m"],
        calls: 1,
        firstAt: null,
        lastAt: null,
      };
      const task = { id: "t", name: CANARY, kind: "text" as const, calls: 1, sessions: 1 };
      store.tasks.replaceAll([{ ...task, variants: [{ ...variant, templates: [template] }] }], []);
      const input = { parts: [{ role: "user" as const, text: CANARY }], tools: [] };
      const example = { callId: "a", taskId: "t", session: "s", at: null, part: "train" as const, input };
      store.examples.replaceForTask("t", [{ ...example, answer: { type: "text", text: CANARY } }], []);
      const made = { id: "x", taskId: "t", family: "f", attempt: 1, bytes: 9, madeFrom: "m" };
      const described = { ...made, description: { kind: "f", parameters: 1 }, info: { labels: [CANARY] } };
      store.specialists.put(described, Buffer.from(CANARY));
      store.runs.put("curate", "m", { quoted: CANARY });
      const whileOpen = filesWith(dir, CANARY);
      // What a reader of the files would see: the search itself can find something.
      expect(filesWith(dir, "session of a")).toContain("store.db-wal");
      store.close();
      expect([...whileOpen, ...filesWith(dir, CANARY)]).toEqual([]);
      expect(filesWith(dir, "session of a")).toEqual(["store.db"]);
    });
  });
  test("folder, database and key are for this user only", () => {
    withFolder((parent) => {
      const dir = join(parent, "new", "store");
      makeStore(dir);
      const modes = ["", "store.db", "key"].map((name) =>
        (statSync(join(dir, name)).mode & 0o777).toString(8),
      );
      expect(modes).toEqual(["700", "600", "600"]);
    });
  });
  test("content moved to another call does not open", () => {
    withFolder((dir) => {
      makeStore(dir);
      tamper(
        dir,
        `CREATE TEMP TABLE old AS SELECT * FROM call_contents;
         UPDATE call_contents SET sealed = (SELECT sealed FROM old WHERE old.call = 3 - call_contents.call)`,
      );
      const store = openStore({ dir, nowMs });
      expect(() => store.calls.get("a")).toThrow(
        /^Cannot open calls a in the store ".*store\.db": its content/,
      );
      expect(() => [...store.calls.iterate()]).toThrow(code("store-broken"));
      expect([...store.calls.iterateMeta()]).toHaveLength(2);
      store.close();
    });
  });
  test.each([
    [
      "with another byte",
      "UPDATE call_contents SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42) AS BLOB)",
    ],
    ["with another form", "UPDATE call_contents SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB)"],
    [
      "with the number of no key",
      "UPDATE call_contents SET sealed = CAST(x'01ffffffff' || substr(sealed, 6) AS BLOB)",
    ],
    ["cut short", "UPDATE call_contents SET sealed = substr(sealed, 1, 3)"],
    ["gone", "DELETE FROM call_contents"],
  ])("content %s does not open", (_, sql) => {
    withFolder((dir) => {
      makeStore(dir);
      tamper(dir, sql);
      const store = openStore({ dir, nowMs });
      expect(() => store.calls.get("a")).toThrow(code("store-broken"));
      store.close();
    });
  });
  test("a file with pages overwritten is store-broken, not an empty store", () => {
    withFolder((dir) => {
      const store = openStore({ dir, nowMs });
      store.calls.add(Array.from({ length: 100 }, (_, n) => sampleCall(`a${n}`)));
      store.close();
      const file = join(dir, "store.db");
      const bytes = readFileSync(file);
      // Past the first page, which holds the head and the start of the schema.
      writeFileSync(file, bytes.fill(0x5a, 4096));
      expect(() => openStore({ dir, nowMs }).calls.get("a1")).toThrow(code("store-broken"));
    });
  });
});

describe("the key", () => {
  test("given in the options is used, and no file is made", () => {
    withFolder((dir) => {
      const key = new Uint8Array(32).fill(1);
      const store = openStore({ dir, nowMs, key });
      store.calls.add([sampleCall("a")]);
      store.close();
      expect(readdirSync(dir)).toEqual(["store.db"]);
      const again = openStore({ dir, nowMs, key });
      expect(again.calls.get("a")).toEqual(sampleCall("a"));
      again.close();
      expect(() => openStore({ dir, nowMs, key: new Uint8Array(32) })).toThrow(
        /key given: the store was made with another/,
      );
      expect(() => openStore({ dir, nowMs, key: new Uint8Array(16) })).toThrow(/has 16 bytes, expected 32/);
    });
  });
  test("missing beside a store is key-unreadable, and none is made", () => {
    withFolder((dir) => {
      makeStore(dir);
      rmSync(join(dir, "key"));
      expect(() => openStore({ dir, nowMs })).toThrow(
        /key file ".*key" is missing; put it back from a backup/,
      );
      expect(() => openStore({ dir, nowMs })).toThrow(code("key-unreadable"));
      expect(readdirSync(dir)).not.toContain("key");
    });
  });
  test("of another store, or no key at all, is key-unreadable and stays as it is", () => {
    withFolder((dir) => {
      makeStore(dir);
      for (const text of ["0".repeat(64), "", "not a key"]) {
        writeFileSync(join(dir, "key"), text);
        expect(() => openStore({ dir, nowMs }), text).toThrow(code("key-unreadable"));
        expect(readFileSync(join(dir, "key"), "utf8")).toBe(text);
      }
    });
  });
  test("that this user may not read is key-unreadable", (context) => {
    context.skip(process.getuid?.() === 0, "the superuser may read everything");
    withFolder((dir) => {
      makeStore(dir);
      chmodSync(join(dir, "key"), 0);
      expect(() => openStore({ dir, nowMs })).toThrow(code("key-unreadable"));
    });
  });
});

function filesWith(dir: string, text: string): string[] {
  return readdirSync(dir).filter((name) => readFileSync(join(dir, name)).includes(text));
}
