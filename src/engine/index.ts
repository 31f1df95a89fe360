export { ggufTokenizerOf, tokenizerFromGguf, type GgufTokenizer } from "./tokens/gguf-tokenizer.ts";
export { makeTokenizer, parseTokenizer, type Tokenizer } from "./tokens/tokenizer.ts";
export { GPT2_PATTERN, type BytePairs } from "./tokens/tokenizer-json.ts";
export { tokenizerFiles, trainBpe, type BpeOptions } from "./tokens/train-bpe.ts";
