import type { GgufTokenizer } from "../tokens/gguf-tokenizer.ts";
import { brokenFile } from "./file.ts";
import { numberAt, textAt } from "./gguf-config.ts";
import type { GgufFile } from "./gguf-file.ts";
import type { GgufItem, GgufValue } from "./gguf-metadata.ts";

const NORMAL = 1;
const UNUSED = 5;

/** The byte-level BPE tokenizer of a file; null where it has none or one of another kind. */
export function tokenizerOfGguf({ path, metadata }: GgufFile): GgufTokenizer | null {
  if (textAt(metadata, "tokenizer.ggml.model") !== "gpt2") return null;
  const list = (key: string): readonly GgufItem[] | undefined => {
    const value = metadata.get(key);
    if (value !== undefined && value.type !== "array") throw brokenFile(path, `its ${key} is not an array`);
    return value?.value;
  };
  const tokens = list("tokenizer.ggml.tokens");
  const merges = list("tokenizer.ggml.merges");
  if (!isTexts(tokens) || !isTexts(merges))
    throw brokenFile(path, "its tokenizer gpt2 has no tokenizer.ggml.tokens or no tokenizer.ggml.merges");
  const tokenTypes = list("tokenizer.ggml.token_type") ?? tokens.map(() => NORMAL);
  if (!tokenTypes.every((type) => typeof type === "number") || tokenTypes.length !== tokens.length)
    throw brokenFile(path, `it has ${tokens.length} tokens and ${tokenTypes.length} token types`);
  return {
    tokens,
    tokenTypes,
    merges,
    pre: textAt(metadata, "tokenizer.ggml.pre") ?? "default",
    bosTokenId: numberAt(metadata, "tokenizer.ggml.bos_token_id") ?? null,
    eosTokenId: numberAt(metadata, "tokenizer.ggml.eos_token_id") ?? null,
  };
}

function isTexts(list: readonly GgufItem[] | undefined): list is readonly string[] {
  return list?.every((item) => typeof item === "string") ?? false;
}

/** The keys of a tokenizer for an embedding of `rows` rows; llama.cpp wants a token for each of them. */
export function keysOfTokenizer(tokenizer: GgufTokenizer | null, rows: number): [string, GgufValue][] {
  if (tokenizer === null) return [["tokenizer.ggml.model", { type: "string", value: "none" }]];
  const { bosTokenId, eosTokenId } = tokenizer;
  const spare = rows - tokenizer.tokens.length;
  const padding = Array.from({ length: spare }, (_, i) => `[PAD${tokenizer.tokens.length + i}]`);
  const types = [...tokenizer.tokenTypes, ...padding.map(() => UNUSED)];
  const keys: [string, GgufValue][] = [
    ["tokenizer.ggml.model", { type: "string", value: "gpt2" }],
    ["tokenizer.ggml.pre", { type: "string", value: tokenizer.pre }],
    ["tokenizer.ggml.tokens", { type: "array", of: "string", value: [...tokenizer.tokens, ...padding] }],
    ["tokenizer.ggml.token_type", { type: "array", of: "i32", value: types }],
    ["tokenizer.ggml.merges", { type: "array", of: "string", value: tokenizer.merges }],
  ];
  if (bosTokenId !== null) keys.push(["tokenizer.ggml.bos_token_id", { type: "u32", value: bosTokenId }]);
  if (eosTokenId !== null) keys.push(["tokenizer.ggml.eos_token_id", { type: "u32", value: eosTokenId }]);
  return keys;
}
