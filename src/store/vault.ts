import { createHmac, createSecretKey, hkdfSync, randomBytes, type KeyObject } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { HouseError } from "../core/index.ts";
import type { Database } from "./database.ts";
import { KEY_BYTES, keyFileOf, makeKeyFile, readKeyFile, type Key } from "./key-file.ts";
import { seal, unseal } from "./seal.ts";
import type { SegmentKeys } from "./segments/log.ts";
import type { OpenOptions, Store } from "./types.ts";

/**
 * Records sealed under one data key. With random 96-bit nonces two of them are equal with chance 2^-65 at 2^16 records
 * (NIST SP 800-38D §8.3 allows 2^-32), and a data key that leaks opens no more than these.
 */
export const RECORDS_PER_DATA_KEY = 65_536;

// Level 1: a call of 3.9 KB becomes 1.4 KB in 50 µs and back in 16 µs; zstd was as fast and as small, and Node 20 lacks it.
const DEFLATE = { level: 1 };
const PLAIN = 0;
const DEFLATED = 1;
/** Form (1 byte) and number of the data key (4 bytes, big-endian). */
const HEADER_BYTES = 5;

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** 60 bits: among a million users two share a pseudonym with chance 4e-7. */
const PSEUDONYM_CHARACTERS = 12;

/** What encrypts and names under the store's key. A record is named by its table and ids. */
export type Vault = {
  /** Must run inside a transaction: it may write a new data key. */
  seal(record: readonly string[], bytes: Uint8Array): Uint8Array;
  /** Throws HouseError store-broken when the bytes are not the ones sealed for this record. */
  open(record: readonly string[], sealed: Uint8Array): Uint8Array;
  sealJson(record: readonly string[], value: unknown): Uint8Array;
  openJson(record: readonly string[], sealed: Uint8Array): unknown;
  /** HMAC-SHA-256: tells equal texts from others without telling which they are. */
  keyedHash(text: string): Uint8Array;
  /** HMAC-SHA-256 that only who has the store's key can make; another for each use. */
  mac(use: "access key" | "audit", text: string): Uint8Array;
  pseudonym: Store["pseudonym"];
  segmentKeys: SegmentKeys;
};

/** Opens the keys of a store; makes them when the store has none, and only then. Throws HouseError key-unreadable. */
export function openVault(database: Database, options: OpenOptions): Vault {
  const chest = openChest(database, options);
  const hashKey = chest.derive("content hash");
  const pseudonymKey = chest.derive("pseudonym");
  const macKeys = { "access key": chest.derive("access key"), audit: chest.derive("audit") };
  const segmentKey = chest.derive("segments");
  const vault: Vault = {
    seal(record, bytes) {
      const deflated = deflateRawSync(bytes, DEFLATE);
      const isSmaller = deflated.length < bytes.length;
      const { number, key } = chest.keyToSeal();
      const header = Buffer.alloc(HEADER_BYTES);
      header[0] = isSmaller ? DEFLATED : PLAIN;
      header.writeUInt32BE(number, 1);
      const sealed = seal(key, nameOf(header, record), isSmaller ? deflated : bytes);
      return Buffer.concat([header, sealed]);
    },
    open(record, sealed) {
      const header = Buffer.from(sealed.subarray(0, HEADER_BYTES));
      const key = header.length === HEADER_BYTES ? chest.keyToOpen(header.readUInt32BE(1)) : null;
      const bytes = key && unseal(key, nameOf(header, record), sealed.subarray(HEADER_BYTES));
      if (bytes === null) throw foreignContent(database, record);
      return header[0] === DEFLATED ? inflateRawSync(bytes) : bytes;
    },
    sealJson: (record, value) => vault.seal(record, Buffer.from(JSON.stringify(value))),
    openJson: (record, sealed) => JSON.parse(Buffer.from(vault.open(record, sealed)).toString()),
    keyedHash: (text) => createHmac("sha256", hashKey).update(text).digest(),
    mac: (use, text) => createHmac("sha256", macKeys[use]).update(text).digest(),
    pseudonym(kind, value) {
      const digest = createHmac("sha256", pseudonymKey)
        .update(JSON.stringify([kind, value]))
        .digest();
      return `${kind[0]}_${base32(digest)}`;
    },
    segmentKeys: {
      wrap: (name, key) => seal(segmentKey, name, key),
      unwrap: (name, wrapped) => unseal(segmentKey, name, wrapped),
    },
  };
  return vault;
}

function nameOf(header: Uint8Array, record: readonly string[]): string {
  // SQLite keeps well-formed text only: an id with half a character comes back with U+FFFD in its place.
  return JSON.stringify([...header, ...record.map((part) => part.toWellFormed())]);
}

function foreignContent(database: Database, record: readonly string[]): HouseError {
  return new HouseError(
    "store-broken",
    `Cannot open ${record.join(" ")} in the store "${database.file}": its content was changed or belongs to another record; restore the store from a backup`,
  );
}

/** The first 60 bits, five at a time. */
function base32(bytes: Uint8Array): string {
  let bits = Buffer.from(bytes).readBigUInt64BE(0) >> 4n;
  let text = "";
  for (let index = 0; index < PSEUDONYM_CHARACTERS; index += 1) {
    text = BASE32[Number(bits & 31n)] + text;
    bits >>= 5n;
  }
  return text;
}

type Chest = {
  derive(use: string): KeyObject;
  keyToSeal(): { readonly number: number; readonly key: KeyObject };
  keyToOpen(number: number): KeyObject | null;
};

/** Data keys, wrapped by a key derived from the store's. This process seals under its own: no count is shared between processes. */
function openChest(database: Database, options: OpenOptions): Chest {
  const rows = keyRows(database);
  const master = rows.newest() === undefined ? database.transaction(() => makeKeys(rows, options)) : null;
  const key = master ?? existingKey(options);
  const salt = rows.salt();
  const wrapKey = derive(key, salt, "wrap");
  let current: { readonly number: number; readonly key: KeyObject; records: number } | null = null;
  const opened = new Map<number, KeyObject>();
  const keyToOpen = (number: number): KeyObject | null => {
    const known = opened.get(number);
    if (known !== undefined) return known;
    const wrapped = rows.wrapped(number);
    const bytes = wrapped === undefined ? null : unseal(wrapKey, `data_keys ${number}`, wrapped);
    if (bytes === null) return null;
    const dataKey = createSecretKey(bytes);
    opened.set(number, dataKey);
    return dataKey;
  };
  if (keyToOpen(rows.newest()!) === null) throw wrongKey(database, key);
  database.onRollback(() => {
    current = null;
    opened.clear();
  });
  return {
    derive: (use) => derive(key, salt, use),
    keyToOpen,
    keyToSeal() {
      if (current === null || current.records >= RECORDS_PER_DATA_KEY) {
        current = { ...makeDataKey(rows, wrapKey, options), records: 0 };
        opened.set(current.number, current.key);
      }
      current.records += 1;
      return current;
    },
  };
}

function derive(key: Key, salt: Uint8Array, use: string): KeyObject {
  const bytes = hkdfSync("sha256", key.bytes, salt, `understudy ${use} 1`, KEY_BYTES);
  return createSecretKey(new Uint8Array(bytes));
}

/** Inside a transaction: the key of a new store, its salt and first data key. Null when another process was faster. */
function makeKeys(rows: KeyRows, options: OpenOptions): Key | null {
  if (rows.newest() !== undefined) return null;
  const key = givenKey(options) ?? readKeyFile(options.dir) ?? makeKeyFile(options.dir);
  rows.putSalt(randomBytes(KEY_BYTES));
  makeDataKey(rows, derive(key, rows.salt(), "wrap"), options);
  return key;
}

function existingKey(options: OpenOptions): Key {
  const key = givenKey(options) ?? readKeyFile(options.dir);
  if (key !== null) return key;
  throw new HouseError(
    "key-unreadable",
    `Cannot open the store in "${options.dir}": its key file "${keyFileOf(options.dir)}" is missing; put it back from a backup, nothing in the store can be read without it`,
  );
}

function givenKey({ key, dir }: OpenOptions): Key | null {
  if (key === undefined) {
    return dir === ":memory:" ? { bytes: randomBytes(KEY_BYTES), from: "a key of its own" } : null;
  }
  if (key.length === KEY_BYTES) return { bytes: key, from: "the key given" };
  throw new HouseError(
    "key-unreadable",
    `Cannot open the store in "${dir}": the key given has ${key.length} bytes, expected ${KEY_BYTES}`,
  );
}

function wrongKey(database: Database, key: Key): HouseError {
  return new HouseError(
    "key-unreadable",
    `Cannot open the store "${database.file}" with ${key.from}: the store was made with another key; put that one back from a backup`,
  );
}

function makeDataKey(rows: KeyRows, wrapKey: KeyObject, { nowMs }: OpenOptions) {
  const number = (rows.newest() ?? 0) + 1;
  const bytes = randomBytes(KEY_BYTES);
  rows.put(number, seal(wrapKey, `data_keys ${number}`, bytes), new Date(nowMs()).toISOString());
  return { number, key: createSecretKey(bytes) };
}

type KeyRows = ReturnType<typeof keyRows>;

function keyRows(database: Database) {
  const newest = database.prepare<{ number: number | null }>("SELECT max(number) AS number FROM data_keys");
  const wrapped = database.prepare<{ wrapped: Uint8Array }>("SELECT wrapped FROM data_keys WHERE number = ?");
  const put = database.prepare("INSERT INTO data_keys (number, wrapped, made_at) VALUES (?, ?, ?)");
  const salt = database.prepare<{ value: Uint8Array }>("SELECT value FROM settings WHERE name = 'salt'");
  const putSalt = database.prepare("INSERT INTO settings (name, value) VALUES ('salt', ?)");
  return {
    newest: () => newest.get()?.number ?? undefined,
    wrapped: (number: number) => wrapped.get(number)?.wrapped,
    put: (number: number, key: Uint8Array, madeAt: string) => put.run(number, key, madeAt),
    salt: () => salt.get()!.value,
    putSalt: (value: Uint8Array) => putSalt.run(value),
  };
}
