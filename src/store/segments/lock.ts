import { chmodSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export type FileLock = { release(): void };

/**
 * A lock that the system takes back when its process dies, however it dies; null while another holds it. Node has no file locks of its
 * own; SQLite's are fcntl locks on Unix and LockFileEx on Windows, and hold between the threads of one process too.
 */
export function tryLock(path: string, waitMs = 0): FileLock | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: waitMs });
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    // By its name, never by a handle of our own: to close one gives up all locks that this process has on the file (POSIX).
    if ((statSync(path).mode & OF_OTHERS) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    database?.close();
    if (isBusy(error)) return null;
    throw error;
  }
  const held = database;
  return { release: () => held.close() };
}

const OF_OTHERS = 0o077;
const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    "errcode" in error &&
    typeof error.errcode === "number" &&
    (error.errcode & 0xff) === SQLITE_BUSY
  );
}
