import { KERNEL } from "./kernel-code.ts";

/** Float32 memory with matrix products over it, by the vector instructions of the processor (WebAssembly). */
export type Kernel = {
  /** All of the memory; offsets below count its floats. */
  readonly floats: Float32Array;
  /** y[rows × columns] += x[rows × inner] · w[inner × columns]; rows in fours, columns in eights. */
  multiply(product: Product): void;
  /** Brings each row to mean 0 and deviation 1, then scales and shifts it; the numbers of a row in fours. */
  normalize(rows: Normalization): void;
  /** Numbers below 0 become 0, from one place to before another; in fours. */
  rectify(from: number, end: number): void;
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

const PAGE_BYTES = 65_536;
const FLOAT_BYTES = 4;

type Exports = {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly multiply: (...numbers: readonly number[]) => void;
  readonly normalize: (...numbers: readonly number[]) => void;
  readonly rectify: (from: number, end: number) => void;
};

// The part that is used of what every Node has; its types come with those of browsers only.
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (code: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
};

/** A kernel with this many floats of memory, all zero. */
export function makeKernel(size: number): Kernel {
  const module = new WebAssembly.Module(Buffer.from(KERNEL, "base64"));
  // What multiply.wat exports.
  const { memory, multiply, normalize, rectify } = new WebAssembly.Instance(module).exports as Exports;
  const pages = Math.ceil((size * FLOAT_BYTES) / PAGE_BYTES);
  memory.grow(Math.max(0, pages - memory.buffer.byteLength / PAGE_BYTES));
  return {
    floats: new Float32Array(memory.buffer),
    multiply: (product) => {
      const { x, w, y, rows, inner, columns } = product;
      const { xStride = inner, wStride = columns, yStride = columns } = product;
      multiply(
        x * FLOAT_BYTES,
        w * FLOAT_BYTES,
        y * FLOAT_BYTES,
        rows,
        inner,
        columns,
        xStride * FLOAT_BYTES,
        wStride * FLOAT_BYTES,
        yStride * FLOAT_BYTES,
      );
    },
    normalize: ({ from, to, norm, rows, columns }) =>
      normalize(from * FLOAT_BYTES, to * FLOAT_BYTES, norm * FLOAT_BYTES, rows, columns, NORM_EPSILON),
    rectify: (from, end) => rectify(from * FLOAT_BYTES, end * FLOAT_BYTES),
  };
}
