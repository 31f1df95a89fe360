import { isDeepStrictEqual } from "node:util";
import { tokenizerJson, type BytePairs, type PreTokenizerName } from "./tokenizer-json.ts";

const KNOWN_CUTS: readonly PreTokenizerName[] = ["gpt-2", "llama-bpe", "qwen2", "smollm"];

type PartsOfFile = {
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly special?: boolean;
  }[];
  readonly pre_tokenizer: unknown;
  readonly model: { readonly type?: string; readonly vocab: unknown; readonly merges?: unknown };
};

/** Vocabulary, merges and cut of a tokenizer.json that is a byte-level BPE of a known cut; null for any other. */
export function bytePairsOf(file: PartsOfFile): BytePairs | null {
  const { vocab, merges } = file.model;
  const pre = KNOWN_CUTS.find((name) => isSameCut(file.pre_tokenizer, name));
  if (
    pre === undefined ||
    vocab === null ||
    typeof vocab !== "object" ||
    Array.isArray(vocab) ||
    !Array.isArray(merges)
  )
    return null;
  const added = file.added_tokens.map(({ id, content, special }) => ({
    id,
    content,
    special: special === true,
  }));
  const vocabulary: string[] = [];
  for (const [token, id] of Object.entries(vocab)) vocabulary[Number(id)] = token;
  for (const { id, content } of added) vocabulary[id] = content;
  return {
    // A hole in the ids is a row of the embedding that no text reaches.
    vocabulary: Array.from(vocabulary, (token, id) => token ?? `<unused${id}>`),
    merges: merges.map((pair: unknown) => (Array.isArray(pair) ? pair.join(" ") : String(pair))),
    added,
    pre,
  };
}

function isSameCut(preTokenizer: unknown, name: PreTokenizerName): boolean {
  const empty = { vocabulary: [], merges: [], added: [], pre: name };
  // tokenizerJson writes every field; files leave out or vary the ones that do not change the cut.
  const known = tokenizerJson(empty) as { readonly pre_tokenizer: unknown };
  return isDeepStrictEqual(essence(preTokenizer), essence(known.pre_tokenizer));
}

function essence(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(essence);
  if (part === null || typeof part !== "object") return part;
  const {
    trim_offsets: _offsets,
    use_regex: usesRegex,
    ...rest
  } = part as { readonly [key: string]: unknown };
  const entries = Object.entries(rest).map(([key, value]) => [key, essence(value)]);
  return Object.fromEntries([...entries, ["use_regex", usesRegex ?? true]]);
}
