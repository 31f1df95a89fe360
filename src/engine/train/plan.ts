import { seededRandom } from "../../core/index.ts";
import { learntTokens, sequenceCount, sequenceLength, type SequenceStore } from "./sequences.ts";

/** The sizes of one training graph: `batch` rows of `length` tokens, `outputs` of them predicted. */
export type Bucket = { readonly batch: number; readonly length: number; readonly outputs: number };

/** What one graph run works on: for each row the sequences that stand in it, one behind the other. */
export type Shard = { readonly bucket: number; readonly rows: readonly (readonly number[])[] };

/** One optimizer step: its shards are computed apart and their gradients added in this order. */
export type Step = { readonly shards: readonly Shard[] };

/** How sequences are laid into rows, shards and steps. */
export type PlanOptions = {
  /** Tokens of one shard, rows × length. */
  readonly tokensPerShard: number;
  readonly shardsPerStep: number;
  /** Sequences kept next to each other, in their given order (chosen, rejected); 1 for none. */
  readonly groupSize: number;
  /** One group per row: spans are chosen among the tokens of a row. */
  readonly isAlone?: boolean;
};

/** Rows are at least this long, so that several short sequences share one. */
const MIN_ROW = 128;
/** Shortest row where sequences stand alone. */
const MIN_ROW_ALONE = 16;
/** Room for rows with more to predict than the mean. */
const OUTPUT_SLACK = 1.25;
const OUTPUT_STEP = 64;
/** Groups a row is counted to hold at most, so that a batch of pairs has a fixed size. */
export const GROUPS_PER_ROW = 4;

/** Row lengths that fit the sequences: powers of two, each used by some. Longer ones than `contextSize` are left to the caller. */
export function bucketsFor(store: SequenceStore, options: PlanOptions): Bucket[] {
  const { tokensPerShard, groupSize } = options;
  const minRow = minRowOf(options);
  const tokens = new Map<number, { all: number; learnt: number; longest: number }>();
  for (let group = 0; group < groupsOf(store, groupSize); group += 1) {
    const length = rowLength(store, group, { groupSize, minRow });
    const seen = tokens.get(length) ?? { all: 0, learnt: 0, longest: 0 };
    const learnt = sumOf(membersOf(group, groupSize), (index) => learntTokens(store, index));
    seen.all += groupTokens(store, group, groupSize);
    seen.learnt += learnt;
    seen.longest = Math.max(seen.longest, learnt);
    tokens.set(length, seen);
  }
  return [...tokens.entries()]
    .sort(([a], [b]) => a - b)
    .map(([length, { all, learnt, longest }]) => {
      const batch = Math.max(1, Math.floor(tokensPerShard / length));
      const wanted = Math.max(longest, (OUTPUT_SLACK * batch * length * learnt) / all);
      const outputs = Math.min(batch * length, Math.ceil(wanted / OUTPUT_STEP) * OUTPUT_STEP);
      return { batch, length, outputs };
    });
}

/**
 * One pass over all sequences in an order drawn from the seed: packed into rows, the rows into shards, the shards into steps.
 * Every sequence is in exactly one row.
 */
export function planPass(
  store: SequenceStore,
  buckets: readonly Bucket[],
  options: PlanOptions & { seed: number },
): Step[] {
  const { groupSize, shardsPerStep, seed, isAlone = false } = options;
  const minRow = minRowOf(options);
  const random = seededRandom(seed);
  const order = random.shuffle(Array.from({ length: groupsOf(store, groupSize) }, (_, group) => group));
  const shards = buckets.flatMap((bucket, index) => {
    const groups = order.filter((group) => rowLength(store, group, { groupSize, minRow }) === bucket.length);
    return pack(store, bucket, { groups, groupSize, isAlone }).map((rows) => ({ bucket: index, rows }));
  });
  const mixed = random.shuffle(shards);
  const steps: Step[] = [];
  for (let at = 0; at < mixed.length; at += shardsPerStep)
    steps.push({ shards: mixed.slice(at, at + shardsPerStep) });
  return steps;
}

/** First fit in order: a group goes to the first open row that has room. */
function pack(
  store: SequenceStore,
  bucket: Bucket,
  { groups, groupSize, isAlone }: { groups: readonly number[]; groupSize: number; isAlone: boolean },
): number[][][] {
  const shards: number[][][] = [];
  const maxGroups = groupSize === 1 ? Infinity : bucket.batch * GROUPS_PER_ROW;
  let open: { rows: number[][]; free: number[]; outputs: number; groups: number } | null = null;
  for (const group of groups) {
    const members = membersOf(group, groupSize);
    const length = groupTokens(store, group, groupSize);
    const outputs = sumOf(members, (index) => learntTokens(store, index));
    let row: number = open === null || isAlone ? -1 : open.free.findIndex((free) => free >= length);
    const isFull = open !== null && (open.outputs + outputs > bucket.outputs || open.groups === maxGroups);
    if (open === null || isFull || (row < 0 && open.rows.length === bucket.batch)) {
      open = { rows: [], free: [], outputs: 0, groups: 0 };
      shards.push(open.rows);
      row = -1;
    }
    if (row < 0) {
      row = open.rows.push([]) - 1;
      open.free.push(bucket.length);
    }
    open.rows[row].push(...members);
    open.free[row] -= length;
    open.outputs += outputs;
    open.groups += 1;
  }
  return shards;
}

const groupsOf = (store: SequenceStore, groupSize: number): number =>
  Math.floor(sequenceCount(store) / groupSize);

const membersOf = (group: number, groupSize: number): number[] =>
  Array.from({ length: groupSize }, (_, index) => group * groupSize + index);

const groupTokens = (store: SequenceStore, group: number, groupSize: number): number =>
  sumOf(membersOf(group, groupSize), (index) => sequenceLength(store, index));

const minRowOf = ({ isAlone = false }: PlanOptions): number => (isAlone ? MIN_ROW_ALONE : MIN_ROW);

type RowRule = { readonly groupSize: number; readonly minRow: number };

const rowLength = (store: SequenceStore, group: number, { groupSize, minRow }: RowRule): number =>
  Math.max(minRow, 2 ** Math.ceil(Math.log2(Math.max(1, groupTokens(store, group, groupSize)))));

const sumOf = (items: readonly number[], value: (item: number) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0);
