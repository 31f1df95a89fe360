import { HouseError, parseJson } from "../../core/index.ts";
import {
  decodeFloats,
  encodeFloats,
  type GrammarSource,
  type Tensor,
  type Weights,
} from "../../engine/index.ts";
import type { Copying, Listing } from "./copying.ts";
import type { Lexicon } from "./lexicon.ts";
import type { AnswerForm } from "./words.ts";

/** All that a generative specialist is, beside its base. */
export type GenerativeParts = {
  /** Content hash of the base it changes. */
  readonly base: string;
  readonly answerForm: AnswerForm;
  /** Null for free text. */
  readonly grammar: GrammarSource | null;
  /** Which values can be nothing but words of the input. */
  readonly copying: Copying;
  readonly listings: readonly Listing[];
  readonly lexicon: Lexicon;
  readonly maxPromptTokens: number;
  readonly maxAnswerTokens: number;
  /** Answers drawn beside the likeliest one, as further candidates; 0 for none. */
  readonly samples: number;
  /** An adapter on the base; null where all of its parameters were trained. */
  readonly adapter: {
    readonly rank: number;
    readonly alpha: number;
    readonly targets: readonly string[];
  } | null;
  /** The adapter's, or all of the model's. */
  readonly tensors: Weights;
};

const MAGIC = "understudy-generative-1\n";

/** A specialist as bytes: magic, length of the head, head as JSON, tensors as float16 in the head's order. */
export function packGenerative({ tensors, ...parts }: GenerativeParts): Uint8Array {
  const places = [...tensors].map(([name, { shape }]) => ({ name, shape }));
  const head = Buffer.from(JSON.stringify({ ...parts, tensors: places }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const data = [...tensors.values()].map((tensor) => encodeFloats("f16", tensor.data));
  return Buffer.concat([Buffer.from(MAGIC), length, head, ...data]);
}

type Head = Omit<GenerativeParts, "tensors"> & {
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
};

/** Throws HouseError `bad-input` on foreign or cut bytes. */
export function unpackGenerative(bytes: Uint8Array): GenerativeParts {
  const { buffer, head, end } = openHead(bytes);
  const tensors = new Map<string, Tensor>();
  let at = end;
  for (const { name, shape } of head.tensors) {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    if (buffer.length < at + data.length * 2) throw foreign();
    // Copied: numbers are read at an even address, and bytes may come at any.
    decodeFloats("f16", Uint8Array.prototype.slice.call(buffer, at, at + data.length * 2), data);
    tensors.set(name, { shape, data });
    at += data.length * 2;
  }
  if (at !== buffer.length) throw foreign();
  return { ...head, tensors };
}

/** The hash of the base that an artifact changes, without reading its tensors. Throws as unpackGenerative does. */
export const baseHashIn = (bytes: Uint8Array): string => openHead(bytes).head.base;

type Opened = { readonly buffer: Buffer; readonly head: Head; readonly end: number };

function openHead(bytes: Uint8Array): Opened {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = MAGIC.length + 4;
  if (buffer.length < start || !buffer.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC))) throw foreign();
  const end = start + buffer.readUInt32LE(MAGIC.length);
  const head = buffer.length < end ? undefined : parseJson(buffer.toString("utf8", start, end));
  if (!isHead(head)) throw foreign();
  return { buffer, head, end };
}

/** Of the few fields whose lack would go unnoticed; the rest was written by packGenerative. */
function isHead(head: unknown): head is Head {
  return (
    typeof head === "object" &&
    head !== null &&
    "base" in head &&
    "tensors" in head &&
    Array.isArray(head.tensors)
  );
}

function foreign(): HouseError {
  return new HouseError(
    "bad-input",
    "Cannot load a generative specialist: its artifact is cut or was not made here; train the task again",
  );
}
