import type { Database } from "./database.ts";
import type { CertificateTable } from "./types.ts";

type Row = Parameters<CertificateTable["put"]>[0];

/** Certificates, one row for each that was made; none is ever replaced. Plain: they hold no content. */
export function createCertificateTable(database: Database, nowMs: () => number): CertificateTable {
  const put = database.prepare<{ number: number }>(`
    INSERT INTO certificates (task_id, specialist, policy_hash, verdict, made_at, body)
    SELECT task_id, number, ?, ?, ?, ? FROM specialists WHERE task_id = ? AND id = ? RETURNING number`);
  const link = database.prepare(`
    INSERT INTO certificate_calls (call, certificate)
    SELECT call, ? FROM examples WHERE task_id = ? AND part = 'certification'`);
  const forTask = database.prepare<{ body: string }>(
    "SELECT body FROM certificates WHERE task_id = ? ORDER BY number",
  );
  const latest = database.prepare<{ body: string }>(
    "SELECT body FROM certificates WHERE number IN (SELECT max(number) FROM certificates GROUP BY task_id)",
  );
  // `put` writes nothing else into the column.
  const rowOf = ({ body }: { readonly body: string }): Row => JSON.parse(body) as Row;

  return {
    put(certificate) {
      const { policyHash, verdict, taskId, specialistId } = certificate;
      const body = JSON.stringify(certificate);
      const madeAt = new Date(nowMs()).toISOString();
      database.transaction(() => {
        const row = put.get(policyHash, verdict, madeAt, body, taskId, specialistId);
        if (row === undefined) throw unknownSpecialist(taskId, specialistId);
        link.run(row.number, taskId);
      });
    },
    latest: () => new Map(latest.all().map((row) => [rowOf(row).taskId, rowOf(row)])),
    forTask: (taskId) => forTask.all(taskId).map(rowOf),
  };
}

function unknownSpecialist(taskId: string, id: string): RangeError {
  return new RangeError(
    `Cannot keep a certificate of specialist "${id}": task "${taskId}" has no such specialist in the store`,
  );
}
