import type { Database } from "./database.ts";
import type { Lineage, Store } from "./types.ts";

/** What was made of a call: for the question what must go when it goes. */
export function createLineage(database: Database): Store["lineage"] {
  const numberOf = database.prepare<{ number: number }>("SELECT number FROM calls WHERE id = ?");
  const examples = database.prepare<Lineage["examples"][number]>(
    "SELECT task_id AS taskId, part FROM examples WHERE call = ? ORDER BY task_id",
  );
  const specialists = database.prepare<{ id: string }>(`
    SELECT id FROM specialist_calls JOIN specialists ON number = specialist WHERE call = ? ORDER BY number`);
  const certificates = database.prepare<{ policyHash: string }>(`
    SELECT policy_hash AS policyHash FROM certificate_calls JOIN certificates ON number = certificate
    WHERE call = ? ORDER BY number`);
  return (callId) => {
    const call = numberOf.get(callId);
    if (call === undefined) return null;
    return {
      examples: examples.all(call.number).map((row) => ({ ...row })),
      specialists: specialists.all(call.number).map(({ id }) => id),
      certificates: certificates.all(call.number).map(({ policyHash }) => policyHash),
    };
  };
}
