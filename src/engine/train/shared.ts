import { sizeOf, type Tensor, type Weights } from "../model-config.ts";
import type { AdamState } from "./adamw.ts";

/** Where a trainable parameter stands in the flat vector of all. */
export type Place = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
};

/** What the threads of a training run share: flat vectors over all trainable parameters. */
export type Shared = AdamState & {
  readonly places: readonly Place[];
  /** One gradient per shard of a step; the first also takes their sum. */
  readonly gradients: readonly Float32Array[];
  /** Loss per shard. */
  readonly losses: Float64Array;
  /** Sum of squares of the summed gradient, per chunk. */
  readonly squares: Float64Array;
  /** Meeting point: [arrived, generation, stopped]. */
  readonly control: Int32Array;
};

/** Parameters are summed and updated in chunks of this many; the order of sums does not depend on the number of threads. */
export const CHUNK = 65536;

/** Allocates the vectors and sets the parameters to their start values. `shards`: of one step. */
export function createShared(
  trainable: readonly { name: string; shape: readonly number[] }[],
  start: Weights,
  shards: number,
): Shared {
  const places: Place[] = [];
  let total = 0;
  for (const { name, shape } of trainable) {
    places.push({ name, shape, offset: total, size: sizeOf(shape) });
    total += sizeOf(shape);
  }
  const vector = (): Float32Array => new Float32Array(new SharedArrayBuffer(total * 4));
  const shared: Shared = {
    places,
    parameters: vector(),
    first: vector(),
    second: vector(),
    gradients: Array.from({ length: shards }, vector),
    losses: new Float64Array(new SharedArrayBuffer(shards * 8)),
    squares: new Float64Array(new SharedArrayBuffer(Math.ceil(total / CHUNK) * 8)),
    control: new Int32Array(new SharedArrayBuffer(3 * 4)),
  };
  for (const { name, offset } of places) {
    const tensor = start.get(name);
    if (tensor === undefined) throw new RangeError(`Cannot train: parameter ${name} has no start value`);
    shared.parameters.set(tensor.data, offset);
  }
  return shared;
}

/** The trained parameters, copied out. */
export function parametersOf({ places, parameters }: Shared): Map<string, Tensor> {
  return new Map(
    places.map(({ name, shape, offset, size }) => [
      name,
      { shape, data: Float32Array.from(parameters.subarray(offset, offset + size)) },
    ]),
  );
}

/** Waits until all threads are here. Returns false when the run was stopped meanwhile. */
export function meet(control: Int32Array, threads: number): boolean {
  const generation = Atomics.load(control, 1);
  if (Atomics.add(control, 0, 1) + 1 === threads) {
    Atomics.store(control, 0, 0);
    Atomics.add(control, 1, 1);
    Atomics.notify(control, 1);
  }
  while (Atomics.load(control, 1) === generation) {
    if (Atomics.load(control, 2) !== 0) return false;
    Atomics.wait(control, 1, generation, WAIT_MS);
  }
  return true;
}

/** A thread that died never arrives: the others look this often whether the run was stopped. */
const WAIT_MS = 200;

/** Wakes every thread that waits at the meeting point, to end. */
export function stopAll(control: Int32Array): void {
  Atomics.store(control, 2, 1);
  Atomics.notify(control, 1);
}
