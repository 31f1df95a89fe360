import { timingSafeEqual } from "node:crypto";
import type { Database } from "./database.ts";
import type { AuditEntry, AuditHead, AuditTrail, AuditVerdict } from "./types.ts";
import type { Vault } from "./vault.ts";

type Row = {
  readonly number: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly detail: string;
  readonly mac: Uint8Array;
};
type Anchor = { readonly entries: number; readonly mac: Uint8Array };

/** What an entry is chained to when it is the first. */
const START = "start";
/** Written by `append` itself where it finds that the end was cut. */
const TRAIL_BROKEN = "trail-broken";
/** Rows read at a time: memory stays flat however long the trail is. */
const PAGE = 1000;
/** More is not told: the trail is broken, and each place costs a line. */
const MAX_PROBLEMS = 20;

/**
 * The audit trail. The code of an entry is an HMAC under a key derived from the store's, over the entry and the code before it: who
 * has the file but not the key cannot change, remove, insert or reorder. The anchor, over count and last code, finds a cut tail.
 * The one thing it cannot find by itself is the whole trail put back to an earlier state with its anchor: note the head elsewhere.
 */
export function createAuditTrail(database: Database, vault: Vault, nowMs: () => number): AuditTrail {
  const columns = "number, at, actor, action, detail, mac";
  const put = database.prepare(`INSERT INTO audit (${columns}) VALUES (?, ?, ?, ?, ?, ?)`);
  const page = database.prepare<Row>(
    `SELECT ${columns} FROM audit WHERE number > ? ORDER BY number LIMIT ${PAGE}`,
  );
  const last = database.prepare<Row>(`SELECT ${columns} FROM audit ORDER BY number DESC LIMIT 1`);
  const anchor = database.prepare<Anchor>("SELECT entries, mac FROM audit_anchor");
  const putAnchor = database.prepare(
    "INSERT OR REPLACE INTO audit_anchor (one, entries, mac) VALUES (1, ?, ?)",
  );
  const codes = codesUnder(vault);
  const rows = function* (): IterableIterator<Row> {
    let after = Number.MIN_SAFE_INTEGER;
    for (let batch = page.all(after); batch.length > 0; batch = page.all(after)) {
      yield* batch;
      after = batch.at(-1)!.number;
    }
  };
  const write = (
    number: number,
    entry: Pick<AuditEntry, "actor" | "action" | "detail">,
    before?: Row,
  ): Row => {
    const at = new Date(nowMs()).toISOString();
    const row = { ...entry, number, at, detail: JSON.stringify(entry.detail) };
    const mac = codes.entry(row, before?.mac);
    put.run(number, at, row.actor, row.action, row.detail, mac);
    putAnchor.run(number, codes.anchor(number, mac));
    return { ...row, mac };
  };
  return {
    append: (entry) =>
      database.transaction(() => {
        let before = last.get();
        const anchored = anchor.get();
        // A trail whose end is not where it was goes on, but says so for ever: a new anchor must not heal a cut.
        if (!isAnchored(before, anchored, codes)) {
          const detail = { entries: before?.number ?? 0, anchored: anchored?.entries ?? 0 };
          const number = Math.max(before?.number ?? 0, anchored?.entries ?? 0) + 1;
          before = write(number, { actor: "store", action: TRAIL_BROKEN, detail }, before);
        }
        const { number, mac } = write((before?.number ?? 0) + 1, entry, before);
        return { entries: number, mac: hex(mac) };
      }),
    *iterate() {
      for (const row of rows()) yield entryOf(row);
    },
    verify: (noted) => verify(rows(), anchor.get(), { codes, noted }),
  };
}

type Codes = ReturnType<typeof codesUnder>;

function codesUnder(vault: Vault) {
  return {
    entry: ({ number, at, actor, action, detail }: Omit<Row, "mac">, before: Uint8Array | undefined) =>
      vault.mac(
        "audit",
        JSON.stringify([number, at, actor, action, detail, before === undefined ? START : hex(before)]),
      ),
    anchor: (entries: number, mac: Uint8Array) =>
      vault.mac("audit", JSON.stringify(["anchor", entries, hex(mac)])),
  };
}

function verify(
  rows: Iterable<Row>,
  anchor: Anchor | undefined,
  { codes, noted }: { readonly codes: Codes; readonly noted: AuditHead | undefined },
): AuditVerdict {
  const problems: string[] = [];
  const tell = (problem: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  let before: Row | undefined;
  let isNotedThere = noted === undefined || noted.entries === 0;
  for (const row of rows) {
    const expected = (before?.number ?? 0) + 1;
    if (row.number !== expected) tell(`entries ${expected} to ${row.number - 1} are missing`);
    else if (!isSame(row.mac, codes.entry(row, before?.mac)))
      tell(`entry ${row.number} was changed, moved or put in by another hand`);
    else if (row.action === TRAIL_BROKEN)
      tell(`before entry ${row.number} the end had been cut: ${row.detail}`);
    if (noted?.entries === row.number) isNotedThere = hex(row.mac) === noted.mac;
    before = row;
  }
  const head = { entries: before?.number ?? 0, mac: before === undefined ? "" : hex(before.mac) };
  if (!isAnchored(before, anchor, codes))
    tell(
      `the end is not where it was: ${head.entries} entries are there, ${anchor?.entries ?? 0} were written`,
    );
  if (!isNotedThere)
    tell(`entry ${noted?.entries} is not the one that was noted: the trail was put back or made anew`);
  return { head, problems };
}

function isAnchored(last: Row | undefined, anchor: Anchor | undefined, codes: Codes): boolean {
  if (last === undefined || anchor === undefined) return last === undefined && anchor === undefined;
  return anchor.entries === last.number && isSame(anchor.mac, codes.anchor(last.number, last.mac));
}

// Only `append` writes the column, and the code says whether it did.
function entryOf({ number, at, actor, action, detail }: Row): AuditEntry {
  return { number, at, actor, action, detail: detailOf(detail) };
}

function detailOf(text: string): AuditEntry["detail"] {
  try {
    return JSON.parse(text) as AuditEntry["detail"];
  } catch {
    return { unreadable: text.slice(0, 200) };
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
