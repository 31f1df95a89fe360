import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HouseError } from "../core/index.ts";
import { storeError } from "./sql-error.ts";

export const KEY_BYTES = 32;

/** A key and where it came from, for messages. */
export type Key = { readonly bytes: Uint8Array; readonly from: string };

export function keyFileOf(dir: string): string {
  return join(dir, "key");
}

/** The key in the file of a folder (64 hex digits), or null when there is no such file. Throws HouseError key-unreadable on anything else. */
export function readKeyFile(dir: string): Key | null {
  const file = keyFileOf(dir);
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new HouseError(
      "key-unreadable",
      `Cannot read the key file "${file}": give this user read permission`,
      {
        cause: error,
      },
    );
  }
  if (/^[0-9a-f]{64}$/i.test(text))
    return { bytes: Buffer.from(text, "hex"), from: `the key file "${file}"` };
  throw new HouseError(
    "key-unreadable",
    `Cannot use the key file "${file}": it holds ${text.length} characters, expected ${2 * KEY_BYTES} hex digits; put the key back from a backup`,
  );
}

/** A new random key in the file of a folder, mode 0600, on the disk when it returns. The caller holds the store's write lock: only one process makes it. */
export function makeKeyFile(dir: string): Key {
  const file = keyFileOf(dir);
  const bytes = randomBytes(KEY_BYTES);
  try {
    // Written aside and renamed, so that a crash never leaves half a key.
    writeFileSync(`${file}.new`, `${bytes.toString("hex")}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
    syncFolder(dir);
  } catch (error) {
    throw storeError(error, file);
  }
  return { bytes, from: `the key file "${file}"` };
}

function syncFolder(dir: string): void {
  // Windows cannot open a folder.
  if (process.platform === "win32") return;
  const handle = openSync(dir, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
