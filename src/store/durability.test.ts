import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { HouseError } from "../core/index.ts";
import { Database, openDatabase } from "./database.ts";
import { openStore } from "./index.ts";
import { storeOver } from "./open.ts";
import { storeError } from "./sql-error.ts";
import { sampleCall, withFolder } from "./testing.ts";

const nowMs = () => 0;
const code = (code: string) => expect.objectContaining({ code });

/** A second process that runs `script` with `store`, `sampleCall` and `say` at hand. */
function inChild(dir: string, script: string) {
  const door = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const text = `
    import { openStore } from ${door("./index.ts")};
    import { sampleCall } from ${door("./testing.ts")};
    import { writeSync } from "node:fs";
    const say = (line) => writeSync(1, line + "\\n");
    const store = openStore({ dir: ${JSON.stringify(dir)}, nowMs: () => 0 });
    ${script}`;
  return spawn(process.execPath, ["--input-type=module", "--eval", text], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("a full disk", () => {
  test("add() is store-full, the store stays whole and takes calls again when there is room", () => {
    withFolder((dir) => {
      const database = openDatabase(dir);
      const store = storeOver(database, { dir, nowMs });
      store.calls.add([sampleCall("a")]);
      const digest = store.calls.digest();
      const big = sampleCall("b", {
        foreign: { noise: Array.from({ length: 40_000 }, (_, n) => (n * n) % 9973) },
      });
      database.exec("PRAGMA max_page_count = 40");
      expect(() => store.calls.add([sampleCall("c"), big])).toThrow(code("store-full"));
      expect([store.calls.count().calls, store.calls.digest()]).toEqual([1, digest]);
      expect(store.calls.get("a")).toEqual(sampleCall("a"));
      database.exec("PRAGMA max_page_count = 100000");
      expect(store.calls.add([sampleCall("c"), big]).taken).toBe(2);
      store.close();
      const again = openStore({ dir, nowMs });
      expect([...again.calls.iterate()]).toEqual([sampleCall("a"), big, sampleCall("c")]);
      again.close();
    });
  });
  test("no space for files reads as store-full", () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    expect(storeError(error, "f")).toEqual(expect.objectContaining({ code: "store-full", cause: error }));
  });
});

describe("what waits for the disk", () => {
  const FULL = 2;
  const NORMAL = 1;
  const place = (offset: number) => ({ offset, sequence: offset });
  const batchTo = (offset: number, isFolded: boolean) => ({
    writer: "w",
    number: 0,
    from: place(offset - 1),
    to: place(offset),
    isFolded,
    calls: [sampleCall(`c${offset}`)],
    begun: [],
    ended: [],
    aside: [],
  });

  test("is the last batch of a segment, not those before; and all else", () => {
    withFolder((dir) => {
      const database = openDatabase(dir);
      const store = storeOver(database, { dir, nowMs });
      const levels: unknown[] = [];
      const exec = database.exec.bind(database);
      database.exec = (sql) => {
        if (sql === "COMMIT") levels.push(database.prepare("PRAGMA synchronous").get());
        exec(sql);
      };
      store.recording.commit(batchTo(1, false));
      store.recording.commit(batchTo(2, true));
      store.calls.add([sampleCall("x")]);
      expect(levels).toEqual([NORMAL, FULL, FULL].map((synchronous) => ({ synchronous })));
      store.close();
    });
  });

  test("is all before a sync(), also when nothing is left in the write-ahead log", () => {
    withFolder((dir) => {
      const database = openDatabase(dir);
      const store = storeOver(database, { dir, nowMs });
      store.recording.commit(batchTo(1, false));
      database.sync();
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      database.sync();
      expect(store.recording.place("w", 0)).toEqual({ ...place(1), isFolded: false });
      store.close();
    });
  });

  test("is what follows a batch that failed", () => {
    withFolder((dir) => {
      const database = openDatabase(dir);
      const fail = (): never => {
        throw new RangeError("no");
      };
      expect(() => database.transaction(fail, { isSynced: false })).toThrow("no");
      expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: FULL });
      database.close();
    });
  });

  test("a database that never waits does not begin to", () => {
    withFolder((dir) => {
      const database = new Database(join(dir, "lazy.db"), { isDurable: false });
      database.transaction(() => {}, { isSynced: false });
      expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: NORMAL });
      database.close();
    });
  });
});

describe("two who write", () => {
  test("both see what the other added, and one digest", () => {
    withFolder((dir) => {
      const [one, two] = [openStore({ dir, nowMs }), openStore({ dir, nowMs })];
      one.calls.add([sampleCall("a")]);
      two.calls.add([sampleCall("b"), sampleCall("a")]);
      one.calls.add([sampleCall("c")]);
      expect([...two.calls.iterate()].map(({ id }) => id)).toEqual(["a", "b", "c"]);
      expect(one.calls.digest()).toBe(two.calls.digest());
      expect(one.pseudonym("user", "ann")).toBe(two.pseudonym("user", "ann"));
      one.close();
      two.close();
    });
  });
  test("add() is store-busy while another holds the store too long, and works after", () => {
    withFolder((dir) => {
      const store = openStore({ dir, nowMs });
      const waiting = openDatabase(dir);
      waiting.exec("PRAGMA busy_timeout = 1");
      const impatient = storeOver(waiting, { dir, nowMs });
      const holder = openDatabase(dir);
      holder.transaction(() => {
        expect(() => impatient.calls.add([sampleCall("a")])).toThrow(code("store-busy"));
      });
      expect(impatient.calls.add([sampleCall("a")]).taken).toBe(1);
      for (const open of [holder, impatient, store]) open.close();
    });
  });
  test("two processes that make the same new store agree on its key", async () => {
    await withFolder(async (dir) => {
      const script = (id: string) => `store.calls.add([sampleCall("${id}")]); store.close()`;
      const children = ["a", "b"].map((id) => inChild(dir, script(id)));
      const codes = await Promise.all(
        children.map((child) => new Promise((done) => child.once("exit", done))),
      );
      expect(codes).toEqual([0, 0]);
      const store = openStore({ dir, nowMs });
      expect([...store.calls.iterate()]).toEqual([sampleCall("a"), sampleCall("b")]);
      store.close();
    });
  });
});

describe("kill -9", () => {
  test("every call that add() answered for is there after it", async () => {
    await withFolder(async (dir) => {
      const child = inChild(
        dir,
        "for (let n = 0; ; n += 1) { store.calls.add([sampleCall(`a${n}`), sampleCall(`b${n}`)]); say(n); }",
      );
      const gone = new Promise((done) => child.once("exit", done));
      let acknowledged = -1;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line);
        if (acknowledged === 40) child.kill("SIGKILL");
      }
      await gone;
      const store = openStore({ dir, nowMs });
      const ids = new Set([...store.calls.iterate()].map(({ id }) => id));
      const missing = Array.from({ length: acknowledged + 1 }, (_, n) => [`a${n}`, `b${n}`]).flat();
      expect(acknowledged).toBeGreaterThanOrEqual(40);
      expect(missing.filter((id) => !ids.has(id))).toEqual([]);
      // Batches are whole: as many of the one as of the other.
      expect(ids.size % 2).toBe(0);
      expect(store.calls.count().calls).toBe(ids.size);
      store.close();
    });
  });
});

describe("a folder that cannot be used", () => {
  test("below a file it is refused with the path", () => {
    withFolder((dir) => {
      writeFileSync(join(dir, "file"), "");
      expect(() => openStore({ dir: join(dir, "file", "store"), nowMs })).toThrow(
        /file\/store\/store\.db": a part of the path/,
      );
      expect(() => openStore({ dir: join(dir, "file"), nowMs })).toThrow(HouseError);
    });
  });
  test("without write permission it is refused with the path", (context) => {
    context.skip(process.getuid?.() === 0, "the superuser may write everywhere");
    withFolder((parent) => {
      const dir = join(parent, "store");
      mkdirSync(dir);
      chmodSync(dir, 0o500);
      expect(() => openStore({ dir, nowMs })).toThrow(
        /cannot be opened for writing; give this user write permission/,
      );
      expect(readdirSync(dir)).toEqual([]);
    });
  });
});
