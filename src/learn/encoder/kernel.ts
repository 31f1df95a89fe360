import { KERNEL } from "./kernel-code.ts";

/** Float32 memory with a matrix product over it, by the vector instructions of the processor (WebAssembly). */
export type Kernel = {
  /** All of the memory; offsets below count its floats. */
  readonly floats: Float32Array;
  /** y[rows × columns] += x[rows × inner] · w[inner × columns], each row by row; rows in fours, columns in eights. */
  multiply(product: Product): void;
};

export type Product = {
  readonly x: number;
  readonly w: number;
  readonly y: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
};

const PAGE_BYTES = 65_536;
const FLOAT_BYTES = 4;

type Exports = {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly multiply: (...numbers: readonly number[]) => void;
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
  const { memory, multiply } = new WebAssembly.Instance(module).exports as Exports;
  const pages = Math.ceil((size * FLOAT_BYTES) / PAGE_BYTES);
  memory.grow(Math.max(0, pages - memory.buffer.byteLength / PAGE_BYTES));
  return {
    floats: new Float32Array(memory.buffer),
    multiply: ({ x, w, y, rows, inner, columns }) =>
      multiply(x * FLOAT_BYTES, w * FLOAT_BYTES, y * FLOAT_BYTES, rows, inner, columns),
  };
}
