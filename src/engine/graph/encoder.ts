import { HouseError } from "../../core/index.ts";
import { openRuntime, type Runtime, type Session, type SessionTensor } from "../onnx/runtime.ts";
import type { Adapter, ModelConfig, Tensor, Weights } from "../model-config.ts";
import { forward, type Trainable } from "./decoder.ts";
import { declareHead, headWidth, pooled, rowScores, spanScores, type Head } from "./heads.ts";
import { rotationTables } from "./rotary.ts";

/** What an encoder makes of one sequence of n tokens. */
export type Encoded = {
  /** [n, hidden], after the last norm. */
  readonly hidden: Tensor;
  /** The mean over the tokens, [hidden]. */
  readonly pooled: Float32Array;
  /** Scores, before a softmax over the last axis: classes [1, classes], tags [n, tags], spans [2·fields, n] (starts and ends in turn). Null without a head. */
  readonly logits: Tensor | null;
};

/** A model that sees both ways, with weights in float32. */
export type Encoder = {
  /** One result per sequence, in their order; a sequence's does not depend on its neighbours but for rounding. Blocks its thread while it computes. */
  encode(sequences: readonly ArrayLike<number>[]): Promise<Encoded[]>;
  close(): Promise<void>;
};

/** What an encoder is made of. */
export type EncoderOptions = {
  readonly config: ModelConfig;
  /** The model's parameters, and the head's (`head.weight`, `head.bias`). */
  readonly weights: Weights;
  readonly head?: Head;
  readonly adapter?: Adapter;
  readonly runtime?: Runtime["kind"];
};

/** Tokens of one run at most: 2,048 keep the scores of attention small, and more is not faster. */
const TOKENS_PER_RUN = 2048;
const MIN_LENGTH = 16;
/** Graphs are made for these numbers of rows; the last rows of a batch may stand empty. */
const ROWS = [1, 4, 16, 64];
/** Sessions kept: 4 numbers of rows at 4 lengths. The least recently used one is closed. */
const MAX_SESSIONS = 16;
/** Added to a score that must not count. */
const BLOCKED = -1e9;

/** Opens an encoder. Throws HouseError `no-engine` without a runtime; `bad-input` from `encode` for a token outside the vocabulary or an empty or too long sequence. */
export async function openEncoder(options: EncoderOptions): Promise<Encoder> {
  const runtime = await openRuntime(options.runtime);
  const parameters = parameterTensors(runtime, options);
  const sessions = new Map<string, Session>();
  const sessionOf = async (shape: RunShape): Promise<Session> => {
    const key = `${shape.batch}x${shape.length}`;
    const session = sessions.get(key) ?? (await runtime.createSession(encoderGraph(options, shape)));
    // A map keeps its order: the session used last stands last.
    sessions.delete(key);
    sessions.set(key, session);
    const [[oldest, unused]] = sessions;
    if (sessions.size > MAX_SESSIONS) {
      sessions.delete(oldest);
      await unused.close();
    }
    return session;
  };
  const encodeAll = async (sequences: readonly ArrayLike<number>[]): Promise<Encoded[]> => {
    const encoded: Encoded[] = Array.from({ length: sequences.length });
    for (const { shape, members } of runsOf(sequences)) {
      const session = await sessionOf(shape);
      const rows = members.map((index) => sequences[index]);
      const results = await session.run({ ...parameters, ...inputs(runtime, options, { shape, rows }) });
      members.forEach((index, row) => {
        encoded[index] = resultOf(results, options, { shape, row, size: sequences[index].length });
      });
    }
    return encoded;
  };
  // One call after another: a session may not be closed while another call runs it.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => null);
    return result;
  };
  return {
    async encode(sequences) {
      sequences.forEach((ids, index) => check(ids, index, options.config));
      return inTurn(() => encodeAll(sequences));
    },
    close: () =>
      inTurn(async () => {
        for (const session of sessions.values()) await session.close();
        sessions.clear();
      }),
  };
}

type RunShape = { readonly batch: number; readonly length: number };

/** Sequences of like length together, the longest runs first filled. */
function runsOf(
  sequences: readonly ArrayLike<number>[],
): { readonly shape: RunShape; readonly members: readonly number[] }[] {
  const byLength = new Map<number, number[]>();
  sequences.forEach((ids, index) => {
    const length = Math.max(MIN_LENGTH, 2 ** Math.ceil(Math.log2(ids.length)));
    byLength.set(length, [...(byLength.get(length) ?? []), index]);
  });
  return [...byLength].flatMap(([length, members]) => {
    const room = ROWS.filter((rows) => rows === 1 || rows * length <= TOKENS_PER_RUN);
    const runs = [];
    for (let at = 0; at < members.length;) {
      const left = members.length - at;
      const batch = room.find((rows) => rows >= left) ?? room[room.length - 1];
      runs.push({ shape: { batch, length }, members: members.slice(at, at + batch) });
      at += batch;
    }
    return runs;
  });
}

function encoderGraph({ config, head, adapter }: EncoderOptions, { batch, length }: RunShape): Uint8Array {
  const trainable: Trainable = adapter === undefined ? { mode: "full" } : { mode: "adapter", ...adapter };
  const isTags = head?.kind === "tags";
  const outputs = isTags ? batch * length : batch;
  const pass = forward(config, { batch, length, outputs }, trainable);
  const { graph, hidden } = pass;
  const results = { hidden, pooled: pooled(pass, graph.input("shares", [batch, 1, length])) };
  if (head === undefined) return graph.build(results);
  const own = declareHead(pass, head, config);
  const padding = graph.input("padding", [batch, 1, length]);
  const logits = head.kind === "spans" ? spanScores(pass, own, padding) : rowScores(graph, pass.picked, own);
  return graph.build({ ...results, logits });
}

function parameterTensors(
  runtime: Runtime,
  { weights, adapter }: EncoderOptions,
): Record<string, SessionTensor> {
  const all = [...weights, ...(adapter?.tensors ?? [])];
  return Object.fromEntries(
    all.map(([name, { data, shape }]) => [name, runtime.tensor("float32", data, shape)]),
  );
}

type Rows = { readonly shape: RunShape; readonly rows: readonly ArrayLike<number>[] };

function inputs(
  runtime: Runtime,
  { config, head }: EncoderOptions,
  { shape: { batch, length }, rows }: Rows,
): Record<string, SessionTensor> {
  const ids = new BigInt64Array(batch * length);
  const shares = new Float32Array(batch * length);
  const padding = new Float32Array(batch * length).fill(BLOCKED);
  const mask = new Float32Array(batch * length * length);
  for (let row = 0; row < batch; row += 1) {
    const tokens = rows[row] ?? [];
    for (let at = 0; at < tokens.length; at += 1) ids[row * length + at] = BigInt(tokens[at]);
    shares.fill(1 / tokens.length, row * length, row * length + tokens.length);
    padding.fill(0, row * length, row * length + tokens.length);
    // An empty row sees its first place: a softmax over nothing would be NaN on some runtimes.
    if (tokens.length === 0) padding[row * length] = 0;
    const seen = padding.subarray(row * length, (row + 1) * length);
    for (let query = 0; query < length; query += 1) mask.set(seen, (row * length + query) * length);
  }
  const half = config.headSize / 2;
  const { cosines, sines } = rotationTables(config, length);
  const tables = { cosines, sines, backSines: sines };
  const places = Array.from({ length: head?.kind === "tags" ? batch * length : batch }, (_, index) =>
    head?.kind === "tags" ? index : index * length,
  );
  const int64 = (data: BigInt64Array, sides: readonly number[]): SessionTensor =>
    runtime.tensor("int64", data, sides);
  return {
    ids: int64(ids, [batch, length]),
    positions: int64(
      BigInt64Array.from({ length: batch * length }, (_, index) => BigInt(index % length)),
      [batch, length],
    ),
    places: int64(BigInt64Array.from(places, BigInt), [places.length]),
    mask: runtime.tensor("float32", mask, [batch, 1, length, length]),
    shares: runtime.tensor("float32", shares, [batch, 1, length]),
    ...(head !== undefined && { padding: runtime.tensor("float32", padding, [batch, 1, length]) }),
    ...Object.fromEntries(
      Object.entries(tables).map(([name, data]) => [name, runtime.tensor("float32", data, [length, half])]),
    ),
  };
}

type Place = { readonly shape: RunShape; readonly row: number; readonly size: number };

function resultOf(
  results: Record<string, SessionTensor>,
  { config, head }: EncoderOptions,
  { shape: { length }, row, size }: Place,
): Encoded {
  const { hiddenSize } = config;
  // All outputs of the graph are float32.
  const data = (name: string): Float32Array => results[name].data as Float32Array;
  const from = row * length * hiddenSize;
  return {
    hidden: { shape: [size, hiddenSize], data: data("hidden").slice(from, from + size * hiddenSize) },
    pooled: data("pooled").slice(row * hiddenSize, (row + 1) * hiddenSize),
    logits: head === undefined ? null : logitsOf(head, data("logits"), { row, size, length }),
  };
}

function logitsOf(
  head: Head,
  data: Float32Array,
  { row, size, length }: { readonly row: number; readonly size: number; readonly length: number },
): Tensor {
  const width = headWidth(head);
  switch (head.kind) {
    case "classes":
      return { shape: [1, width], data: data.slice(row * width, (row + 1) * width) };
    case "tags": {
      const from = row * length * width;
      return { shape: [size, width], data: data.slice(from, from + size * width) };
    }
    case "spans": {
      const kept = new Float32Array(width * size);
      for (let score = 0; score < width; score += 1) {
        const from = (row * width + score) * length;
        kept.set(data.subarray(from, from + size), score * size);
      }
      return { shape: [width, size], data: kept };
    }
  }
}

function check(ids: ArrayLike<number>, index: number, { vocabularySize, contextSize }: ModelConfig): void {
  const refuse = (why: string): never => {
    throw new HouseError("bad-input", `Cannot encode sequence ${index}: ${why}`);
  };
  if (ids.length === 0) refuse("it is empty");
  if (ids.length > contextSize) refuse(`it has ${ids.length} tokens, the model takes ${contextSize}`);
  for (let at = 0; at < ids.length; at += 1) {
    if (!(ids[at] >= 0 && ids[at] < vocabularySize))
      refuse(`token ${ids[at]} is outside the vocabulary of ${vocabularySize}`);
  }
}
