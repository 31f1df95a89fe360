import type { Adapter } from "../model-config.ts";

/** What may come next by a grammar: the part of a matcher that generation needs. */
export type TokenMask = {
  /** One bit per token, token 0 in the lowest bit of word 0; set means allowed. Read before the next `accept`. */
  mask(): Int32Array | Promise<Int32Array>;
  /** Takes the token as written; false when the grammar does not allow it. */
  accept(token: number): boolean;
  /** Whether the text is complete and nothing can follow. */
  isDone(): boolean;
  /** Tokens that must come next whatever the weights; they are written without asking the model. */
  forced?(): readonly number[];
};

/** An adapter made ready for one model; `close` gives its memory back. */
export type AdapterHandle = { readonly id: number; readonly bytes: number; close(): void };

export type GenerationRequest = {
  /** Tokens to continue; with a prefix, those after it. Together at least one. */
  readonly prompt: readonly number[];
  /** A fixed beginning shared by many requests: its state is computed once and kept. */
  readonly prefix?: readonly number[];
  /** Used up by this request: it accepts every token written. */
  readonly mask?: TokenMask;
  readonly adapter?: AdapterHandle;
};

export type Sampling = {
  /** Above 0; 1 leaves the distribution as it is. */
  readonly temperature: number;
  /** The smallest set of likeliest tokens with at least this probability is drawn from, in (0, 1]. */
  readonly topP: number;
  /** Requests of one call draw independently. */
  readonly seed: number;
};

export type GenerationOptions = {
  readonly maxTokens: number;
  /** Any of these ends a sequence; default: the model's. */
  readonly eos?: readonly number[];
  /** Default: always the likeliest token. */
  readonly sampling?: Sampling;
  /** Sequences computed together; default 8. */
  readonly batch?: number;
};

export type Generation = {
  /** Without the end token. */
  readonly tokens: readonly number[];
  /** Natural logarithms, one per token, of the model alone; null where a forced token was not computed. */
  readonly logProbs: readonly (number | null)[];
  /** The same among the tokens that the mask allows. */
  readonly maskedLogProbs: readonly number[];
  /** `stop`: an end token, or a complete grammar; `length`: a limit of tokens or context; `cancelled`: by the signal. */
  readonly finish: "stop" | "length" | "cancelled";
};

export type GeneratedToken = {
  readonly token: number;
  readonly logProb: number | null;
  readonly maskedLogProb: number;
};

export type ScoreRequest = Omit<GenerationRequest, "mask"> & { readonly answer: readonly number[] };

/** One engine interface: ONNX Runtime and llama.cpp stand behind it alike. */
export type LanguageModel = {
  readonly engine: "onnx" | "llama.cpp";
  readonly vocabularySize: number;
  /** Longest sequence, prompt and answer together, in tokens. */
  readonly contextSize: number;
  /** Answers in the order of the requests. What they are batched with changes probabilities by rounding only. */
  generate(
    requests: readonly GenerationRequest[],
    options: GenerationOptions,
    signal?: AbortSignal,
  ): Promise<Generation[]>;
  /** One answer, token by token; returns the whole. */
  stream(
    request: GenerationRequest,
    options: GenerationOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<GeneratedToken, Generation>;
  /** Log-probability of each token of an answer, given the prompt and the answer so far. */
  score(request: ScoreRequest): Promise<Float32Array>;
  /** Mean of the last hidden states, of length 1. */
  embed(tokens: readonly number[], adapter?: AdapterHandle): Promise<Float32Array>;
  loadAdapter(adapter: Adapter): AdapterHandle;
  close(): Promise<void>;
};
