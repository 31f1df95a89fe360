import type { Call } from "../core/index.ts";
import { createDigests, identityOf } from "./call-digest.ts";
import { identityTextOf } from "./calls.ts";
import type { Database } from "./database.ts";
import type { Vault } from "./vault.ts";

/** Which calls: those for which all that is given holds. */
export type EraseFilter = {
  readonly session?: string;
  /** A pseudonym. */
  readonly origin?: string;
  /** Calls that began before; calls without a time stay. */
  readonly beforeMs?: number;
  readonly source?: Call["source"];
};

/** What went, and what was made from it. */
export type Erased = {
  readonly calls: number;
  /** Recorded calls that had not ended or could not be read. */
  readonly held: number;
  readonly examples: number;
  /** Specialists that learnt from erased calls. */
  readonly specialists: readonly { readonly taskId: string; readonly id: string }[];
  /** Certificates drawn from erased calls. */
  readonly certificates: readonly { readonly taskId: string; readonly policyHash: string }[];
};

/** Calls erased in one transaction: others who write wait for one, for some hundredths of a second. */
const BATCH_CALLS = 100;

type Row = {
  readonly number: number;
  readonly id: string;
  readonly source: Call["source"];
  readonly sealed: Uint8Array;
};

/**
 * Erases calls and all rows about them, batch after batch; what a kill leaves, a second run erases. Freed pages are overwritten and the
 * write-ahead log is emptied, so that the sealed content is not left in the files either.
 */
export function createErase(database: Database, vault: Vault): (filter: EraseFilter) => Erased {
  const choose = database.prepare<Row>(`
    SELECT number, id, source, sealed FROM calls JOIN call_contents ON call = number
    WHERE (?1 IS NULL OR session = ?1) AND (?2 IS NULL OR origin = ?2) AND (?3 IS NULL OR source = ?3)
      AND (?4 IS NULL OR (sort_at < ?4 AND sort_at <> '-')) LIMIT ${BATCH_CALLS}`);
  const held = createHeldErase(database);
  const trace = createTraces(database);
  const remove = createRemove(database);
  const digests = createDigests(database, vault);

  return ({ session, origin, source, beforeMs }) => {
    const before = beforeMs === undefined ? null : new Date(beforeMs).toISOString();
    const erased = { calls: 0, examples: 0 };
    const traces = {
      specialists: new Map<string, Erased["specialists"][number]>(),
      certificates: new Map<string, Erased["certificates"][number]>(),
    };
    database.exec("PRAGMA secure_delete = ON");
    const eraseBatch = (): number => {
      const rows = choose.all(session ?? null, origin ?? null, source ?? null, before);
      if (rows.length === 0) return 0;
      const numbers = JSON.stringify(rows.map(({ number }) => number));
      for (const one of trace.specialists(numbers)) traces.specialists.set(one.id, one);
      for (const one of trace.certificates(numbers)) traces.certificates.set(one.policyHash, one);
      for (const row of rows) {
        // The vault opens only what was sealed for this id: a Call.
        const call = vault.openJson(["calls", row.id], row.sealed) as Call;
        digests.remove(row.source, identityOf(identityTextOf(call)));
      }
      digests.save();
      erased.examples += remove(numbers);
      erased.calls += rows.length;
      return rows.length;
    };
    const heldCalls = source === "import" ? 0 : database.transaction(() => held(session, origin, beforeMs));
    while (database.transaction(eraseBatch) > 0);
    database.exec("PRAGMA secure_delete = OFF; PRAGMA wal_checkpoint(TRUNCATE)");
    return {
      ...erased,
      held: heldCalls,
      specialists: [...traces.specialists.values()],
      certificates: [...traces.certificates.values()],
    };
  };
}

/** A call under way leaves its id: its end, when it comes, is dropped. */
function createHeldErase(database: Database) {
  const where = `(?1 IS NULL OR session = ?1) AND (?2 IS NULL OR origin = ?2) AND (?3 IS NULL OR at_ms < ?3)`;
  const open = database.prepare(`
    UPDATE held_calls SET state = 'erased', session = NULL, origin = NULL, at_ms = NULL, sealed = x''
    WHERE state = 'open' AND ${where}`);
  // An answer whose request was lost names no one: it goes with whoever is erased.
  const aside = database.prepare(
    `DELETE FROM held_calls WHERE state = 'aside' AND ((${where}) OR (session IS NULL AND ?3 IS NULL))`,
  );
  return (session?: string, origin?: string, beforeMs?: number): number => {
    const values = [session ?? null, origin ?? null, beforeMs ?? null];
    return open.run(...values) + aside.run(...values);
  };
}

function createTraces(database: Database) {
  const chosen = "call IN (SELECT value FROM json_each(?))";
  const specialists = database.prepare<Erased["specialists"][number]>(`
    SELECT DISTINCT task_id AS taskId, id FROM specialist_calls JOIN specialists ON number = specialist WHERE ${chosen}`);
  const certificates = database.prepare<Erased["certificates"][number]>(`
    SELECT DISTINCT task_id AS taskId, policy_hash AS policyHash
    FROM certificate_calls JOIN certificates ON number = certificate WHERE ${chosen}`);
  return {
    specialists: (numbers: string) => specialists.all(numbers).map((row) => ({ ...row })),
    certificates: (numbers: string) => certificates.all(numbers).map((row) => ({ ...row })),
  };
}

/** Deletes calls and their rows; how many examples went. What stages made of the old set of calls goes too: it may quote them. */
function createRemove(database: Database): (numbers: string) => number {
  const chosen = "IN (SELECT value FROM json_each(?1))";
  const before = [
    `DELETE FROM runs WHERE stage = 'discover' OR stage IN (
      SELECT 'curate:' || task_id FROM assignments WHERE call ${chosen}
      UNION SELECT 'curate:' || task_id FROM examples WHERE call ${chosen})`,
    `DELETE FROM assignments WHERE call ${chosen}`,
    `DELETE FROM drops WHERE call ${chosen}`,
    `DELETE FROM specialist_calls WHERE call ${chosen}`,
    `DELETE FROM certificate_calls WHERE call ${chosen}`,
    `DELETE FROM call_contents WHERE call ${chosen}`,
  ].map((sql) => database.prepare(sql));
  const examples = database.prepare(`DELETE FROM examples WHERE call ${chosen}`);
  const calls = database.prepare(`DELETE FROM calls WHERE number ${chosen}`);
  const tasks = database.prepare("DELETE FROM tasks WHERE id NOT IN (SELECT task_id FROM assignments)");
  return (numbers) => {
    for (const statement of before) statement.run(numbers);
    const gone = examples.run(numbers);
    calls.run(numbers);
    // A task is told by lines of its calls' prompts: without calls it goes with them.
    tasks.run();
    return gone;
  };
}
