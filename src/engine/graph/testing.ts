import { readFileSync } from "node:fs";
import { seededRandom } from "../../core/index.ts";
import { openRuntime, type SessionTensor } from "../onnx/runtime.ts";
import { sizeOf, type Tensor, type Weights } from "../model-config.ts";
import { gradientsOf, type Graph, createGraph, type Value } from "./graph.ts";

// For tests only: running small graphs, and gradients by differences.

/** A tensor of seeded numbers in [−1, 1). */
export function randomTensor(shape: readonly number[], seed: number): Tensor {
  const random = seededRandom(seed);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.next() - 1) };
}

type Floats = Readonly<Record<string, Tensor>>;
/** Given to a graph as int64. */
type Integers = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
>;
type Program = {
  run(floats: Floats, integers: Integers): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
};

/** Runs a graph once. */
export async function runGraph(
  model: Uint8Array,
  floats: Floats,
  integers: Integers = {},
): Promise<Record<string, Float32Array>> {
  const program = await openProgram(model);
  try {
    return await program.run(floats, integers);
  } finally {
    await program.close();
  }
}

async function openProgram(model: Uint8Array): Promise<Program> {
  const runtime = await openRuntime();
  const session = await runtime.createSession(model);
  return {
    async run(floats, integers) {
      const feeds: Record<string, SessionTensor> = {};
      for (const [name, { data, shape }] of Object.entries(floats)) {
        feeds[name] = runtime.tensor("float32", data, shape);
      }
      for (const [name, { data, shape }] of Object.entries(integers)) {
        feeds[name] = runtime.tensor("int64", BigInt64Array.from(data, BigInt), shape);
      }
      const results = await session.run(feeds);
      // All outputs of test graphs are float32.
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]),
      );
    },
    close: () => session.close(),
  };
}

/** Step of the differences; float32 forward passes leave about 1e-3 of a derivative of order one. */
const STEP = 2e-2;

/**
 * The largest difference, relative to the largest derivative, between the gradients a graph computes of a scalar and
 * Richardson-extrapolated central differences of its forward pass.
 */
export async function gradientError(
  inputs: Floats,
  build: (graph: Graph, values: Readonly<Record<string, Value>>) => Value,
  integers: Integers = {},
): Promise<number> {
  const graph = createGraph();
  const values: Record<string, Value> = {};
  for (const [name, { shape }] of Object.entries(inputs))
    values[name] = graph.input(name, shape, { isTracked: true });
  for (const [name, { shape }] of Object.entries(integers))
    values[name] = graph.input(name, shape, { type: "int64" });
  const scalar = build(graph, values);
  const names = Object.keys(inputs);
  const gradients = gradientsOf(
    graph,
    scalar,
    names.map((name) => values[name]),
  );
  const outputs = Object.fromEntries(names.map((name, index) => [`d:${name}`, gradients[index]]));
  const program = await openProgram(graph.build({ scalar, ...outputs }));
  try {
    return await worstError(program, inputs, integers);
  } finally {
    await program.close();
  }
}

async function worstError(program: Program, inputs: Floats, integers: Integers): Promise<number> {
  const exact = await program.run(inputs, integers);
  const at = async (name: string, index: number, step: number): Promise<number> => {
    const moved = Float32Array.from(inputs[name].data);
    moved[index] += step;
    return (await program.run({ ...inputs, [name]: { ...inputs[name], data: moved } }, integers)).scalar[0];
  };
  let worst = 0;
  let largest = 0;
  for (const name of Object.keys(inputs)) {
    for (let index = 0; index < inputs[name].data.length; index += 1) {
      const slope = async (h: number): Promise<number> =>
        ((await at(name, index, h)) - (await at(name, index, -h))) / (2 * h);
      const estimate = (4 * (await slope(STEP / 2)) - (await slope(STEP))) / 3;
      worst = Math.max(worst, Math.abs(estimate - exact[`d:${name}`][index]));
      largest = Math.max(largest, Math.abs(estimate));
    }
  }
  return worst / Math.max(largest, 1e-3);
}

/** The float32 and int32 tensors of a safetensors file, integers as floats. */
export function readGolden(path: string): Weights {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const head = JSON.parse(file.toString("utf8", 8, start)) as Record<string, GoldenTensor>;
  const tensors = Object.entries(head).filter(([name]) => name !== "__metadata__");
  return new Map(
    tensors.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const bytes = Uint8Array.prototype.slice.call(file, start + from, start + to).buffer;
        return [
          name,
          {
            shape,
            data: dtype === "F32" ? new Float32Array(bytes) : Float32Array.from(new Int32Array(bytes)),
          },
        ];
      },
    ),
  );
}

type GoldenTensor = { dtype: string; shape: number[]; data_offsets: [number, number] };
