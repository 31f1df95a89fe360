import { rowCount, type SparseRow, type SparseRows } from "./sparse.ts";

/** Training texts as unit vectors with their labels, indexed by column. */
export type NeighbourIndex = {
  readonly rows: SparseRows;
  readonly labels: Uint32Array;
};

export type Nearest = {
  /** Greatest cosine to a text of this label, 0 when there is none. */
  readonly same: number;
  /** Greatest cosine to a text of any other label. */
  readonly other: number;
  /** Share of this label among the nearest texts, weighted by cosine; 0 when nothing is near. */
  readonly vote: number;
};

/** Texts that vote: as many as a small class has examples. */
const VOTERS = 7;

export type NeighbourSearch = (query: SparseRow, label: number) => Nearest;

/** A search over the index. Not reentrant: it reuses one array of n sums. O(postings of the query's columns + n). */
export function makeNeighbourSearch(index: NeighbourIndex, width: number): NeighbourSearch {
  const compare = makeComparison(index.rows, width);
  return (query, label) => nearestOf(compare(query), index.labels, label);
}

/** Products of a query with every row, in one array that the next call overwrites. */
export function makeComparison(matrix: SparseRows, width: number): (query: SparseRow) => Float32Array {
  const { starts, rows, values } = invert(matrix, width);
  const sums = new Float32Array(rowCount(matrix));
  return (query) => {
    sums.fill(0);
    for (let at = 0; at < query.columns.length; at += 1) {
      const column = query.columns[at];
      const value = query.values[at];
      for (let place = starts[column]; place < starts[column + 1]; place += 1) {
        sums[rows[place]] += value * values[place];
      }
    }
    return sums;
  };
}

function nearestOf(sums: Float32Array, labels: Uint32Array, label: number): Nearest {
  let [same, other] = [0, 0];
  const top = new Float32Array(VOTERS);
  const topLabels = new Int32Array(VOTERS).fill(-1);
  for (let r = 0; r < sums.length; r += 1) {
    const sum = sums[r];
    if (sum <= 0) continue;
    if (labels[r] === label) same = Math.max(same, sum);
    else other = Math.max(other, sum);
    if (sum <= top[VOTERS - 1]) continue;
    let place = VOTERS - 1;
    while (place > 0 && top[place - 1] < sum) {
      top[place] = top[place - 1];
      topLabels[place] = topLabels[place - 1];
      place -= 1;
    }
    top[place] = sum;
    topLabels[place] = labels[r];
  }
  let [mine, all] = [0, 0];
  for (let place = 0; place < VOTERS; place += 1) {
    all += top[place];
    if (topLabels[place] === label) mine += top[place];
  }
  return { same: Math.min(1, same), other: Math.min(1, other), vote: all > 0 ? mine / all : 0 };
}

/** The transpose: for each column its rows and values. */
function invert(
  matrix: SparseRows,
  width: number,
): { starts: Uint32Array; rows: Uint16Array | Uint32Array; values: Float32Array } {
  const starts = new Uint32Array(width + 1);
  for (const column of matrix.columns) starts[column + 1] += 1;
  for (let column = 0; column < width; column += 1) starts[column + 1] += starts[column];
  const next = starts.slice();
  // Half the memory to go through, where the rows are few.
  const ROWS = rowCount(matrix) <= 0xffff ? Uint16Array : Uint32Array;
  const rows = new ROWS(matrix.columns.length);
  const values = new Float32Array(matrix.columns.length);
  for (let r = 0; r < rowCount(matrix); r += 1) {
    for (let at = matrix.starts[r]; at < matrix.starts[r + 1]; at += 1) {
      const place = next[matrix.columns[at]];
      next[matrix.columns[at]] += 1;
      rows[place] = r;
      values[place] = matrix.values[at];
    }
  }
  return { starts, rows, values };
}
