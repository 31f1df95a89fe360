import { join } from "node:path";
import { HouseError, type Json } from "../core/index.ts";
import {
  scrubSegment,
  segmentNameOf,
  writersIn,
  type Erased,
  type EraseFilter,
  type Store,
} from "../store/index.ts";
import { count, paint } from "./print.ts";
import { noteAudit } from "./with-store.ts";

export type EraseFlags = {
  readonly session?: string;
  readonly user?: string;
  readonly origin?: string;
  readonly before?: string;
  readonly withSpecialists?: boolean;
  readonly json?: boolean;
};

export type EraseDeps = {
  /** Folder of the segments. */
  readonly dir: string;
  readonly nowMs: () => number;
  /** Brings what is recorded into the database, where it can be erased. */
  readonly fold: () => unknown;
};

/**
 * Erases calls from the database and from the segments, and notes it in ledger and audit trail. Calls that end after it began are not
 * reached. Throws HouseError bad-usage | store-busy.
 */
export function eraseCalls(store: Store, flags: EraseFlags, deps: EraseDeps): Erased {
  const filter = filterOf(store, flags);
  const what: { [field: string]: Json } = { ...filter, withSpecialists: flags.withSpecialists === true };
  noteAudit(store, "calls-erase", what);
  deps.fold();
  const erased = store.erase(filter);
  if (flags.withSpecialists === true) {
    for (const { taskId, id } of erased.specialists) store.specialists.remove(taskId, id);
  }
  // All that was folded is in the database, so the segments need not keep any of it, whosever it was.
  scrubFolded(store, deps.dir);
  const { calls, held, examples, specialists, certificates } = erased;
  const detail = {
    ...what,
    calls,
    held,
    examples,
    specialists: [...specialists],
    certificates: [...certificates],
  };
  store.ledger.append({ at: new Date(deps.nowMs()).toISOString(), event: "calls-erased", detail });
  return erased;
}

function filterOf(store: Store, { session, user, origin, before }: EraseFlags): EraseFilter {
  if (user !== undefined && origin !== undefined)
    throw new HouseError(
      "bad-usage",
      "Cannot use --user with --origin: they name the same; give one of them",
    );
  const filter = {
    ...(session === undefined ? {} : { session }),
    ...(user === undefined ? {} : { origin: store.pseudonym("user", user) }),
    ...(origin === undefined ? {} : { origin }),
    ...(before === undefined ? {} : { beforeMs: timeOf(before) }),
  };
  if (Object.keys(filter).length > 0) return filter;
  throw new HouseError(
    "bad-usage",
    "Cannot erase without saying what: give --session, --user, --origin or --before; several narrow it down",
  );
}

function timeOf(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new HouseError("bad-usage", `Cannot use --before "${text}": expected a date like 2026-01-31`);
}

function scrubFolded(store: Store, dir: string): void {
  const folded = writersIn(dir).flatMap(({ writer, numbers }) =>
    numbers.flatMap((number) => {
      const place = store.recording.place(writer, number);
      return place === null ? [] : [{ path: join(dir, segmentNameOf({ writer, number })), place }];
    }),
  );
  // A machine that fails would else have these calls neither in the database nor in the segments.
  store.recording.sync();
  for (const { path, place } of folded) scrubSegment(path, place.offset);
}

/** What was erased, for people. */
export function tellErased(erased: Erased, { withSpecialists }: EraseFlags): string {
  const { calls, held, examples, specialists, certificates } = erased;
  const lines = [`${paint("bold", count(calls))} calls erased, ${count(examples)} examples made from them`];
  if (held > 0) lines.push(`${count(held)} recorded calls that were not whole yet`);
  if (specialists.length > 0) {
    const done = withSpecialists === true ? "erased with their certificates" : "which still stand";
    lines.push(`${count(specialists.length)} specialists learnt from them, ${done}:`);
    lines.push(...specialists.map(({ taskId, id }) => `  ${taskId}  ${id}`));
    if (withSpecialists !== true)
      lines.push(
        "train again, or run the same command with --with-specialists, so that nothing learnt from them answers",
      );
  }
  if (certificates.length > 0) {
    lines.push(`${count(certificates.length)} certificates were drawn from them:`);
    lines.push(...certificates.map(({ taskId, policyHash }) => `  ${taskId}  ${policyHash}`));
  }
  return `${lines.map((line) => `  ${line}`).join("\n")}\n`;
}
