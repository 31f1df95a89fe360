import type { ModelConfig } from "../model-config.ts";
import { rotationTables } from "../graph/rotary.ts";
import type { Runtime, SessionTensor } from "../onnx/runtime.ts";
import { pairsOf, type Objective } from "./objective.ts";
import type { Bucket, Shard } from "./plan.ts";
import type { SequenceStore } from "./sequences.ts";

/** Added to a score that must not count; softmax makes exactly 0 of it. */
const BLOCKED = -1e9;

/** The inputs of one bucket's graph, made once and filled for each shard. */
export type Feeds = {
  readonly tensors: Readonly<Record<string, SessionTensor>>;
  /** Writes a shard into the tensors. `totalWeight`: of all that is learnt in the step (tokens, or pairs), so that its shards add up to the mean. */
  readonly fill: (shard: Shard, totalWeight: number) => void;
};

/** What feeds are made for: a bucket of a store under an objective. */
export type FeedOptions = {
  readonly runtime: Runtime;
  readonly config: ModelConfig;
  readonly store: SequenceStore;
  readonly bucket: Bucket;
  readonly isCausal: boolean;
  readonly objective: Objective;
};

/** Allocates the inputs of a bucket; filling them again allocates nothing. */
export function createFeeds(options: FeedOptions): Feeds {
  const buffers = createBuffers(options);
  return {
    tensors: tensorsOf(options, buffers),
    fill(shard, totalWeight) {
      clear(buffers);
      const at = { output: 0, sequence: 0 };
      for (let row = 0; row < options.bucket.batch; row += 1) {
        fillRow(options, buffers, { row, sequences: shard.rows[row] ?? [], at, totalWeight });
      }
    },
  };
}

type Buffers = {
  readonly ids: BigInt64Array;
  readonly positions: BigInt64Array;
  readonly mask: Float32Array;
  readonly places: BigInt64Array;
  readonly targets: BigInt64Array;
  readonly weights: Float32Array;
  readonly teacherTokens: BigInt64Array;
  readonly teacherLogProbs: Float32Array;
  /** Row s has a 1 at each output of sequence s. */
  readonly members: Float32Array;
  readonly reference: Float32Array;
  readonly pairWeights: Float32Array;
  /** For spans: very negative behind the sequence of a row. */
  readonly padding: Float32Array;
};

function createBuffers({ store, bucket, objective }: FeedOptions): Buffers {
  const { batch, length, outputs } = bucket;
  const pairs = objective.kind === "preference" ? pairsOf(bucket) : 0;
  const isSpans = objective.kind === "spans";
  const scored = isSpans ? batch * store.labelWidth : outputs;
  return {
    ids: new BigInt64Array(batch * length),
    positions: new BigInt64Array(batch * length),
    mask: new Float32Array(batch * length * length),
    places: new BigInt64Array(outputs),
    targets: new BigInt64Array(scored),
    weights: new Float32Array(scored),
    teacherTokens: new BigInt64Array(outputs * store.teacherWidth),
    teacherLogProbs: new Float32Array(outputs * store.teacherWidth),
    members: new Float32Array(2 * pairs * outputs),
    reference: new Float32Array(2 * pairs),
    pairWeights: new Float32Array(pairs),
    padding: new Float32Array(isSpans ? batch * length : 0),
  };
}

function tensorsOf(
  { runtime, config, store, bucket, objective }: FeedOptions,
  buffers: Buffers,
): Feeds["tensors"] {
  const { batch, length, outputs } = bucket;
  const half = config.headSize / 2;
  const { cosines, sines } = rotationTables(config, length);
  const int64 = (data: BigInt64Array, shape: readonly number[]): SessionTensor =>
    runtime.tensor("int64", data, shape);
  const float = (data: Float32Array, shape: readonly number[]): SessionTensor =>
    runtime.tensor("float32", data, shape);
  return {
    ids: int64(buffers.ids, [batch, length]),
    positions: int64(buffers.positions, [batch, length]),
    mask: float(buffers.mask, [batch, 1, length, length]),
    places: int64(buffers.places, [outputs]),
    targets: int64(buffers.targets, [buffers.targets.length]),
    weights: float(buffers.weights, [buffers.weights.length]),
    cosines: float(cosines, [length, half]),
    sines: float(sines, [length, half]),
    backSines: float(
      sines.map((sine) => -sine),
      [length, half],
    ),
    ...(store.teacherWidth > 0 && {
      teacherTokens: int64(buffers.teacherTokens, [outputs, store.teacherWidth]),
      teacherLogProbs: float(buffers.teacherLogProbs, [outputs, store.teacherWidth]),
    }),
    ...(objective.kind === "preference" && {
      members: float(buffers.members, [2 * pairsOf(bucket), outputs]),
      reference: float(buffers.reference, [2 * pairsOf(bucket)]),
      pairWeights: float(buffers.pairWeights, [pairsOf(bucket)]),
    }),
    ...(objective.kind === "spans" && { padding: float(buffers.padding, [batch, 1, length]) }),
  };
}

function clear(buffers: Buffers): void {
  const { ids, positions, places, targets, teacherTokens } = buffers;
  for (const integers of [ids, positions, places, targets, teacherTokens]) integers.fill(0n);
  const { weights, teacherLogProbs, members, reference, pairWeights } = buffers;
  for (const floats of [weights, teacherLogProbs, members, reference, pairWeights]) floats.fill(0);
  buffers.mask.fill(BLOCKED);
  buffers.padding.fill(BLOCKED);
}

type Row = {
  readonly row: number;
  readonly sequences: readonly number[];
  /** The next free output and sequence of the batch; moved on. */
  readonly at: { output: number; sequence: number };
  readonly totalWeight: number;
};

function fillRow(options: FeedOptions, buffers: Buffers, { row, sequences, at, totalWeight }: Row): void {
  const { store, bucket, isCausal, objective } = options;
  const { length } = bucket;
  let column = 0;
  for (const index of sequences) {
    const size = store.starts[index + 1] - store.starts[index];
    const place = row * length + column;
    fillTokens(store, buffers, { index, place });
    openMask(buffers.mask, { place, column, size, length, isCausal });
    if (objective.kind === "spans") {
      fillSpans(store, buffers, { index, row, scale: 1 / totalWeight });
      buffers.padding.fill(0, row * length, row * length + size);
    } else {
      const isPreference = objective.kind === "preference";
      fillOutputs(options, buffers, { index, place, at, weightScale: isPreference ? 1 : 1 / totalWeight });
      if (isPreference) {
        buffers.reference[at.sequence] = store.references[index];
        buffers.pairWeights[at.sequence >> 1] = 1 / totalWeight;
      }
    }
    at.sequence += 1;
    column += size;
  }
  // A padded place sees itself: a softmax over nothing would be NaN on some runtimes.
  for (; column < length; column += 1) buffers.mask[(row * length + column) * length + column] = 0;
}

function fillTokens(
  store: SequenceStore,
  buffers: Buffers,
  { index, place }: { readonly index: number; readonly place: number },
): void {
  const start = store.starts[index];
  for (let offset = 0; start + offset < store.starts[index + 1]; offset += 1) {
    buffers.ids[place + offset] = BigInt(store.ids[start + offset]);
    buffers.positions[place + offset] = BigInt(offset);
  }
}

/** Starts and ends are positions in the row: its one sequence begins at 0. */
function fillSpans(
  { labels, labelWidth, weights, starts }: SequenceStore,
  buffers: Buffers,
  { index, row, scale }: { readonly index: number; readonly row: number; readonly scale: number },
): void {
  for (let label = 0; label < labelWidth; label += 1) {
    buffers.targets[row * labelWidth + label] = BigInt(labels[index * labelWidth + label]);
    buffers.weights[row * labelWidth + label] = weights[starts[index]] * scale;
  }
}

type Placement = {
  readonly index: number;
  /** Of its first token, in the flattened rows. */
  readonly place: number;
  readonly at: { output: number; sequence: number };
  readonly weightScale: number;
};

function fillOutputs(
  { store, bucket, isCausal, objective }: FeedOptions,
  buffers: Buffers,
  { index, place, at, weightScale }: Placement,
): void {
  const width = store.teacherWidth;
  for (let token = store.starts[index]; token < store.starts[index + 1]; token += 1) {
    if (store.weights[token] === 0) continue;
    // A token is predicted from the one before it; an encoder sees a token at its own place.
    const offset = token - store.starts[index] - (isCausal ? 1 : 0);
    buffers.places[at.output] = BigInt(place + offset);
    buffers.targets[at.output] = BigInt(store.targets[token]);
    buffers.weights[at.output] = store.weights[token] * weightScale;
    for (let k = 0; k < width; k += 1) {
      buffers.teacherTokens[at.output * width + k] = BigInt(store.teacherTokens[token * width + k]);
      buffers.teacherLogProbs[at.output * width + k] = store.teacherLogProbs[token * width + k];
    }
    if (objective.kind === "preference") buffers.members[at.sequence * bucket.outputs + at.output] = 1;
    at.output += 1;
  }
}

type Segment = {
  readonly place: number;
  readonly column: number;
  readonly size: number;
  readonly length: number;
  readonly isCausal: boolean;
};

/** Lets a sequence see itself and nothing else: packed neighbours stay strangers. */
function openMask(mask: Float32Array, { place, column, size, length, isCausal }: Segment): void {
  for (let query = 0; query < size; query += 1) {
    const from = (place + query) * length + column;
    mask.fill(0, from, from + (isCausal ? query + 1 : size));
  }
}
