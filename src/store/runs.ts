import type { Json } from "../core/index.ts";
import type { Database } from "./database.ts";
import type { RunTable } from "./types.ts";
import type { Vault } from "./vault.ts";

/** Results of stages by what they were made from; sealed, since a result may quote content. */
export function createRunTable(database: Database, vault: Vault, nowMs: () => number): RunTable {
  const find = database.prepare<{ sealed: Uint8Array }>(
    "SELECT sealed FROM runs WHERE stage = ? AND made_from = ?",
  );
  const put = database.prepare(
    "INSERT OR REPLACE INTO runs (stage, made_from, made_at, sealed) VALUES (?, ?, ?, ?)",
  );
  return {
    find(stage, madeFrom) {
      const row = find.get(stage, madeFrom);
      if (row === undefined) return undefined;
      // The vault opens only what `put` sealed for this run: a Json.
      return vault.openJson(["runs", stage, madeFrom], row.sealed) as Json;
    },
    put: (stage, madeFrom, result) =>
      database.transaction(() => {
        const madeAt = new Date(nowMs()).toISOString();
        put.run(stage, madeFrom, madeAt, vault.sealJson(["runs", stage, madeFrom], result));
      }),
  };
}
