import { unpackArtifact } from "../families/artifact.ts";

/** Sizes of an encoder. */
export type EncoderShape = {
  /** Numbers per word piece in the table of pieces. */
  readonly pieces: number;
  /** Numbers per token. */
  readonly dimensions: number;
  readonly layers: number;
  readonly heads: number;
  /** Numbers of a head. */
  readonly headSize: number;
  /** Numbers in the middle of a feed-forward part. */
  readonly inner: number;
  /** Word pieces that see each other, beside the marks, at most. */
  readonly window: number;
  /** Of a longer text so many do: half of them from its start, half from its end. */
  readonly ends: number;
  /** Numbers of a text's vector. */
  readonly output: number;
};

/**
 * An encoder of texts as its file holds it. Matrices of floats are row by row, input × output; those of levels as `multiplyLevels` of the kernel
 * reads them, one after the other: from pieces to tokens, then of each layer query-key-value, out, feed-forward in, out.
 */
export type EncoderWeights = {
  /** Hash of its numbers. */
  readonly id: string;
  readonly shape: EncoderShape;
  readonly vocabulary: readonly string[];
  readonly unknown: number;
  /** The pieces that mark where a text starts and ends. */
  readonly start: number;
  readonly end: number;
  /** Row per word piece, whole numbers times the row's scale. */
  readonly levels: Int8Array;
  readonly scales: Float32Array;
  /** A row for each token of the window, the marks among them. */
  readonly positions: Float32Array;
  readonly matrices: Int8Array;
  /** For each matrix of levels a scale for each column, then a bias for each. */
  readonly columns: Float32Array;
  /** Norms, each scale, then shift: of the tokens, then of each layer after attention and after the feed-forward part. */
  readonly norms: Float32Array;
  /** From the mean of the tokens in context, and from the mean of the pieces alone, to the vector. */
  readonly contextual: Float32Array;
  readonly plain: Float32Array;
  readonly bias: Float32Array;
};

export const ENCODER_IDENTITY = { kind: "text-encoder", version: 2 };

type Meta = {
  readonly id: string;
  readonly shape: EncoderShape;
  readonly vocabulary: readonly string[];
  readonly unknown: number;
  readonly start: number;
  readonly end: number;
};

/** Rows and columns of each matrix of levels, in the order of the file. */
export function levelMatrices(shape: EncoderShape): readonly { inner: number; columns: number }[] {
  const { pieces, dimensions, layers, heads, headSize, inner } = shape;
  const seen = heads * headSize;
  const layer = [
    { inner: dimensions, columns: 3 * seen },
    { inner: seen, columns: dimensions },
    { inner: dimensions, columns: inner },
    { inner, columns: dimensions },
  ];
  return [{ inner: pieces, columns: dimensions }, ...Array.from({ length: layers }, () => layer).flat()];
}

/** The encoder in a file made by scripts/text-encoder. Throws HouseError `bad-input` on anything else. */
export function readEncoder(bytes: Uint8Array): EncoderWeights {
  const { meta, array } = unpackArtifact(bytes, ENCODER_IDENTITY);
  // Written by scripts/text-encoder/export.py for this version.
  const { id, shape, vocabulary, unknown, start, end } = meta as unknown as Meta;
  return {
    id,
    shape,
    vocabulary,
    unknown,
    start,
    end,
    levels: array("levels", "Int8Array"),
    scales: array("scales", "Float32Array"),
    positions: array("positions", "Float32Array"),
    matrices: array("matrices", "Int8Array"),
    columns: array("columns", "Float32Array"),
    norms: array("norms", "Float32Array"),
    contextual: array("contextual", "Float32Array"),
    plain: array("plain", "Float32Array"),
    bias: array("bias", "Float32Array"),
  };
}
