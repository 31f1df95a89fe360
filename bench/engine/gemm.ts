// Past the door: the product alone, without our graph around it, is the ceiling that training is measured against.
import { writeOnnx } from "../../src/engine/onnx/model-proto.ts";
import type { Runtime, Session, SessionTensor } from "../../src/engine/onnx/runtime.ts";
import { seededRandom } from "../../src/core/index.ts";
import { CONFIG } from "./material.ts";
import { stopwatch, type Measured } from "./measure.ts";

/** [rows, inner] times [inner, columns]. */
export type Product = {
  readonly name: string;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
};

export type OpenProduct = Product & {
  /** Floating-point operations of some repetitions, about `seconds` of one core. */
  round(seconds: number): Promise<Measured>;
  close(): Promise<void>;
};

const { hiddenSize: hidden, intermediateSize: inner, vocabularySize } = CONFIG;

/** Two usual sizes, and the products of a model of 6 million parameters over a step's tokens. */
export function productsOf(tokens: number): readonly Product[] {
  const product = (rows: number, side: number, columns: number): Product => ({
    name: `${rows} × ${side} × ${columns}`,
    rows,
    inner: side,
    columns,
  });
  return [
    product(512, 512, 512),
    product(1024, 1024, 1024),
    product(tokens, hidden, hidden),
    product(tokens, hidden, inner),
    product(tokens, inner, hidden),
    product(tokens, hidden, vocabularySize),
  ];
}

export async function openProduct(runtime: Runtime, product: Product): Promise<OpenProduct> {
  const { rows, inner: side, columns } = product;
  const session = await runtime.createSession(graphOf(product), { threads: 1 });
  const random = seededRandom(product.name);
  const filled = (length: number): Float32Array => Float32Array.from({ length }, () => random.next() - 0.5);
  const feeds = {
    a: runtime.tensor("float32", filled(rows * side), [rows, side]),
    b: runtime.tensor("float32", filled(side * columns), [side, columns]),
  };
  // Written in place: the copy of a result is no part of a product.
  const fetches = { y: runtime.tensor("float32", new Float32Array(rows * columns), [rows, columns]) };
  const flops = 2 * rows * side * columns;
  return {
    ...product,
    round: (seconds) => repeated(session, { feeds, fetches, flops, seconds }),
    close: () => session.close(),
  };
}

type Repetition = {
  readonly feeds: Record<string, SessionTensor>;
  readonly fetches: Record<string, SessionTensor>;
  readonly flops: number;
  readonly seconds: number;
};

async function repeated(session: Session, { feeds, fetches, flops, seconds }: Repetition): Promise<Measured> {
  await session.run(feeds, fetches);
  const taken = stopwatch();
  let count = 0;
  do {
    await session.run(feeds, fetches);
    count += 1;
  } while (taken().cpuSeconds < seconds);
  return { units: count * flops, ...taken() };
}

function graphOf({ rows, inner: side, columns }: Product): Uint8Array {
  return writeOnnx({
    nodes: [{ op: "MatMul", domain: "", inputs: ["a", "b"], outputs: ["y"], attributes: {} }],
    inputs: [
      { name: "a", type: "float32", shape: [rows, side] },
      { name: "b", type: "float32", shape: [side, columns] },
    ],
    outputs: [{ name: "y", type: "float32", shape: [rows, columns] }],
    initializers: [],
  });
}
