import { unpackArtifact } from "../families/artifact.ts";

/** Sizes of an encoder. */
export type EncoderShape = {
  /** Numbers per token. */
  readonly dimensions: number;
  readonly layers: number;
  readonly heads: number;
  /** Numbers in the middle of a feed-forward part. */
  readonly inner: number;
  /** Tokens that see each other; of a longer text half are from its start, half from its end. */
  readonly window: number;
  /** Numbers of a text's vector. */
  readonly output: number;
};

/** An encoder of texts as its file holds it. Matrices are row by row, input × output. */
export type EncoderWeights = {
  /** Hash of its numbers. */
  readonly id: string;
  readonly shape: EncoderShape;
  readonly vocabulary: readonly string[];
  readonly unknown: number;
  /** Row per token, whole numbers times the row's scale. */
  readonly levels: Int8Array;
  readonly scales: Float32Array;
  readonly positions: Float32Array;
  /** Layer after layer: norm, query-key-value, out, norm, feed-forward in, its bias, out. Norms are scale, then shift. */
  readonly layers: Float32Array;
  /** Norm before the mean. */
  readonly norm: Float32Array;
  /** From the mean of the tokens in context, and from the mean of the tokens alone, to the vector. */
  readonly contextual: Float32Array;
  readonly plain: Float32Array;
  readonly bias: Float32Array;
};

export const ENCODER_IDENTITY = { kind: "text-encoder", version: 1 };

type Meta = {
  readonly id: string;
  readonly shape: EncoderShape;
  readonly vocabulary: readonly string[];
  readonly unknown: number;
};

/** Floats of one layer. */
export const layerSize = ({ dimensions: d, inner }: EncoderShape): number =>
  4 * d + 4 * d * d + 2 * d * inner + inner;

/** The encoder in a file made by scripts/text-encoder. Throws HouseError `bad-input` on anything else. */
export function readEncoder(bytes: Uint8Array): EncoderWeights {
  const { meta, array } = unpackArtifact(bytes, ENCODER_IDENTITY);
  // Written by scripts/text-encoder/train.py for this version.
  const { id, shape, vocabulary, unknown } = meta as unknown as Meta;
  return {
    id,
    shape,
    vocabulary,
    unknown,
    levels: array("levels", "Int8Array"),
    scales: array("scales", "Float32Array"),
    positions: array("positions", "Float32Array"),
    layers: array("layers", "Float32Array"),
    norm: array("norm", "Float32Array"),
    contextual: array("contextual", "Float32Array"),
    plain: array("plain", "Float32Array"),
    bias: array("bias", "Float32Array"),
  };
}
