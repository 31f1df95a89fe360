/** A place in the order of time, then id. */
export type TimeKey = { readonly sortAt: string; readonly id: string };

/** Before all times: "" sorts before "-", which stands for no time. */
const START: TimeKey = { sortAt: "", id: "" };

/** Rows per page. Short statements instead of one long cursor: writing meanwhile is safe and the write-ahead log can be emptied. */
export const PAGE_ROWS = 512;

/** The time as text that sorts; a time that cannot be read counts as none. */
export function sortAtOf(at: string | null): string {
  const ms = at === null ? NaN : Date.parse(at);
  return Number.isNaN(ms) ? "-" : new Date(ms).toISOString();
}

/** All rows, page after page. What is added meanwhile comes if its place is still ahead. */
export function* inTimeOrder<Row extends TimeKey>(
  page: (after: TimeKey) => readonly Row[],
): IterableIterator<Row> {
  let after = START;
  while (true) {
    const rows = page(after);
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
    after = rows[rows.length - 1];
  }
}
