import { openDatabase } from "./database.ts";
import { migrate, type Migration } from "./migrations.ts";

type Amounts = readonly [requests: number, tokens: number, nanoUsd: number];

type Change = {
  readonly counter: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly decide: (taken: Amounts) => Amounts | null;
};

/** What all processes have taken of their budgets, by counter and window. The form is that of `Bank` in `guard`. */
export type BudgetBank = {
  update(changes: readonly Change[]): readonly (Amounts | null)[];
  close(): void;
};

const migrations: readonly Migration[] = [
  {
    number: 1,
    sql: `
CREATE TABLE budgets (
  counter TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, requests INTEGER NOT NULL,
  tokens INTEGER NOT NULL, nano_usd INTEGER NOT NULL, PRIMARY KEY (counter, start_ms)) STRICT, WITHOUT ROWID;
CREATE INDEX budgets_by_end ON budgets (end_ms);
`,
  },
];

/** A call in a window that is over may still settle; and clocks are set back, by less than this. */
const KEPT_MS = 3_600_000;
const PRUNE_EVERY_MS = 60_000;
/** The serving thread waits this long at most; transactions here take some 30 µs. */
const BUSY_TIMEOUT_MS = 250;

type Row = { readonly requests: number; readonly tokens: number; readonly nano_usd: number };

/**
 * In a file of its own, so that no long batch of the store holds its lock. Commits are not synced one by one: they survive a kill -9; after
 * a loss of power the last seconds may be uncounted.
 */
export function openBudgetBank({
  dir,
  nowMs,
}: {
  readonly dir: string;
  readonly nowMs: () => number;
}): BudgetBank {
  const database = openDatabase(dir, "budgets.db", { isDurable: false, busyTimeoutMs: BUSY_TIMEOUT_MS });
  migrate(database, migrations, nowMs);
  const get = database.prepare<Row>(
    "SELECT requests, tokens, nano_usd FROM budgets WHERE counter = ? AND start_ms = ?",
  );
  const put = database.prepare("INSERT OR REPLACE INTO budgets VALUES (?, ?, ?, ?, ?, ?)");
  const prune = database.prepare("DELETE FROM budgets WHERE end_ms < ?");
  let prunedMs = -Infinity;
  const apply = ({ counter, startMs, endMs, decide }: Change): Amounts | null => {
    const row = get.get(counter, startMs);
    const taken: Amounts = row === undefined ? [0, 0, 0] : [row.requests, row.tokens, row.nano_usd];
    const change = decide(taken);
    if (change !== null)
      put.run(counter, startMs, endMs, taken[0] + change[0], taken[1] + change[1], taken[2] + change[2]);
    return change;
  };
  return {
    update(changes) {
      if (changes.length === 0) return [];
      return database.transaction(() => {
        const now = nowMs();
        if (now - prunedMs >= PRUNE_EVERY_MS) {
          prune.run(now - KEPT_MS);
          prunedMs = now;
        }
        return changes.map(apply);
      });
    },
    close: () => database.close(),
  };
}
