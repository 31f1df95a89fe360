import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { HouseError } from "../core/index.ts";
import { storeError } from "./sql-error.ts";

/** "Undy": marks the file as ours, so that another program's database is never written to. */
export const APPLICATION_ID = 0x556e6479;

/** Waiting for another process's write blocks this one's event loop; a batch of an import takes about 0.2 s, so 5 s is a stuck writer. */
const BUSY_TIMEOUT_MS = 5000;
/** Page cache: holds the indexes of about a million calls, small beside everything else a command does. */
const CACHE_KIB = 16_384;

/** A prepared statement; failures come out as HouseError. `Row` names the columns selected. */
export type Statement<Row> = {
  /** How many rows it changed. */
  run(...values: SQLInputValue[]): number;
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
};

export type DatabaseOptions = {
  /** Whether a commit is on the disk when it returns. Without, it survives the end of the process, but not always of the machine. */
  readonly isDurable?: boolean;
  readonly busyTimeoutMs?: number;
};

/** One connection to the SQLite file of a store. */
export class Database {
  /** Path of the file, for messages. */
  readonly file: string;
  readonly #connection: DatabaseSync;
  readonly #isDurable: boolean;
  readonly #afterRollback: (() => void)[] = [];

  constructor(file: string, { isDurable = true, busyTimeoutMs = BUSY_TIMEOUT_MS }: DatabaseOptions = {}) {
    this.file = file;
    this.#isDurable = isDurable;
    this.#connection = this.#guard(
      () => new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true }),
    );
    try {
      this.#refuseForeign();
      // FULL in WAL mode: every commit is synced before it returns. fullfsync: the same on macOS, where fsync alone does not reach the disk.
      this
        .exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${isDurable ? "FULL" : "NORMAL"}; PRAGMA fullfsync = 1;
        PRAGMA checkpoint_fullfsync = 1; PRAGMA cache_size = -${CACHE_KIB}`);
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  exec(sql: string): void {
    this.#guard(() => this.#connection.exec(sql));
  }

  prepare<Row>(sql: string): Statement<Row> {
    const statement = this.#guard(() => this.#connection.prepare(sql));
    return {
      run: (...values) => this.#guard(() => Number(statement.run(...values).changes)),
      // The SQL beside each `prepare` selects the columns that `Row` names.
      get: (...values) => this.#guard(() => statement.get(...values) as Row | undefined),
      all: (...values) => this.#guard(() => statement.all(...values) as Row[]),
    };
  }

  /**
   * All of `work` or nothing of it, durable when it returns. Takes the write lock at once, so it cannot fail halfway for a lock. With `isSynced`
   * false it is durable with the next one that is synced, of any connection: a machine that fails before has the state before, whole.
   */
  transaction<T>(work: () => T, { isSynced = true }: { readonly isSynced?: boolean } = {}): T {
    if (this.#connection.isTransaction) throw new RangeError("Cannot begin a transaction inside another");
    if (isSynced || !this.#isDurable) return this.#transact(work);
    this.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.#transact(work);
    } finally {
      this.exec("PRAGMA synchronous = FULL");
    }
  }

  #transact<T>(work: () => T): T {
    this.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite has already rolled back by itself after some errors, a full disk among them.
      if (this.#connection.isTransaction) this.exec("ROLLBACK");
      for (const forget of this.#afterRollback) forget();
      throw error;
    }
  }

  /** What was committed before, synced or not and by whichever connection, is on the disk when this returns. */
  sync(): void {
    // The write-ahead log: what is not in it any more was synced as it left it. SQLite holds no lock on this file that closing would give back.
    this.#guard(() => {
      const log = openSync(`${this.file}-wal`, "r+");
      try {
        fsyncSync(log);
      } finally {
        closeSync(log);
      }
    });
  }

  /** For those who remember something that a rollback takes back. */
  onRollback(forget: () => void): void {
    this.#afterRollback.push(forget);
  }

  close(): void {
    if (this.#connection.isOpen) this.#guard(() => this.#connection.close());
  }

  #refuseForeign(): void {
    const { id, tables } = this.prepare<{ id: number; tables: number }>(
      "SELECT application_id AS id, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_application_id",
    ).get()!;
    if (id === APPLICATION_ID || (id === 0 && tables === 0)) return;
    throw new HouseError(
      "store-broken",
      `Cannot use the store "${this.file}": it is a database of another program; use another folder`,
    );
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.file);
    }
  }
}

/** A database in a folder, both made when missing and readable by this user only; `:memory:` for one without a file. */
export function openDatabase(
  dir: string,
  name: string = "store.db",
  options: DatabaseOptions = {},
): Database {
  if (dir === ":memory:") return new Database(dir);
  const file = join(dir, name);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // SQLite would make it 0644; its -wal and -shm files take over the mode of this one.
    closeSync(openSync(file, "a", 0o600));
  } catch (error) {
    throw storeError(error, file);
  }
  return new Database(file, options);
}
