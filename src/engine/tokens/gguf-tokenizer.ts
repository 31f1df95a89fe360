import { HouseError } from "../../core/index.ts";
import {
  isPreTokenizerName,
  tokenizerJson,
  type AddedToken,
  type PreTokenizerName,
} from "./tokenizer-json.ts";
import { makeTokenizer, type Tokenizer } from "./tokenizer.ts";

/** The `tokenizer.ggml.*` metadata of a GGUF file whose tokenizer model is `gpt2` (byte-level BPE). */
export type GgufTokenizer = {
  readonly tokens: readonly string[];
  /** 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
  readonly tokenTypes: readonly number[];
  /** "left right", in the order of training. */
  readonly merges: readonly string[];
  readonly pre: string;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
};

export const GGUF_CONTROL = 3;
export const GGUF_USER_DEFINED = 4;

// Names that llama.cpp cuts in the same way (llama-vocab.cpp).
const SAME_CUT: { readonly [name: string]: PreTokenizerName } = {
  gpt2: "gpt-2",
  mpt: "gpt-2",
  olmo: "gpt-2",
  llama3: "llama-bpe",
  "llama-v3": "llama-bpe",
  starcoder: "smollm",
  refact: "smollm",
  "command-r": "smollm",
};

/** The tokenizer of a GGUF file, by the equivalent tokenizer.json. `source` names the file in messages. */
export function tokenizerFromGguf(metadata: GgufTokenizer, source: string): Tokenizer {
  const pre = SAME_CUT[metadata.pre] ?? metadata.pre;
  if (!isPreTokenizerName(pre)) {
    throw new HouseError(
      "bad-input",
      `Cannot read the tokenizer of ${source}: tokenizer.ggml.pre is "${metadata.pre}", expected gpt-2, llama-bpe, qwen2 or smollm`,
    );
  }
  const { tokens, tokenTypes, merges } = metadata;
  if (tokens.length !== tokenTypes.length) {
    throw new HouseError(
      "bad-input",
      `Cannot read the tokenizer of ${source}: ${tokens.length} tokens but ${tokenTypes.length} token types`,
    );
  }
  const added: AddedToken[] = tokens.flatMap((content, id) =>
    tokenTypes[id] === GGUF_CONTROL || tokenTypes[id] === GGUF_USER_DEFINED
      ? [{ id, content, special: tokenTypes[id] === GGUF_CONTROL }]
      : [],
  );
  const contentOf = (id: number | null): string | null => (id === null ? null : (tokens[id] ?? null));
  const config = { bos_token: contentOf(metadata.bosTokenId), eos_token: contentOf(metadata.eosTokenId) };
  return makeTokenizer(tokenizerJson({ vocabulary: tokens, merges, added, pre }), config, source);
}

/** What a GGUF file says of a byte-level tokenizer of one of the known cuts; the inverse of `tokenizerFromGguf`. */
export function ggufTokenizerOf(tokenizer: Tokenizer): GgufTokenizer {
  const { bytePairs } = tokenizer;
  if (bytePairs === null) {
    throw new HouseError(
      "bad-input",
      "Cannot write the tokenizer as GGUF: only byte-level BPE of a known cut can be written",
    );
  }
  const types = new Map(
    bytePairs.added.map(({ id, special }) => [id, special ? GGUF_CONTROL : GGUF_USER_DEFINED]),
  );
  return {
    tokens: bytePairs.vocabulary,
    tokenTypes: bytePairs.vocabulary.map((_, id) => types.get(id) ?? 1),
    merges: bytePairs.merges,
    pre: bytePairs.pre,
    bosTokenId: tokenizer.bosTokenId,
    eosTokenId: tokenizer.eosTokenId,
  };
}
