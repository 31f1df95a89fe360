import { KERNEL, OLDER_KERNEL } from "./kernel-code.ts";

/** Memory with products of matrices over it, by the vector instructions of the processor (WebAssembly). Offsets count floats, of four bytes. */
export type Kernel = {
  /** All of the memory, as floats and as whole numbers of eight bits. */
  readonly floats: Float32Array;
  readonly bytes: Int8Array;
  /** y[columns] += x[inner] · w[inner × columns]; columns in thirty-twos. */
  multiplyRow(product: RowProduct): void;
  /** y[rows × columns] = or += x[rows × inner] · w[inner × columns] + bias over levels; as many rows as `levelRows` says, columns in eights. */
  multiplyLevels(product: LevelProduct): void;
  /** Rows of floats as whole numbers of −127 to 127 times a scale each; the numbers of a row in sixteens. */
  level(rows: Levelling): void;
  /** x becomes x · min(1, max(0, x / 6 + 1/2)), from one place to before another; in fours. */
  bend(from: number, end: number): void;
  /** Brings each row to mean 0 and deviation 1, then scales and shifts it; rows and the numbers of a row in fours. `to` may be `from`. */
  normalize(rows: Normalization): void;
  /** sums[classes] += of each column listed its value · its scale · its levels. */
  addLevels(rows: ListedRows): void;
  /** Softmax attention of every token to every token, head by head; what is seen is written in fours of rows. */
  attend(attention: Attention): void;
};

export type Normalization = {
  readonly from: number;
  readonly to: number;
  /** Scales, then shifts. */
  readonly norm: number;
  readonly rows: number;
  readonly columns: number;
};

// As in the layer norms that the weights were learnt with.
const NORM_EPSILON = 1e-5;

export type RowProduct = {
  readonly x: number;
  readonly w: number;
  readonly y: number;
  readonly inner: number;
  readonly columns: number;
};

export type ListedRows = {
  /** Whole numbers of 32 bits, and a float for each. */
  readonly columns: number;
  readonly values: number;
  readonly count: number;
  /** Row after row of levels, one for each class, and a scale for each row. Sixteen are read at a time, past the last row as well. */
  readonly levels: number;
  readonly scales: number;
  /** Sums, written in sixteens. */
  readonly sums: number;
  readonly classes: number;
};

export type Attention = {
  /** Of each token its queries, keys and values, each head after head. */
  readonly qkv: number;
  readonly seen: number;
  /** Room for the keys, a column for each token, tokens in eights; and for what each token makes of each, in fours by eights. */
  readonly keys: number;
  readonly shares: number;
  readonly tokens: number;
  readonly heads: number;
  /** Numbers of a head, in eights. */
  readonly headSize: number;
};

export type LevelProduct = {
  /** Levels of the rows, and what `level` wrote beside them. */
  readonly x: number;
  readonly scales: number;
  /** Levels of the matrix as `laid` in scripts/text-encoder/export.py lays them. */
  readonly w: number;
  /** A scale for each column, then a bias for each. */
  readonly columnScales: number;
  readonly y: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** Whether to add to what y holds. */
  readonly adds: boolean;
};

export type Levelling = {
  readonly from: number;
  readonly to: number;
  /** Two places for each row: its scale, and `ZERO_LEVEL` times the sum of its levels as a whole number of 32 bits. */
  readonly scales: number;
  readonly rows: number;
  readonly columns: number;
};

/** The level of a matrix that stands for 0. */
export const ZERO_LEVEL = 64;

const PAGE_BYTES = 65_536;
const FLOAT_BYTES = 4;

type Exports = {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
} & Readonly<
  Record<"multiplyRow" | "multiplyLevels" | "level" | "bend" | "normalize" | "attend" | "addLevels", Run>
>;
type Run = (...numbers: readonly number[]) => void;

// The part that is used of what every Node has; its types come with those of browsers only.
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (code: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
    readonly validate: (code: Uint8Array) => boolean;
  };
};

/** The kernels that this engine can run, best first; all give the same numbers. */
export const kernelCodes = (): readonly Uint8Array[] =>
  [KERNEL, OLDER_KERNEL]
    .map((code) => Buffer.from(code, "base64"))
    .filter((code) => WebAssembly.validate(code));

/** A kernel with this many floats of memory, all zero. */
export function makeKernel(size: number, code = kernelCodes()[0]): Kernel {
  const module = new WebAssembly.Module(code);
  // What kernel.wat exports.
  const run = new WebAssembly.Instance(module).exports as Exports;
  const { memory } = run;
  const pages = Math.ceil((size * FLOAT_BYTES) / PAGE_BYTES);
  memory.grow(Math.max(0, pages - memory.buffer.byteLength / PAGE_BYTES));
  const at = (float: number): number => float * FLOAT_BYTES;
  return {
    floats: new Float32Array(memory.buffer),
    bytes: new Int8Array(memory.buffer),
    multiplyRow: ({ x, w, y, inner, columns }) => run.multiplyRow(at(x), at(w), at(y), inner, columns),
    multiplyLevels: ({ x, scales, w, columnScales, y, rows, inner, columns, adds }) => {
      const [sixes, fives, fours] = groupsOf(rows);
      const [from, to] = [at(x), at(y)];
      const keep = adds ? -1 : 0;
      run.multiplyLevels(
        from,
        at(scales),
        at(w),
        at(columnScales),
        to,
        sixes,
        fives,
        fours,
        inner,
        columns,
        keep,
      );
    },
    level: ({ from, to, scales, rows, columns }) => run.level(at(from), at(to), at(scales), rows, columns),
    bend: (from, end) => run.bend(at(from), at(end)),
    normalize: ({ from, to, norm, rows, columns }) =>
      run.normalize(at(from), at(to), at(norm), rows, columns, NORM_EPSILON),
    addLevels: ({ columns, values, count, levels, scales, sums, classes }) =>
      run.addLevels(at(columns), at(values), count, at(levels), at(scales), at(sums), classes),
    attend: ({ qkv, seen, keys, shares, tokens, heads, headSize }) => {
      const scale = 1 / Math.sqrt(headSize);
      run.attend(at(qkv), at(seen), at(keys), at(shares), tokens, heads, headSize, scale);
    },
  };
}

// Rows at a time: six are the fastest, four take hardly longer than three would.
const MOST_GROUPED = 6;
const LEAST_GROUPED = 4;

/** The rows, so many or one or three more, that products of levels take for these. */
export function levelRows(rows: number): number {
  const groups = Math.ceil(rows / MOST_GROUPED);
  return Math.max(rows, groups * LEAST_GROUPED);
}

/** How many sixes, fives and fours make up so many rows. */
function groupsOf(rows: number): readonly [number, number, number] {
  const groups = Math.ceil(rows / MOST_GROUPED);
  const least = Math.floor(rows / groups);
  const longer = rows - groups * least;
  if (least === MOST_GROUPED) return [groups, 0, 0];
  return least === LEAST_GROUPED ? [0, longer, groups - longer] : [longer, groups - longer, 0];
}
