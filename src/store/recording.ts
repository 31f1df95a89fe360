import type { Call } from "../core/index.ts";
import type { createCallWriter } from "./calls.ts";
import type { Database } from "./database.ts";
import type { SegmentPlace } from "./segments/reader.ts";
import { decodeRecords, encodeRecords } from "./segments/records.ts";
import type { SegmentBegin, SegmentRecord } from "./segments/types.ts";
import type { AddResult } from "./types.ts";
import type { Vault } from "./vault.ts";

/** What was read of one segment, to be kept in one piece with the place up to which it was read. */
export type FoldBatch = {
  readonly writer: string;
  readonly number: number;
  /** Where the reading began; when another has gone on from there, the batch is refused. */
  readonly from: SegmentPlace;
  readonly to: SegmentPlace;
  /** Whether nothing more is to be read of the segment. */
  readonly isFolded: boolean;
  readonly calls: readonly Call[];
  /** Calls that have begun and not ended. */
  readonly begun: readonly SegmentBegin[];
  /** Ids of calls begun in earlier batches that have ended now. */
  readonly ended: readonly string[];
  readonly aside: readonly AsideCall[];
};

/** A call that is recorded and could not be read as a call: kept as it is, with the reason. */
export type AsideCall = {
  readonly callId: string;
  /** Null when its request is not there. */
  readonly begin: SegmentBegin | null;
  readonly reason: string;
  readonly records: readonly SegmentRecord[];
};

export type RecordingTable = {
  /** Up to where a segment was folded; null when nothing of it was. */
  place(writer: string, number: number): (SegmentPlace & { readonly isFolded: boolean }) | null;
  /** Numbers of the segments of a writer that were read of. */
  numbers(writer: string): readonly number[];
  /**
   * All of the batch or nothing; null when another has folded the segment meanwhile. Durable when it returns where the segment is folded with it,
   * with all batches before: until then the segment has what a machine that fails takes back.
   */
  commit(batch: FoldBatch): AddResult | null;
  /** A call that has begun; `erased` when it was erased before its end came. */
  begun(callId: string): SegmentBegin | "erased" | null;
  /** What `place` said before is durable when this returns, whoever committed it: until then its segment is to be left as it is. */
  sync(): void;
  /** Calls of a writer that have begun and not ended, up to 500 of them; those begun before a time only, where one is given. */
  open(writer: string, beforeMs?: number): readonly SegmentBegin[];
  /** What became of calls of open() that nothing will end any more. */
  settle(writer: string, calls: readonly Call[], aside: readonly AsideCall[]): AddResult;
  /** Drops what is known of the segments of a writer that is dead and wholly folded. */
  forget(writer: string): void;
  counts(): { readonly open: number; readonly aside: number };
  /** In order of their ids; what is settled meanwhile does not disturb. */
  aside(): IterableIterator<Omit<AsideCall, "begin"> & { readonly writer: string }>;
};

type Place = { readonly offset: number; readonly sequence: number; readonly isFolded: number };
type Held = {
  readonly callId: string;
  readonly state: "open" | "aside" | "erased";
  readonly sealed: Uint8Array;
};

const PAGE_ROWS = 500;

/** The recording on its way into calls: places in segments, calls that have begun, calls put aside. Content sealed. */
export function createRecordingTable(
  database: Database,
  vault: Vault,
  addCalls: ReturnType<typeof createCallWriter>,
): RecordingTable {
  const places = placeRows(database);
  const held = heldRows(database, vault);
  const counts = database.prepare<{ open: number; aside: number }>(`
    SELECT count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'aside') AS aside
    FROM held_calls`);

  return {
    place: (writer, number) => places.find(writer, number),
    numbers: (writer) => places.numbers(writer),
    commit: (batch) =>
      database.transaction(
        () => {
          if (!places.move(batch)) return null;
          for (const callId of batch.ended) held.remove(callId);
          for (const begin of batch.begun) held.putOpen(batch.writer, begin);
          for (const one of batch.aside) held.putAside(batch.writer, one);
          return addCalls(batch.calls);
        },
        { isSynced: batch.isFolded },
      ),
    begun: (callId) => held.begun(callId),
    sync: () => database.sync(),
    open: (writer, beforeMs) => held.open(writer, beforeMs),
    settle: (writer, calls, aside) =>
      database.transaction(() => {
        for (const { id } of calls) held.remove(id);
        for (const one of aside) held.putAside(writer, one);
        return addCalls(calls);
      }),
    forget: (writer) =>
      database.transaction(() => {
        places.forget(writer);
        held.forgetErased(writer);
      }),
    counts: () => ({ ...counts.get()! }),
    aside: () => held.aside(),
  };
}

function placeRows(database: Database) {
  const find = database.prepare<Place>(`
    SELECT byte_offset AS offset, sequence, is_folded AS isFolded FROM segments WHERE writer = ? AND number = ?`);
  const numbers = database.prepare<{ number: number }>("SELECT number FROM segments WHERE writer = ?");
  const begin = database.prepare(`
    INSERT INTO segments (writer, number, byte_offset, sequence, is_folded) VALUES (?, ?, ?, ?, 0)
    ON CONFLICT DO NOTHING`);
  const move = database.prepare(`
    UPDATE segments SET byte_offset = ?, sequence = ?, is_folded = ?
    WHERE writer = ? AND number = ? AND byte_offset = ? AND sequence = ? AND is_folded = 0`);
  const forget = database.prepare("DELETE FROM segments WHERE writer = ?");
  return {
    find(writer: string, number: number) {
      const row = find.get(writer, number);
      return row === undefined ? null : { ...row, isFolded: row.isFolded === 1 };
    },
    numbers: (writer: string) => numbers.all(writer).map(({ number }) => number),
    move({ writer, number, from, to, isFolded }: FoldBatch): boolean {
      begin.run(writer, number, from.offset, from.sequence);
      const values = [to.offset, to.sequence, isFolded ? 1 : 0, writer, number, from.offset, from.sequence];
      return move.run(...values) === 1;
    },
    forget: (writer: string) => void forget.run(writer),
  };
}

function heldRows(database: Database, vault: Vault) {
  const columns = "call_id AS callId, state, sealed";
  const find = database.prepare<Held>(`SELECT ${columns} FROM held_calls WHERE call_id = ?`);
  const put = database.prepare(`
    INSERT OR REPLACE INTO held_calls (call_id, writer, session, origin, at_ms, state, reason, sealed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const remove = database.prepare("DELETE FROM held_calls WHERE call_id = ?");
  const forgetErased = database.prepare("DELETE FROM held_calls WHERE writer = ? AND state = 'erased'");
  const open = database.prepare<Held>(`
    SELECT ${columns} FROM held_calls WHERE writer = ?1 AND state = 'open' AND (?2 IS NULL OR at_ms < ?2)
    ORDER BY at_ms, call_id LIMIT ${PAGE_ROWS}`);
  const aside = database.prepare<Held & { reason: string; writer: string }>(`
    SELECT ${columns}, reason, writer FROM held_calls WHERE state = 'aside' AND call_id > ?
    ORDER BY call_id LIMIT ${PAGE_ROWS}`);

  const seal = (callId: string, records: readonly SegmentRecord[]): Uint8Array =>
    vault.seal(["held_calls", callId], Buffer.concat(encodeRecords(records).pieces));
  const recordsOf = ({ callId, sealed }: Held): SegmentRecord[] =>
    decodeRecords(Buffer.from(vault.open(["held_calls", callId], sealed)));
  // An open call is kept as its begin alone.
  const beginOf = (row: Held): SegmentBegin => recordsOf(row)[0] as SegmentBegin;

  return {
    begun(callId: string): SegmentBegin | "erased" | null {
      const row = find.get(callId);
      if (row === undefined || row.state === "aside") return null;
      return row.state === "erased" ? "erased" : beginOf(row);
    },
    open: (writer: string, beforeMs?: number) => open.all(writer, beforeMs ?? null).map(beginOf),
    putOpen(writer: string, begin: SegmentBegin): void {
      const { callId, session, origin, atMs } = begin;
      put.run(callId, writer, session, origin, atMs, "open", null, seal(callId, [begin]));
    },
    putAside(writer: string, { callId, begin, reason, records }: AsideCall): void {
      const { session = null, origin = null, atMs = null } = begin ?? {};
      put.run(callId, writer, session, origin, atMs, "aside", reason, seal(callId, records));
    },
    remove: (callId: string) => void remove.run(callId),
    forgetErased: (writer: string) => void forgetErased.run(writer),
    *aside(): ReturnType<RecordingTable["aside"]> {
      for (let after = "", rows = aside.all(after); rows.length > 0; rows = aside.all(after)) {
        for (const row of rows) {
          const { callId, writer, reason } = row;
          yield { callId, writer, reason, records: recordsOf(row) };
        }
        after = rows.at(-1)!.callId;
      }
    },
  };
}
