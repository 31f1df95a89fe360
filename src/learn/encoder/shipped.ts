import { readFileSync } from "node:fs";
import { HouseError } from "../../core/index.ts";
import { readEncoder, type EncoderWeights } from "./encoder-file.ts";
import { makeEncoder, type Encoder, type Sentence } from "./encoder.ts";
import { makePieces } from "./wordpiece.ts";

// The encoder beside `src/` and `dist/`: a constant of this package, as its code is.
const FILE = new URL("../../../base/encoder/encoder.bin", import.meta.url);

/** Numbers of the shipped encoder's vectors. */
export const SENTENCE_DIMENSIONS = 192;

type Shipped = { readonly weights: EncoderWeights; readonly encode: Encoder };

// 10 MB once read; every specialist of a process shares it.
let shipped: Shipped | undefined;

function read(): Shipped {
  if (shipped !== undefined) return shipped;
  const weights = readEncoder(readFileSync(FILE));
  const { output, pieces } = weights.shape;
  if (output !== SENTENCE_DIMENSIONS || pieces !== OUTLINE_DIMENSIONS) {
    throw new RangeError(
      `Cannot use ${FILE.pathname}: it has ${output} numbers a vector and ${pieces} a piece, expected ${SENTENCE_DIMENSIONS} and ${OUTLINE_DIMENSIONS}`,
    );
  }
  shipped = { weights, encode: makeEncoder(weights) };
  return shipped;
}

/** Numbers of the shipped encoder's outlines. */
export const OUTLINE_DIMENSIONS = 192;

/** A text as the shipped encoder reads it. */
export const readSentence = (text: string): Sentence => read().encode(text);

/** What a text means, as a direction: texts that ask for the same point alike. Zeros without words. */
export const sentenceVector = (text: string): Float32Array => readSentence(text).vector();

/** The pieces that the shipped encoder reads a text by. */
export const shippedPieces = (text: string): number[] => {
  const { vocabulary, unknown } = read().weights;
  return makePieces(vocabulary, unknown)(text);
};

/** What the shipped encoder is: vectors of another one mean something else. */
export const encoderId = (): string => read().weights.id;

/** Refuses a specialist that was made with another encoder. Throws HouseError `bad-input`. */
export function checkEncoder(kind: string, id: string): void {
  if (id === encoderId()) return;
  throw new HouseError(
    "bad-input",
    `Cannot load ${kind} specialist: it was made with text encoder ${id}, this version has ${encoderId()}; train the task again`,
  );
}
