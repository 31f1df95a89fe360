import { KERNEL, OLDER_KERNEL } from "./kernel-code.ts";

/** Memory with products of matrices over it, by the vector instructions of the processor (WebAssembly). Offsets count floats, of four bytes. */
export type Kernel = {
  /** All of the memory, as floats and as whole numbers of eight bits. */
  readonly floats: Float32Array;
  readonly bytes: Int8Array;
  /** y[rows × columns] += x[rows × inner] · w[inner × columns]; rows in fours, columns in eights. */
  multiply(product: Product): void;
  /** y[rows × columns] = or += x[rows × inner] · w[inner × columns] + bias over levels; rows even and at least four, columns in eights. */
  multiplyLevels(product: LevelProduct): void;
  /** Rows of floats as whole numbers of −127 to 127 times a scale each; the numbers of a row in sixteens. */
  level(rows: Levelling): void;
  /** x becomes x · min(1, max(0, x / 6 + 1/2)), from one place to before another; in fours. */
  bend(from: number, end: number): void;
  /** Brings each row to mean 0 and deviation 1, then scales and shifts it; the numbers of a row in fours. `to` may be `from`. */
  normalize(rows: Normalization): void;
  /** Of each row the softmax of `scale` times its first `tokens` numbers, and 0 behind; the numbers of a row in fours. */
  softmax(rows: SoftmaxRows): void;
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

export type Product = {
  readonly x: number;
  readonly w: number;
  readonly y: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** Floats from one row of a matrix to its next, where that is more than a row has. */
  readonly xStride?: number;
  readonly wStride?: number;
  readonly yStride?: number;
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

export type SoftmaxRows = {
  readonly from: number;
  readonly rows: number;
  readonly columns: number;
  readonly tokens: number;
  readonly scale: number;
};

/** The level of a matrix that stands for 0. */
export const ZERO_LEVEL = 64;

const PAGE_BYTES = 65_536;
const FLOAT_BYTES = 4;

type Exports = {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
} & Readonly<
  Record<"multiply" | "multiplyLevels4" | "multiplyLevels6" | "level" | "bend" | "normalize" | "softmax", Run>
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
    multiply: ({ x, w, y, rows, inner, columns, xStride = inner, wStride = columns, yStride = columns }) =>
      run.multiply(at(x), at(w), at(y), rows, inner, columns, at(xStride), at(wStride), at(yStride)),
    multiplyLevels: ({ x, scales, w, columnScales, y, rows, inner, columns, adds }) => {
      const part = (product: Run, first: number, count: number): void => {
        if (count === 0) return;
        const [from, to] = [x * FLOAT_BYTES + first * inner, at(y + first * columns)];
        const rowScales = at(scales + 2 * first);
        product(from, rowScales, at(w), at(columnScales), to, count, inner, columns, adds ? -1 : 0);
      };
      // Six rows at a time are the fastest; one or two fours make up an even rest.
      const fours = (3 - ((rows / 2) % 3)) % 3;
      part(run.multiplyLevels6, 0, rows - 4 * fours);
      part(run.multiplyLevels4, rows - 4 * fours, 4 * fours);
    },
    level: ({ from, to, scales, rows, columns }) => run.level(at(from), at(to), at(scales), rows, columns),
    bend: (from, end) => run.bend(at(from), at(end)),
    normalize: ({ from, to, norm, rows, columns }) =>
      run.normalize(at(from), at(to), at(norm), rows, columns, NORM_EPSILON),
    softmax: ({ from, rows, columns, tokens, scale }) => run.softmax(at(from), rows, columns, tokens, scale),
  };
}
