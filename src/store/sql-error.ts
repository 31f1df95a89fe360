import { HouseError, type ErrorCode } from "../core/index.ts";

type Meaning = { readonly code: ErrorCode; readonly says: string };

const FULL: Meaning = {
  code: "store-full",
  says: "the disk is full or refuses writes; free space and try again, what was stored before is intact",
};
const BROKEN: Meaning = {
  code: "store-broken",
  says: "the file is damaged or is no store; restore it from a backup or use another folder",
};
const BUSY: Meaning = {
  code: "store-busy",
  says: "another process holds it for writing; try again in a moment",
};
const CLOSED_TO_US: Meaning = {
  code: "bad-config",
  says: "it cannot be opened for writing; give this user write permission on the folder or use another folder",
};

// https://www.sqlite.org/rescode.html: primary result codes.
const PRIMARY: ReadonlyMap<number, Meaning> = new Map([
  [3, CLOSED_TO_US], // PERM
  [5, BUSY],
  [6, BUSY], // LOCKED
  [8, CLOSED_TO_US], // READONLY
  [10, FULL], // IOERR: all that are not in EXTENDED come from a failed write, sync or growth of a file.
  [11, BROKEN], // CORRUPT
  [13, FULL],
  [14, CLOSED_TO_US], // CANTOPEN
  [18, { code: "body-too-large", says: "a record is larger than the store can hold" }], // TOOBIG
  [26, BROKEN], // NOTADB
]);

// Extended codes that mean something else than their primary code: reads that fail or come back short.
const EXTENDED: ReadonlyMap<number, Meaning> = new Map([
  [266, BROKEN], // IOERR_READ
  [522, BROKEN], // IOERR_SHORT_READ
  [8202, BROKEN], // IOERR_DATA
  [8458, BROKEN], // IOERR_CORRUPTFS
]);

const FILE_SYSTEM: ReadonlyMap<string, Meaning> = new Map([
  ["ENOSPC", FULL],
  ["EDQUOT", FULL],
  ["EIO", FULL],
  ["EACCES", CLOSED_TO_US],
  ["EPERM", CLOSED_TO_US],
  ["EROFS", CLOSED_TO_US],
  ["ENOTDIR", { code: "bad-config", says: "a part of the path is a file, expected a folder" }],
  ["EEXIST", { code: "bad-config", says: "there is a file of this name, expected a folder" }],
]);

/** The one place where failures of SQLite and of the file system become ours; what is neither is returned as it is. */
export function storeError(error: unknown, file: string): unknown {
  const meaning = meaningOf(error);
  if (meaning === undefined) return error;
  return new HouseError(meaning.code, `Cannot use the store "${file}": ${meaning.says}`, { cause: error });
}

function meaningOf(error: unknown): Meaning | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if ("errcode" in error && typeof error.errcode === "number") {
    return EXTENDED.get(error.errcode) ?? PRIMARY.get(error.errcode & 0xff);
  }
  return typeof error.code === "string" ? FILE_SYSTEM.get(error.code) : undefined;
}
