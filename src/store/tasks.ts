import type { Task } from "../core/index.ts";
import type { Database } from "./database.ts";
import { inTimeOrder, PAGE_ROWS, type TimeKey } from "./time-order.ts";
import type { AssignmentRow, TaskTable } from "./types.ts";
import type { Vault } from "./vault.ts";

/** Tasks, sealed since their templates are text of prompts, and which call belongs to which. */
export function createTaskTable(database: Database, vault: Vault): TaskTable {
  const clear = database.prepare("DELETE FROM tasks");
  const clearAssignments = database.prepare("DELETE FROM assignments");
  const put = database.prepare("INSERT INTO tasks (position, id, sealed) VALUES (?, ?, ?)");
  const assign = database.prepare(`
    INSERT INTO assignments (call, task_id, variant_id) SELECT number, ?, ? FROM calls WHERE id = ?`);
  const all = database.prepare<{ id: string; sealed: Uint8Array }>(
    "SELECT id, sealed FROM tasks ORDER BY position",
  );
  const callIds = database.prepare<{ id: string }>(`
    SELECT calls.id FROM assignments JOIN calls ON calls.number = call
    WHERE assignments.task_id = ? ORDER BY sort_at, calls.id`);
  const page = database.prepare<AssignmentRow & TimeKey>(`
    SELECT calls.id, calls.id AS callId, assignments.task_id AS taskId, variant_id AS variantId, sort_at AS sortAt
    FROM calls CROSS JOIN assignments ON assignments.call = calls.number
    WHERE (sort_at, calls.id) > (?, ?) ORDER BY sort_at, calls.id LIMIT ${PAGE_ROWS}`);

  return {
    replaceAll(tasks, assignments) {
      // Drawn before the transaction: what yields them may take long or read the store.
      const rows = [...assignments];
      database.transaction(() => {
        clearAssignments.run();
        clear.run();
        for (const [position, task] of tasks.entries()) {
          put.run(position, task.id, vault.sealJson(["tasks", task.id], task));
        }
        for (const { callId, taskId, variantId } of rows) {
          if (assign.run(taskId, variantId, callId) === 0) throw unknownCall("assign", callId);
        }
      });
    },
    // The vault opens only what was sealed for this id: a Task.
    all: () => all.all().map(({ id, sealed }) => vault.openJson(["tasks", id], sealed) as Task),
    callIds: (taskId) => callIds.all(taskId).map(({ id }) => id),
    *iterateAssignments() {
      for (const { callId, taskId, variantId } of inTimeOrder((after) => page.all(after.sortAt, after.id))) {
        yield { callId, taskId, variantId };
      }
    },
  };
}

/** Rows point to calls that are stored; the rest is a mistake of the program. */
export function unknownCall(action: string, callId: string): RangeError {
  return new RangeError(`Cannot ${action} call "${callId}": there is no such call in the store`);
}
