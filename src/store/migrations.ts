import { bytesHash, HouseError } from "../core/index.ts";
import { APPLICATION_ID, type Database } from "./database.ts";

export type Migration = { readonly number: number; readonly sql: string };

/**
 * The form of the store, step by step. A released step is never changed, only followed by another.
 * Columns named `sealed` are encrypted; `call` is always calls.number, shorter than the id.
 */
export const migrations: readonly Migration[] = [
  {
    number: 1,
    sql: `
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE data_keys (number INTEGER PRIMARY KEY, wrapped BLOB NOT NULL, made_at TEXT NOT NULL) STRICT;

-- sort_at: the time in one form of equal length, '-' (before all digits) for none.
CREATE TABLE calls (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, session TEXT NOT NULL, at TEXT, origin TEXT,
  source TEXT NOT NULL, model TEXT NOT NULL, status INTEGER NOT NULL, finish_reason TEXT,
  input_tokens REAL, output_tokens REAL, latency_ms REAL, served_by TEXT NOT NULL, task_id TEXT,
  sort_at TEXT NOT NULL, content_hash BLOB NOT NULL) STRICT;
CREATE INDEX calls_by_time ON calls (sort_at, id, source);
CREATE INDEX calls_by_session ON calls (session);
-- Apart from calls, so that a walk over the metadata does not read the content.
CREATE TABLE call_contents (call INTEGER PRIMARY KEY REFERENCES calls (number), sealed BLOB NOT NULL) STRICT;
CREATE TABLE digests (source TEXT PRIMARY KEY, calls INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;

CREATE TABLE tasks (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL) STRICT;
CREATE TABLE assignments (
  call INTEGER PRIMARY KEY REFERENCES calls (number), task_id TEXT NOT NULL REFERENCES tasks (id),
  variant_id TEXT NOT NULL) STRICT;
CREATE INDEX assignments_by_task ON assignments (task_id);

-- No reference to tasks here and below: what was made for a task outlives a discovery that no longer finds it.
CREATE TABLE examples (
  task_id TEXT NOT NULL, call INTEGER NOT NULL REFERENCES calls (number), part TEXT NOT NULL,
  sealed BLOB NOT NULL, UNIQUE (task_id, call)) STRICT;
CREATE INDEX examples_by_call ON examples (call);
-- owner_id: the task whose replacement replaces the row; task_id: the task of the call, null for none.
CREATE TABLE drops (
  owner_id TEXT NOT NULL, call INTEGER NOT NULL REFERENCES calls (number), task_id TEXT,
  reason TEXT NOT NULL, UNIQUE (owner_id, call)) STRICT;

CREATE TABLE specialists (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, task_id TEXT NOT NULL, family TEXT NOT NULL,
  attempt INTEGER NOT NULL, bytes INTEGER NOT NULL, made_from TEXT NOT NULL, sealed BLOB NOT NULL,
  sealed_artifact BLOB NOT NULL, UNIQUE (task_id, id)) STRICT;
CREATE TABLE certificates (
  number INTEGER PRIMARY KEY, task_id TEXT NOT NULL, specialist INTEGER NOT NULL REFERENCES specialists (number),
  policy_hash TEXT NOT NULL, verdict TEXT NOT NULL, made_at TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX certificates_by_task ON certificates (task_id);

CREATE TABLE runs (
  stage TEXT NOT NULL, made_from TEXT NOT NULL, made_at TEXT NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (stage, made_from)) STRICT;
CREATE TABLE ledger (
  number INTEGER PRIMARY KEY, at TEXT NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
`,
  },
  {
    number: 2,
    sql: `
-- What a specialist was made from and a certificate drawn from: kept when the examples are replaced.
CREATE TABLE specialist_calls (
  call INTEGER NOT NULL REFERENCES calls (number), specialist INTEGER NOT NULL REFERENCES specialists (number),
  PRIMARY KEY (call, specialist)) STRICT, WITHOUT ROWID;
CREATE TABLE certificate_calls (
  call INTEGER NOT NULL REFERENCES calls (number), certificate INTEGER NOT NULL REFERENCES certificates (number),
  PRIMARY KEY (call, certificate)) STRICT, WITHOUT ROWID;
`,
  },
  {
    number: 3,
    sql: `
-- Keys of callers. body: name, role, models, times, as JSON; mac: over id, body and hash under the store's key, so that a row
-- written by another hand opens nothing. version: the greatest of all rows tells that something has changed.
CREATE TABLE access_keys (
  id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, body TEXT NOT NULL, mac BLOB NOT NULL,
  version INTEGER NOT NULL, last_used_at TEXT) STRICT;
CREATE INDEX access_keys_by_version ON access_keys (version);

-- Each mac is over the entry and the mac before it, under the store's key; the anchor is over the count and the last mac.
CREATE TABLE audit (
  number INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL,
  mac BLOB NOT NULL) STRICT;
CREATE TABLE audit_anchor (
  one INTEGER PRIMARY KEY CHECK (one = 1), entries INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
`,
  },
  {
    number: 4,
    sql: `
-- Up to where the segments of the recording are folded into calls.
CREATE TABLE segments (
  writer TEXT NOT NULL, number INTEGER NOT NULL, byte_offset INTEGER NOT NULL, sequence INTEGER NOT NULL,
  is_folded INTEGER NOT NULL, PRIMARY KEY (writer, number)) STRICT, WITHOUT ROWID;
-- state: open (has begun and not ended), aside (could not be read, for the reason), erased (its end is to be dropped).
CREATE TABLE held_calls (
  call_id TEXT PRIMARY KEY, writer TEXT NOT NULL, session TEXT, origin TEXT, at_ms REAL, state TEXT NOT NULL,
  reason TEXT, sealed BLOB NOT NULL) STRICT;
CREATE INDEX held_calls_by_writer ON held_calls (writer, state);
-- For the erasure of calls.
CREATE INDEX drops_by_call ON drops (call);
`,
  },
];

type Applied = { readonly number: number; readonly hash: string };

/** Brings a store to the last of the steps, all in one transaction. Refuses a store that has more steps, or other ones. */
export function migrate(database: Database, steps: readonly Migration[], nowMs: () => number): void {
  if (missingSteps(database, steps).length === 0) return;
  database.transaction(() => {
    database.exec(`PRAGMA application_id = ${APPLICATION_ID};
      CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, hash TEXT NOT NULL, applied_at TEXT NOT NULL)`);
    const record = database.prepare("INSERT INTO migrations (number, hash, applied_at) VALUES (?, ?, ?)");
    // Asked again: another process may have been here while this one waited for the lock.
    for (const step of missingSteps(database, steps)) {
      database.exec(step.sql);
      record.run(step.number, hashOf(step), new Date(nowMs()).toISOString());
    }
  });
}

function missingSteps(database: Database, steps: readonly Migration[]): readonly Migration[] {
  const applied = new Map(appliedSteps(database).map(({ number, hash }) => [number, hash]));
  const newest = Math.max(0, ...applied.keys());
  const known = Math.max(...steps.map((step) => step.number));
  if (newest > known) {
    throw new HouseError(
      "bad-config",
      `Cannot use the store "${database.file}": it is of version ${newest}, this program knows up to ${known}; update the program`,
    );
  }
  for (const step of steps) {
    const hash = applied.get(step.number);
    if (hash === undefined || hash === hashOf(step)) continue;
    throw new HouseError(
      "bad-config",
      `Cannot use the store "${database.file}": its version ${step.number} was made by an unreleased program; use another folder`,
    );
  }
  return steps.filter((step) => !applied.has(step.number));
}

function appliedSteps(database: Database): readonly Applied[] {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get();
  return table === undefined ? [] : database.prepare<Applied>("SELECT number, hash FROM migrations").all();
}

function hashOf(step: Migration): string {
  return bytesHash(Buffer.from(step.sql));
}
