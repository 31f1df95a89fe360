import type { Database } from "./database.ts";
import type { Ledger, LedgerEntry } from "./types.ts";

type Row = { readonly at: string; readonly event: string; readonly detail: string };

/** What happened, in order; only ever appended to. Plain: it holds no content. */
export function createLedger(database: Database): Ledger {
  const append = database.prepare("INSERT INTO ledger (at, event, detail) VALUES (?, ?, ?)");
  const all = database.prepare<Row>("SELECT at, event, detail FROM ledger ORDER BY number");
  // What grew too old is erased every hour, by its time alone: nobody asked for it.
  const erasure = database.prepare<{ readonly last: number | null }>(
    `SELECT max(number) AS last FROM ledger
     WHERE number > ? AND event = 'calls-erased' AND json_extract(detail, '$.why') IS NULL`,
  );
  return {
    lastErasure: (after) => erasure.get(after)?.last ?? after,
    append: ({ at, event, detail }) =>
      database.transaction(() => {
        append.run(at, event, JSON.stringify(detail));
      }),
    // `append` writes nothing else into the column.
    all: () =>
      all
        .all()
        .map(({ at, event, detail }) => ({ at, event, detail: JSON.parse(detail) as LedgerEntry["detail"] })),
  };
}
