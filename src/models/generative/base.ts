import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { HouseError } from "../../core/index.ts";
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
import { baseHashIn } from "./artifact.ts";
import { tokenTable, type TokenTable } from "./copying.ts";
import { marksOf, type Marks } from "./words.ts";

/** The base that ships with this package: `base/` beside `src/` and `dist/`. */
const SHIPPED = fileURLToPath(new URL("../../../base", import.meta.url));

/** What answers are computed with: twice as fast as float32, and a certificate is about just these answers. */
export const PRECISION = "int8";

/** A small language model that specialists start from. */
export type Base = {
  readonly folder: string;
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
  readonly tokens: TokenTable;
  /** The base ready to answer; one for all specialists of this process. */
  model(): Promise<LanguageModel>;
};

// One per process and folder: a hundred specialists share one base. A memory, not a state: forgetting it changes no answer.
const opened = new Map<string, Promise<Base>>();

/** The base in a folder, by default the one that ships with this package. */
export async function openBase(folder: string = SHIPPED): Promise<Base> {
  const place = resolve(folder);
  const base = opened.get(place) ?? readBase(place);
  opened.set(place, base);
  try {
    return await base;
  } catch (error) {
    // What is put right must be seen without a restart.
    opened.delete(place);
    throw error;
  }
}

/** The base of this hash, of the shipped one and the one in a folder. Throws HouseError `bad-input` where it is neither. */
async function findBase(hash: string, folder: string | undefined): Promise<Base> {
  // The shipped one first: it is small, and most likely loaded already.
  const shipped = await openBase();
  if (shipped.hash === hash) return shipped;
  const given = folder === undefined ? null : await openBase(folder);
  if (given?.hash === hash) return given;
  throw new HouseError(
    "bad-input",
    `Cannot load a generative specialist: its base ${hash} is not ${folder === undefined ? "the one shipped" : `in "${folder}"`}; give its folder with --base, or train the task again`,
  );
}

/** The base of the specialist in an artifact. Throws as findBase does, and on foreign bytes. */
export const findBaseOf = async (artifact: Uint8Array, folder: string | undefined): Promise<Base> =>
  findBase(baseHashIn(artifact), folder);

/** The base in a folder of Hugging Face's layout. Throws HouseError `bad-input` where a file is missing or broken. */
export async function readBase(folder: string): Promise<Base> {
  const model = await loadModelFolder(folder);
  const { weights } = model;
  const files = { tokenizer: tokenizerText(folder), config: textIn(folder, "tokenizer_config.json") };
  const tokenizer = parseTokenizer(files, folder);
  const marks = marksOf(tokenizer);
  // Some configurations name another end than the tokenizer does; answers are taught to end with the tokenizer's.
  const config = { ...model.config, eosTokenIds: [...new Set([...model.config.eosTokenIds, marks.end])] };
  const vocabulary: Vocabulary = {
    size: config.vocabularySize,
    eosTokenIds: config.eosTokenIds,
    tokenBytes: (id) => tokenizer.tokenBytes(id),
  };
  let answering: Promise<LanguageModel> | undefined;
  return {
    folder,
    hash: hashOf(files.tokenizer, weights),
    config,
    weights,
    tokenizer,
    marks,
    vocabulary,
    tokens: tokenTable(vocabulary),
    jumps: createJumps((part) => tokenizer.encode(part)),
    model: () => (answering ??= openModel({ config, weights, precision: PRECISION })),
  };
}

function textIn(folder: string, name: string): string | null {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

function tokenizerText(folder: string): string {
  const text = textIn(folder, "tokenizer.json");
  if (text !== null) return text;
  throw new HouseError("bad-input", `Cannot use the base in "${folder}": it has no tokenizer.json`);
}

// Piece by piece: a copy of all weights in one buffer would double the memory.
function hashOf(tokenizer: string, weights: Weights): string {
  const hash = createHash("sha256").update(tokenizer);
  for (const { data } of weights.values())
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest("hex").slice(0, 32);
}
