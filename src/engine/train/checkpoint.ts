import { HouseError, parseJson } from "../../core/index.ts";
import type { Shared } from "./shared.ts";

/** Where a training run stands, beside its vectors. */
export type RunState = {
  /** Of the material and the options: a checkpoint is for one run. */
  readonly fingerprint: string;
  /** Optimizer steps done. */
  readonly step: number;
  readonly history: readonly HistoryEntry[];
  readonly bestLoss: number | null;
  readonly evaluationsSinceBest: number;
  /** Losses since the last entry of the history. */
  readonly recent: readonly number[];
};

/** A point of the loss curve. */
export type HistoryEntry = {
  readonly step: number;
  /** Mean of the steps since the last entry. */
  readonly trainLoss: number;
  /** Null without a development set. */
  readonly developmentLoss: number | null;
};

/** Where checkpoints of a run are kept. */
export type CheckpointPlace = {
  /** The bytes of an earlier, stopped run; null for none. */
  load(): Uint8Array | null;
  save(bytes: Uint8Array): void;
  /** Steps between two checkpoints. */
  readonly everySteps: number;
};

const MAGIC = "understudy-training-1\n";

/** A checkpoint: magic, length of the head, head as JSON, then parameters, moments and the best parameters as float32. */
export function writeCheckpoint(state: RunState, shared: Shared, best: Float32Array | null): Uint8Array {
  const head = Buffer.from(
    JSON.stringify({ ...state, size: shared.parameters.length, hasBest: best !== null }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const vectors = [shared.parameters, shared.first, shared.second, ...(best === null ? [] : [best])];
  return Buffer.concat([Buffer.from(MAGIC), length, head, ...vectors.map(bytesOf)]);
}

/** Fills the vectors from a checkpoint of the same run. Throws HouseError `bad-input` on a broken or foreign one. */
export function readCheckpoint(
  bytes: Uint8Array,
  shared: Shared,
  fingerprint: string,
): { state: RunState; best: Float32Array | null } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = (why: string): never => {
    throw new HouseError(
      "bad-input",
      `Cannot resume training: the checkpoint ${why}; delete it to start anew`,
    );
  };
  if (!buffer.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC))) refuse("is not one of ours or is cut");
  const start = MAGIC.length + 4;
  const end = start + (buffer.length < start ? 0 : buffer.readUInt32LE(MAGIC.length));
  if (buffer.length < end) refuse("is cut");
  // Written by writeCheckpoint; its lengths are checked below.
  const head = parseJson(buffer.toString("utf8", start, end)) as RunState & {
    size: number;
    hasBest: boolean;
  };
  if (head.fingerprint !== fingerprint) refuse("is of a run with other examples, options or weights");
  const size = shared.parameters.length;
  const vectors = head.hasBest ? 4 : 3;
  if (head.size !== size || buffer.length !== end + vectors * size * 4) refuse("is cut");
  const vector = (index: number): Float32Array => {
    const from = end + index * size * 4;
    // Copied: the vectors need not be aligned within the file.
    return new Float32Array(Uint8Array.prototype.slice.call(buffer, from, from + size * 4).buffer);
  };
  shared.parameters.set(vector(0));
  shared.first.set(vector(1));
  shared.second.set(vector(2));
  return { state: head, best: head.hasBest ? vector(3) : null };
}

const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
