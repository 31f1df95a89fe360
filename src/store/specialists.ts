import { HouseError } from "../core/index.ts";
import type { Database } from "./database.ts";
import type { SpecialistRow, SpecialistTable } from "./types.ts";
import type { Vault } from "./vault.ts";

type Columns = Omit<SpecialistRow, "description" | "info"> & { readonly sealed: Uint8Array };

const COLUMNS = "id, task_id AS taskId, family, attempt, bytes, made_from AS madeFrom, sealed";

/** Specialists: what one learnt (artifact) and what is told of it (description, info) sealed. Two tasks may have the same artifact. */
export function createSpecialistTable(database: Database, vault: Vault): SpecialistTable {
  const put = database.prepare<{ number: number }>(`
    INSERT INTO specialists (id, task_id, family, attempt, bytes, made_from, sealed, sealed_artifact)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (task_id, id) DO UPDATE
    SET family = ?3, attempt = ?4, bytes = ?5, made_from = ?6, sealed = ?7, sealed_artifact = ?8 RETURNING number`);
  const unlink = database.prepare("DELETE FROM specialist_calls WHERE specialist = ?");
  const link = database.prepare(`
    INSERT INTO specialist_calls (call, specialist)
    SELECT call, ? FROM examples WHERE task_id = ? AND part IN ('train', 'calibration')`);
  const forTask = database.prepare<Columns>(
    `SELECT ${COLUMNS} FROM specialists WHERE task_id = ? ORDER BY attempt, number`,
  );
  const get = database.prepare<Columns>(
    `SELECT ${COLUMNS} FROM specialists WHERE id = ? ORDER BY number DESC LIMIT 1`,
  );
  const artifact = database.prepare<{ taskId: string; sealed: Uint8Array }>(
    "SELECT task_id AS taskId, sealed_artifact AS sealed FROM specialists WHERE id = ? LIMIT 1",
  );

  const rowOf = ({ sealed, ...columns }: Columns): SpecialistRow => {
    const told = vault.openJson(["specialists", columns.taskId, columns.id], sealed);
    // The vault opens only what `put` sealed for this task and id.
    return { ...columns, ...(told as Pick<SpecialistRow, "description" | "info">) };
  };

  return {
    put: (row, bytes) =>
      database.transaction(() => {
        const told = { description: row.description, info: row.info };
        const sealed = vault.sealJson(["specialists", row.taskId, row.id], told);
        const sealedArtifact = vault.seal(["artifacts", row.taskId, row.id], bytes);
        const { id, taskId, family, attempt, madeFrom } = row;
        const values = [id, taskId, family, attempt, row.bytes, madeFrom, sealed, sealedArtifact];
        const { number } = put.get(...values)!;
        unlink.run(number);
        link.run(number, taskId);
      }),
    forTask: (taskId) => forTask.all(taskId).map(rowOf),
    get(id) {
      const row = get.get(id);
      return row === undefined ? null : rowOf(row);
    },
    remove: createRemove(database),
    artifact(id) {
      const row = artifact.get(id);
      if (row !== undefined) return vault.open(["artifacts", row.taskId, id], row.sealed);
      throw new HouseError(
        "not-found",
        `Cannot open the artifact "${id}": there is no such specialist in the store`,
      );
    },
  };
}

function createRemove(database: Database): SpecialistTable["remove"] {
  const erase = [
    "DELETE FROM certificate_calls WHERE certificate IN (SELECT number FROM certificates WHERE specialist = ?1)",
    "DELETE FROM certificates WHERE specialist = ?1",
    "DELETE FROM specialist_calls WHERE specialist = ?1",
    "DELETE FROM specialists WHERE number = ?1",
  ].map((sql) => database.prepare(sql));
  const numberOf = database.prepare<{ number: number }>(
    "SELECT number FROM specialists WHERE task_id = ? AND id = ?",
  );
  // What training remembers of a specialist that is gone would be served again.
  const forgetRuns = database.prepare("DELETE FROM runs WHERE stage IN ('train:' || ?1, 'trained:' || ?1)");

  return (taskId, id) =>
    database.transaction(() => {
      const row = numberOf.get(taskId, id);
      if (row === undefined) return;
      for (const statement of erase) statement.run(row.number);
      forgetRuns.run(taskId);
    });
}
