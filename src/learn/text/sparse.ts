/** Rows of a sparse matrix, one after another (CSR). Row r is `starts[r]` to `starts[r + 1]` of columns and values. */
export type SparseRows = {
  /** n + 1 offsets. */
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
};

/** One row on its own. Columns are distinct; their order is of no meaning. */
export type SparseRow = { readonly columns: Uint32Array; readonly values: Float32Array };

export const rowCount = (rows: SparseRows): number => rows.starts.length - 1;

/** Row r, sharing the memory of the matrix. */
export function rowAt(rows: SparseRows, r: number): SparseRow {
  const [start, end] = [rows.starts[r], rows.starts[r + 1]];
  return { columns: rows.columns.subarray(start, end), values: rows.values.subarray(start, end) };
}

export function stackRows(rows: readonly SparseRow[]): SparseRows {
  const starts = new Uint32Array(rows.length + 1);
  for (const [r, row] of rows.entries()) starts[r + 1] = starts[r] + row.columns.length;
  const columns = new Uint32Array(starts[rows.length]);
  const values = new Float32Array(starts[rows.length]);
  for (const [r, row] of rows.entries()) {
    columns.set(row.columns, starts[r]);
    values.set(row.values, starts[r]);
  }
  return { starts, columns, values };
}

/** The rows at these places, in this order. */
export function pickRows(rows: SparseRows, places: readonly number[]): SparseRows {
  return stackRows(places.map((place) => rowAt(rows, place)));
}
