import { timingSafeEqual } from "node:crypto";
import type { Database } from "./database.ts";
import type { AccessKey, AccessKeyTable } from "./types.ts";
import type { Vault } from "./vault.ts";

type Row = {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly body: string;
  readonly mac: Uint8Array;
  readonly used: string | null;
};
type Body = Omit<AccessKey, "id" | "secretHash" | "lastUsedAt">;

/** Keys of callers: the hash of each secret, and what it may, under a code that needs the store's key. */
export function createAccessKeyTable(database: Database, vault: Vault): AccessKeyTable {
  const columns = "id, secret_hash AS hash, body, mac, last_used_at AS used";
  const all = database.prepare<Row>(`SELECT ${columns} FROM access_keys ORDER BY rowid`);
  const one = database.prepare<Row>(`SELECT ${columns} FROM access_keys WHERE id = ?`);
  const put = database.prepare(
    "INSERT INTO access_keys (id, secret_hash, body, mac, version) VALUES (?, ?, ?, ?, ?)",
  );
  const update = database.prepare("UPDATE access_keys SET body = ?, mac = ?, version = ? WHERE id = ?");
  const version = database.prepare<{ version: number }>(
    "SELECT coalesce(max(version), 0) AS version FROM access_keys",
  );
  const used = database.prepare("UPDATE access_keys SET last_used_at = ? WHERE id = ?");
  const macOf = (id: string, hash: Uint8Array, body: string): Uint8Array =>
    vault.mac("access key", JSON.stringify([id, Buffer.from(hash).toString("hex"), body]));
  const nextVersion = (): number => version.get()!.version + 1;
  const read = (row: Row): AccessKey | null => {
    const expected = macOf(row.id, row.hash, row.body);
    if (row.mac.length !== expected.length || !timingSafeEqual(row.mac, expected)) return null;
    // Written by `add` or `change`: the code says so.
    const body = JSON.parse(row.body) as Body;
    return { id: row.id, secretHash: row.hash, ...body, lastUsedAt: row.used };
  };
  return {
    add: ({ id, secretHash, ...rest }) =>
      database.transaction(() => {
        const body = JSON.stringify({ ...rest, revokedAt: null } satisfies Body);
        put.run(id, secretHash, body, macOf(id, secretHash, body), nextVersion());
      }),
    change: (id, changes) =>
      database.transaction(() => {
        const row = one.get(id);
        const key = row === undefined ? null : read(row);
        if (key === null) return null;
        const { id: _, secretHash, lastUsedAt, ...before } = key;
        const body = { ...before, ...changes };
        const text = JSON.stringify(body);
        update.run(text, macOf(id, secretHash, text), nextVersion(), id);
        return { id, secretHash, ...body, lastUsedAt };
      }),
    all() {
      const rows = all.all().map((row) => ({ id: row.id, key: read(row) }));
      return {
        keys: rows.flatMap(({ key }) => (key === null ? [] : [key])),
        foreign: rows.filter(({ key }) => key === null).map(({ id }) => id),
      };
    },
    version: () => version.get()!.version,
    noteUse: (ids, at) =>
      database.transaction(() => {
        for (const id of ids) used.run(at, id);
      }),
  };
}
