import { HouseError } from "../../core/index.ts";

// What is used of node-llama-cpp 3.22, an optional peer whose types need not be installed.
export type Llama = {
  loadModel(options: { readonly modelPath: string }): Promise<LlamaModel>;
  dispose(): Promise<void>;
};

export type LlamaModel = {
  readonly trainContextSize: number;
  readonly tokens: { readonly eos: number | null; readonly eot: number | null };
  iterateAllTokens(): Iterable<number>;
  createContext(options: object): Promise<{ getSequence(): LlamaSequence }>;
  createEmbeddingContext(options: object): Promise<LlamaEmbeddingContext>;
};

export type LlamaEmbeddingContext = {
  getEmbeddingFor(tokens: readonly number[]): Promise<{ readonly vector: readonly number[] }>;
  dispose(): Promise<void>;
};

/** The part of a distribution that is wanted. `includeMax` does nothing in 3.22: `includeTop` does it. */
export type LlamaWanted = {
  readonly logits: true | { readonly filter: { readonly tokens: readonly number[]; readonly includeTop: 1 } };
  /** Σ exp(logit − greatest logit) over the whole vocabulary. */
  readonly totalLogitWeight: true;
};

export type LlamaNext = {
  readonly logits?: ReadonlyMap<number, number>;
  readonly totalLogitWeight?: number;
};

export type LlamaSequence = {
  /** How many tokens it holds. */
  readonly nextTokenIndex: number;
  /** Forgets what differs from these tokens, from the first difference on. */
  adaptStateToTokens(tokens: readonly number[], allowShift: false): Promise<void>;
  controlledEvaluate(
    tokens: readonly (number | readonly [number, { readonly generateNext: LlamaWanted }])[],
  ): Promise<readonly ({ readonly next: LlamaNext } | undefined)[]>;
};

/** The library, on processor cores only. Throws HouseError `no-engine` where it is not installed. */
export async function loadLlama(name: string, maxThreads: number): Promise<Llama> {
  let library: LlamaLibrary;
  try {
    // By a variable: the package is optional, and types need not resolve it.
    library = (await import(name)) as LlamaLibrary;
  } catch (cause) {
    throw new HouseError(
      "no-engine",
      'Cannot load node-llama-cpp for a GGUF model: install it with "npm install node-llama-cpp"',
      { cause },
    );
  }
  const { error: logLevel } = library.LlamaLogLevel;
  return library.getLlama({ gpu: false, build: "never", maxThreads, logLevel });
}

type LlamaLibrary = {
  readonly LlamaLogLevel: { readonly error: unknown };
  getLlama(options: {
    readonly gpu: false;
    readonly build: "never";
    readonly maxThreads: number;
    readonly logLevel: unknown;
  }): Promise<Llama>;
};
