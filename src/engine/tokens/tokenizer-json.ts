/** How text is cut before merges apply, by the name llama.cpp knows it under (`tokenizer.ggml.pre`). */
export type PreTokenizerName = "gpt-2" | "llama-bpe" | "qwen2" | "smollm";

/** A token outside the merges; special ones steer the model and have no text. */
export type AddedToken = { readonly id: number; readonly content: string; readonly special: boolean };

/** What makes a byte-level BPE tokenizer; the place of a token in `vocabulary` is its id, added tokens included. */
export type BytePairs = {
  readonly vocabulary: readonly string[];
  /** Pairs "left right", most frequent first. */
  readonly merges: readonly string[];
  readonly added: readonly AddedToken[];
  readonly pre: PreTokenizerName;
};

/** GPT-2's cut into words, numbers, punctuation and white space (Radford et al. 2019). */
export const GPT2_PATTERN = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const TAIL =
  "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|NUMBER| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

// The same cuts as llama.cpp's llama-vocab.cpp and the models' own tokenizer.json files.
const PRE_TOKENIZERS: { readonly [name in PreTokenizerName]: object } = {
  "gpt-2": byteLevel(true),
  smollm: sequence([{ type: "Digits", individual_digits: true }, byteLevel(true)]),
  "llama-bpe": sequence([
    split(`${CONTRACTIONS}|${TAIL.replace("NUMBER", "\\p{N}{1,3}")}`),
    byteLevel(false),
  ]),
  qwen2: sequence([split(`${CONTRACTIONS}|${TAIL.replace("NUMBER", "\\p{N}")}`), byteLevel(false)]),
};

/** Whether the cut of this name is known here. */
export function isPreTokenizerName(name: string): name is PreTokenizerName {
  return Object.hasOwn(PRE_TOKENIZERS, name);
}

/** The tokenizer.json of a byte-level BPE, as Hugging Face's tokenizers read it. */
export function tokenizerJson(pairs: BytePairs): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: pairs.added.map(({ id, content, special }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special,
    })),
    // Qwen's models were trained on composed characters.
    normalizer: pairs.pre === "qwen2" ? { type: "NFC" } : null,
    pre_tokenizer: PRE_TOKENIZERS[pairs.pre],
    post_processor: null,
    decoder: byteLevel(true),
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      // Llama 3 takes a whole word of the vocabulary before any merge.
      ignore_merges: pairs.pre === "llama-bpe",
      vocab: Object.fromEntries(pairs.vocabulary.map((token, id) => [token, id])),
      merges: pairs.merges.map((pair) => pair.split(" ")),
    },
  };
}

function byteLevel(useRegex: boolean): object {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}

function split(pattern: string): object {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

function sequence(pretokenizers: readonly object[]): object {
  return { type: "Sequence", pretokenizers };
}
