import type { ModelConfig } from "../model-config.ts";
import type { Runtime, SessionTensor } from "../onnx/runtime.ts";

/**
 * Keys and values of some sequences, one per row, as the attention reads them: per layer and kind
 * [rows, kvHeads, capacity, headSize]. Rows are contiguous, so any run of rows is a batch without copying.
 */
export type KeyValueCache = {
  readonly rows: number;
  capacity: number;
  /** Tokens in each row. */
  readonly lengths: Int32Array;
  /** keys of layer 0, values of layer 0, keys of layer 1, … */
  readonly planes: Float32Array[];
  /** Tensors over runs of rows, by `first:count`; forgotten when the planes move. */
  readonly views: Map<string, Readonly<Record<string, SessionTensor>>>;
};

/** The state of one sequence, packed: planes of [kvHeads, length, headSize]. */
export type SequenceState = { readonly length: number; readonly data: Float32Array };

// The attention clears and copies a past of this length at each step: short steps keep it near the length in use.
const CAPACITY_STEP = 64;

export function createCache(config: ModelConfig, rows: number, capacity: number): KeyValueCache {
  const rounded = roundUp(capacity);
  return {
    rows,
    capacity: rounded,
    lengths: new Int32Array(rows),
    planes: Array.from({ length: 2 * config.layers }, () => plane(config, rows, rounded)),
    views: new Map(),
  };
}

/** Makes room for `needed` tokens in every row. */
export function reserve(cache: KeyValueCache, config: ModelConfig, needed: number): void {
  if (needed <= cache.capacity) return;
  const before = cache.capacity;
  const after = roundUp(needed);
  cache.planes.forEach((old, index) => {
    const grown = plane(config, cache.rows, after);
    for (let head = 0; head < cache.rows * config.kvHeads; head += 1) {
      const length = cache.lengths[Math.floor(head / config.kvHeads)] * config.headSize;
      const from = head * before * config.headSize;
      grown.set(old.subarray(from, from + length), head * after * config.headSize);
    }
    cache.planes[index] = grown;
  });
  cache.capacity = after;
  cache.views.clear();
}

/** Appends what a step computed for `count` rows of `length` new tokens: state is [count, length, planes, kvHeads × headSize]. */
export function append(
  cache: KeyValueCache,
  config: ModelConfig,
  { first, count, length }: { readonly first: number; readonly count: number; readonly length: number },
  state: Float32Array,
): void {
  const { kvHeads, headSize } = config;
  let from = 0;
  for (let row = first; row < first + count; row += 1) {
    for (let token = 0; token < length; token += 1) {
      const position = cache.lengths[row] + token;
      for (const values of cache.planes) {
        for (let head = 0; head < kvHeads; head += 1) {
          const to = ((row * kvHeads + head) * cache.capacity + position) * headSize;
          for (let index = 0; index < headSize; index += 1) values[to + index] = state[from + index];
          from += headSize;
        }
      }
    }
    cache.lengths[row] += length;
  }
}

/** A copy of a row's state. */
export function saveRow(cache: KeyValueCache, config: ModelConfig, row: number): SequenceState {
  const length = cache.lengths[row];
  const data = new Float32Array(cache.planes.length * config.kvHeads * length * config.headSize);
  eachHead(cache, config, { row, length }, (values, at, packed, size) =>
    data.set(values.subarray(at, at + size), packed),
  );
  return { length, data };
}

/** Puts a saved state into a row, in place of what it held. */
export function restoreRow(
  cache: KeyValueCache,
  config: ModelConfig,
  row: number,
  state: SequenceState,
): void {
  eachHead(cache, config, { row, length: state.length }, (values, at, packed, size) =>
    values.set(state.data.subarray(packed, packed + size), at),
  );
  cache.lengths[row] = state.length;
}

/** Moves a row's state to another row. */
export function moveRow(cache: KeyValueCache, config: ModelConfig, from: number, to: number): void {
  const offset = (to - from) * config.kvHeads * cache.capacity * config.headSize;
  eachHead(cache, config, { row: from, length: cache.lengths[from] }, (values, at, _packed, size) =>
    values.copyWithin(at + offset, at, at + size),
  );
  cache.lengths[to] = cache.lengths[from];
}

/** The pasts of a run of rows, as inputs of the inference graph. */
export function pastsOf(
  cache: KeyValueCache,
  config: ModelConfig,
  runtime: Runtime,
  { first, count }: { readonly first: number; readonly count: number },
): Readonly<Record<string, SessionTensor>> {
  const key = `${first}:${count}`;
  const known = cache.views.get(key);
  if (known !== undefined) return known;
  const row = config.kvHeads * cache.capacity * config.headSize;
  const shape = [count, config.kvHeads, cache.capacity, config.headSize];
  const views = Object.fromEntries(
    cache.planes.map((values, index) => [
      `past.${index >> 1}.${index % 2 === 0 ? "key" : "value"}`,
      runtime.tensor("float32", values.subarray(first * row, (first + count) * row), shape),
    ]),
  );
  cache.views.set(key, views);
  return views;
}

function eachHead(
  cache: KeyValueCache,
  config: ModelConfig,
  { row, length }: { readonly row: number; readonly length: number },
  visit: (values: Float32Array, at: number, packed: number, size: number) => void,
): void {
  const size = length * config.headSize;
  let packed = 0;
  for (const values of cache.planes) {
    for (let head = 0; head < config.kvHeads; head += 1) {
      visit(values, (row * config.kvHeads + head) * cache.capacity * config.headSize, packed, size);
      packed += size;
    }
  }
}

const plane = (config: ModelConfig, rows: number, capacity: number): Float32Array =>
  new Float32Array(rows * config.kvHeads * capacity * config.headSize);

const roundUp = (length: number): number => Math.ceil(length / CAPACITY_STEP) * CAPACITY_STEP;
