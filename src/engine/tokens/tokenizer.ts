import { Tokenizer as Library } from "@huggingface/tokenizers";
import { z } from "zod";
import { HouseError } from "../../core/index.ts";
import { fromByteCharacters } from "./byte-alphabet.ts";
import { bytePairsOf } from "./byte-pairs.ts";
import type { BytePairs } from "./tokenizer-json.ts";

/** Text to the numbers a model reads, and back. */
export type Tokenizer = {
  /** One more than the highest id. */
  readonly vocabularySize: number;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
  readonly padTokenId: number | null;
  /** Ids that steer the model and have no text, ascending. */
  readonly specialIds: readonly number[];
  /** What the model expects before a text, often its beginning token; `encode` does not add it. */
  readonly leadingIds: readonly number[];
  /** Parts of a byte-level BPE of a known cut, for writing other formats; null for other tokenizers. */
  readonly bytePairs: BytePairs | null;
  /** Ids of a text. Names of special tokens in it are plain text, so that no caller's text can steer the model. */
  encode(text: string): number[];
  /** As `encode`, but names of special tokens become their ids: for templates, never for a caller's text. */
  encodeTemplate(text: string): number[];
  /** The text of ids; special tokens have none, broken UTF-8 becomes U+FFFD. */
  decode(ids: ArrayLike<number>): string;
  /** The bytes a token adds to the text; empty for special and unused ids. */
  tokenBytes(id: number): Uint8Array;
  /** The id of a token as the vocabulary writes it. */
  idOf(token: string): number | undefined;
};

const fileShape = z.looseObject({
  added_tokens: z
    .array(z.looseObject({ id: z.int().nonnegative(), content: z.string(), special: z.boolean().optional() }))
    .default([]),
  normalizer: z.unknown().default(null),
  pre_tokenizer: z.unknown().default(null),
  post_processor: z.unknown().default(null),
  decoder: z.unknown().default(null),
  model: z.looseObject({
    type: z.enum(["BPE", "Unigram"]).optional(),
    vocab: z.union([z.record(z.string(), z.int().nonnegative()), z.array(z.unknown())]),
  }),
});

const tokenName = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configShape = z.looseObject({ bos_token: tokenName, eos_token: tokenName, pad_token: tokenName });

export type TokenizerFile = z.infer<typeof fileShape>;

/** The tokenizer of a Hugging Face folder. `files` are the texts of tokenizer.json and tokenizer_config.json (null when absent). */
export function parseTokenizer(
  files: { readonly tokenizer: string; readonly config: string | null },
  source: string,
): Tokenizer {
  const parse = (text: string, name: string): unknown => {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new HouseError(
        "bad-input",
        `Cannot read ${name} of ${source}: it is not JSON, fetch the file again`,
        { cause },
      );
    }
  };
  const config = files.config === null ? {} : parse(files.config, "tokenizer_config.json");
  return makeTokenizer(parse(files.tokenizer, "tokenizer.json"), config, source);
}

/** The tokenizer of a parsed tokenizer.json and tokenizer_config.json. `source` names the model in messages. */
export function makeTokenizer(tokenizerFile: unknown, tokenizerConfig: unknown, source: string): Tokenizer {
  const file = shaped(fileShape, tokenizerFile, `tokenizer.json of ${source}`);
  const config = shaped(configShape, tokenizerConfig, `tokenizer_config.json of ${source}`);
  const template = library(file, config, source);
  // Without the special tokens their names in a text are cut like any other words.
  const plain = library(
    { ...file, added_tokens: file.added_tokens.filter(({ special }) => !special) },
    config,
    source,
  );
  const idOf = (token: string): number | undefined => template.token_to_id(token);
  const namedId = (name: z.infer<typeof tokenName>): number | null =>
    name === null || name === undefined
      ? null
      : (idOf(typeof name === "string" ? name : name.content) ?? null);
  const bytes = tokenBytesOf(file, template, source);
  const specialIds = file.added_tokens.filter(({ special }) => special).map(({ id }) => id);
  return {
    vocabularySize: bytes.length,
    bosTokenId: namedId(config.bos_token),
    eosTokenId: namedId(config.eos_token),
    padTokenId: namedId(config.pad_token),
    specialIds: specialIds.sort((a, b) => a - b),
    leadingIds: template.encode("").ids,
    bytePairs: bytePairsOf(file),
    encode: (text) => (text === "" ? [] : plain.encode(text, { add_special_tokens: false }).ids),
    encodeTemplate: (text) => (text === "" ? [] : template.encode(text, { add_special_tokens: false }).ids),
    decode: (ids) => decodeBytes(ids, bytes, isWordStartSpaced(file)),
    tokenBytes: (id) => bytes[id] ?? EMPTY,
    idOf,
  };
}

const EMPTY = new Uint8Array(0);

function shaped<T>(shape: z.ZodType<T>, value: unknown, name: string): T {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new HouseError(
    "bad-input",
    `Cannot read ${name}: ${issue.path.join(".") || "the file"}: ${issue.message}`,
  );
}

function library(file: TokenizerFile, config: object, source: string): Library {
  try {
    return new Library(file, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new HouseError("bad-input", `Cannot use tokenizer.json of ${source}: ${reason}`, { cause });
  }
}

/** The bytes of every id, by the kind of vocabulary: byte-level (GPT-2) or words marked with U+2581 and `<0x0A>` bytes (SentencePiece). */
function tokenBytesOf(file: TokenizerFile, tokenizer: Library, source: string): Uint8Array[] {
  const text = JSON.stringify(file.decoder);
  const isByteLevel = text.includes('"ByteLevel"');
  if (!isByteLevel && !text.includes("▁")) {
    throw new HouseError(
      "bad-input",
      `Cannot use tokenizer.json of ${source}: its decoder is neither ByteLevel nor Metaspace`,
    );
  }
  const encoder = new TextEncoder();
  const added = new Map(file.added_tokens.map((token) => [token.id, token]));
  const out: Uint8Array[] = [];
  for (const [token, id] of tokenizer.get_vocab(true)) {
    const extra = added.get(id);
    while (out.length < id) out.push(EMPTY);
    if (extra !== undefined) out[id] = extra.special === true ? EMPTY : encoder.encode(extra.content);
    else if (isByteLevel) out[id] = fromByteCharacters(token ?? "") ?? encoder.encode(token);
    else out[id] = sentencePieceBytes(token ?? "");
  }
  return out;
}

function sentencePieceBytes(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token);
  return byte === null
    ? new TextEncoder().encode(token.replaceAll("▁", " "))
    : Uint8Array.of(Number.parseInt(byte[1], 16));
}

/** SentencePiece writes a space before the first word too; its decoder strips it. */
function isWordStartSpaced(file: TokenizerFile): boolean {
  const text = JSON.stringify(file.decoder);
  return text.includes('"Strip"') || text.includes('"Metaspace"');
}

function decodeBytes(ids: ArrayLike<number>, bytes: readonly Uint8Array[], stripsSpace: boolean): string {
  const parts = Array.from(ids, (id) => bytes[id] ?? EMPTY);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(parts));
  return stripsSpace && text.startsWith(" ") ? text.slice(1) : text;
}
