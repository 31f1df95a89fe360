export type Licence = { readonly name: string; readonly link: string | null };

/** An open language model and what is known of it; null is what could not be verified. */
export type OpenModel = {
  /** On the Hugging Face hub. */
  readonly id: string;
  readonly family: string;
  /** `model_type` of its config.json. */
  readonly architecture: string;
  /** Learnt numbers, all of them; rounded as the publisher states it where no exact count was found. */
  readonly parameters: number | null;
  /** Those used for one token: all of them, except in a mixture of experts. */
  readonly activeParameters: number | null;
  readonly contextTokens: number | null;
  readonly licence: Licence | null;
  /** What decides the size of the key-value cache: only layers with full attention count. Null for sliding windows, too. */
  readonly cache: CacheShape | null;
  readonly goodAt: string;
  /** Whether parameters, context and licence were all read in the named sources. */
  readonly verified: boolean;
  readonly source: readonly string[];
};

export type CacheShape = { readonly layers: number; readonly kvHeads: number; readonly headSize: number };

/** Architectures of this engine; all others are served by llama.cpp or vLLM and used as a provider. */
const ENGINE_ARCHITECTURES: ReadonlySet<string> = new Set(["llama", "qwen2", "qwen3"]);

/** Whether the engine of this process can run and train the model. */
export const runsHere = ({ architecture }: OpenModel): boolean => ENGINE_ARCHITECTURES.has(architecture);
