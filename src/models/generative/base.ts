import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesHash } from "../../core/index.ts";
import {
  createJumps,
  loadModelFolder,
  openModel,
  parseTokenizer,
  type Jumps,
  type LanguageModel,
  type ModelConfig,
  type Tokenizer,
  type Vocabulary,
  type Weights,
} from "../../engine/index.ts";
import { marksOf, type Marks } from "./words.ts";

/** The base that ships with this package: `base/` beside `src/` and `dist/`. */
const FOLDER = fileURLToPath(new URL("../../../base", import.meta.url));

/** What answers are computed with: twice as fast as float32, and a certificate is about just these answers. */
export const PRECISION = "int8";

/** A small language model that specialists start from. */
export type Base = {
  /** Of its weights and tokenizer: a specialist is only right on the very base it was trained on. */
  readonly hash: string;
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  readonly marks: Marks;
  /** What a grammar must know of the tokenizer. */
  readonly vocabulary: Vocabulary;
  /** Fixed texts as tokens that are written without asking the model. */
  readonly jumps: Jumps;
  /** The base ready to answer; one for all specialists of this process. */
  model(): Promise<LanguageModel>;
};

// One per process: a hundred specialists share one base. A memory, not a state: forgetting it changes no answer.
let shared: Promise<Base> | undefined;

export function openBase(): Promise<Base> {
  shared ??= readBase(FOLDER);
  return shared;
}

/** The base in a folder of Hugging Face's layout. Throws HouseError `bad-input` where a file is missing or broken. */
export async function readBase(folder: string): Promise<Base> {
  const { config, weights } = await loadModelFolder(folder);
  const files = { tokenizer: text(folder, "tokenizer.json"), config: text(folder, "tokenizer_config.json") };
  const tokenizer = parseTokenizer(files, folder);
  const vocabulary: Vocabulary = {
    size: config.vocabularySize,
    eosTokenIds: config.eosTokenIds,
    tokenBytes: (id) => tokenizer.tokenBytes(id),
  };
  let model: Promise<LanguageModel> | undefined;
  return {
    hash: bytesHash(Buffer.concat([Buffer.from(files.tokenizer), ...bytesOf(weights)])).slice(0, 32),
    config,
    weights,
    tokenizer,
    marks: marksOf(tokenizer),
    vocabulary,
    jumps: createJumps((part) => tokenizer.encode(part)),
    model: () => (model ??= openModel({ config, weights, precision: PRECISION })),
  };
}

const text = (folder: string, name: string): string => readFileSync(join(folder, name), "utf8");

const bytesOf = (weights: Weights): Uint8Array[] =>
  [...weights.values()].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
