import type { DropReason, Example, Part } from "../core/index.ts";
import type { Database } from "./database.ts";
import { unknownCall } from "./tasks.ts";
import type { ExampleTable } from "./types.ts";
import type { Vault } from "./vault.ts";

const PARTS: readonly Part[] = ["train", "calibration", "certification"];

type SealedRow = { readonly id: string; readonly sealed: Uint8Array };

/** Examples, sealed, and the calls that did not become one. */
export function createExampleTable(database: Database, vault: Vault): ExampleTable {
  const clear = database.prepare("DELETE FROM examples WHERE task_id = ?");
  const clearDrops = database.prepare("DELETE FROM drops WHERE owner_id = ?");
  const put = database.prepare(`
    INSERT INTO examples (task_id, call, part, sealed) SELECT ?, number, ?, ? FROM calls WHERE id = ?`);
  // A call dropped twice counts once, for the first reason.
  const putDrop = database.prepare(`
    INSERT INTO drops (owner_id, call, task_id, reason) SELECT ?, number, ?, ? FROM calls WHERE id = ?
    ON CONFLICT DO NOTHING`);
  const select = database.prepare<SealedRow>(`
    SELECT calls.id, sealed FROM examples JOIN calls ON calls.number = call
    WHERE examples.task_id = ? AND part IN (SELECT value FROM json_each(?)) ORDER BY sort_at, calls.id`);
  const parts = database.prepare<{ part: Part; examples: number }>(
    "SELECT part, count(*) AS examples FROM examples WHERE task_id = ? GROUP BY part",
  );
  const drops = database.prepare<{ reason: DropReason; calls: number }>(`
    SELECT reason, count(*) AS calls FROM drops WHERE ?1 IS NULL OR task_id = ?1 GROUP BY reason ORDER BY reason`);

  return {
    replaceForTask: (taskId, examples, dropped) =>
      database.transaction(() => {
        clear.run(taskId);
        clearDrops.run(taskId);
        for (const example of examples) {
          const sealed = vault.sealJson(["examples", taskId, example.callId], example);
          if (put.run(taskId, example.part, sealed, example.callId) === 0)
            throw unknownCall("keep", example.callId);
        }
        for (const drop of dropped) putDrop.run(taskId, drop.taskId, drop.reason, drop.callId);
      }),
    forTask: (taskId, wanted = PARTS) =>
      select
        .all(taskId, JSON.stringify(wanted))
        // The vault opens only what was sealed for this task and call: an Example.
        .map(({ id, sealed }) => vault.openJson(["examples", taskId, id], sealed) as Example),
    countByPart(taskId) {
      const counts = { train: 0, calibration: 0, certification: 0 };
      for (const { part, examples } of parts.all(taskId)) counts[part] = examples;
      return counts;
    },
    dropCounts: (taskId) => drops.all(taskId ?? null).map((row) => ({ ...row })),
  };
}
