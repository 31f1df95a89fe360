import { hash32, type InputPart, type TaskInput } from "../../core/index.ts";
import { charGrams, normalizeText, pairGrams, wordGrams, wordsOf } from "./grams.ts";
import type { SparseRow } from "./sparse.ts";
import type { Block, Vectorizer } from "./tfidf.ts";
import type { Sentence } from "../encoder/encoder.ts";
import { OUTLINE_DIMENSIONS, readSentence, SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";

const WORDS = { from: 1, to: 2 };
const CHARACTERS = { from: 2, to: 5 };
/** Words of a text whose pairs are counted; pairs grow with the square, and say little in long texts. */
export const MAX_PAIR_WORDS = 32;

/** The weights of the main text's blocks: words, characters, word pairs. Chosen on support and intent data, in this ratio. */
const MAIN_WEIGHTS = [1, 1, 0.7];
/** Channels beside the main text, in block order. */
const SIDE_CHANNELS = ["system", "user", "assistant", "tool", "tools"] as const;

/** Weight of the meaning of a short text against its grams. */
const MEANING_WEIGHT = 1.5;
/** Of a text of more words than this the encoder sees the ends alone, and its meaning weighs less. */
const MEANING_WORDS = 20;
/** The texts of a task are long when they have more words than this at the median. */
const LONG_WORDS = 64;
/** What is read of a long text for its meaning: so many words, different ones. The time of an answer grows with them. */
const LEAD_WORDS = 8;
const LEAD_WEIGHT = 0.35;
/** Words in a larger share of a task's texts do not tell them apart: greetings, names of speakers, articles. */
const COMMON_SHARE = 0.2;
const SPEAKS = /[\p{L}\p{N}]/u;

/** How many blocks `inputBlocks` makes. */
export const INPUT_BLOCKS = MAIN_WEIGHTS.length + SIDE_CHANNELS.length;

/** The grams of an input, by block: the main text (last user message) in three, then one for each other channel. */
export type InputBlocks = {
  readonly blocks: readonly Block[];
  /** The main text, or what is read of it for its meaning; its vector is computed when it is asked for. */
  readonly sentence: Sentence;
  /** What that vector weighs against the grams, which have norm 1; 0 where it is not read. */
  readonly meaningWeight: number;
};

/** Whether any channel beside the main text says something. */
export const hasSideText = ({ blocks }: InputBlocks): boolean =>
  blocks.slice(MAIN_WEIGHTS.length).some((block) => block.length > 0);

/** The place of the part that asks: the last user part, else the last part; −1 without parts. */
export function mainPart(parts: readonly InputPart[]): number {
  const user = parts.findLastIndex((part) => part.role === "user");
  return user >= 0 ? user : parts.length - 1;
}

/**
 * How the main texts of a task are read for what they mean: as they are, their first words past those that they share (hashes of these), or
 * not at all.
 */
export type Reading = "whole" | ReadonlySet<number> | "none";

/**
 * How what a task's texts mean may be read. The ends of a long text, all that the encoder sees of it, tell nothing that its grams do not; its
 * first words that are not common may (docs/log.md, the lead of a long text).
 */
export function readingOf(inputs: readonly TaskInput[]): Exclude<Reading, "none"> {
  const texts = inputs.map((input) => wordsOf(mainText(input)));
  const counts = texts.map((words) => words.length).sort((a, b) => a - b);
  if ((counts[counts.length >> 1] ?? 0) <= LONG_WORDS) return "whole";
  const textsWith = new Map<string, number>();
  for (const words of texts) {
    for (const word of new Set(words)) textsWith.set(word, (textsWith.get(word) ?? 0) + 1);
  }
  const common = [...textsWith].filter(([, count]) => count > COMMON_SHARE * texts.length);
  return new Set(common.map(([word]) => hash32(word)));
}

/** The first words of a text that are not common, each once, signs left out. */
export function leadOf(words: readonly string[], common: ReadonlySet<number>): string {
  const lead = new Set<string>();
  for (const word of words) {
    if (lead.size === LEAD_WORDS) break;
    if (SPEAKS.test(word) && !lead.has(word) && !common.has(hash32(word))) lead.add(word);
  }
  return [...lead].join(" ");
}

const mainText = ({ parts }: TaskInput): string => normalizeText(parts[mainPart(parts)]?.text ?? "");

export function inputBlocks(input: TaskInput, reading: Reading = "whole"): InputBlocks {
  const main = mainPart(input.parts);
  const text = mainText(input);
  const words = wordsOf(text);
  const blocks: Block[] = [
    Uint32Array.from(wordGrams(words, WORDS, 1)),
    Uint32Array.from(charGrams(words, CHARACTERS, 2)),
    Uint32Array.from(pairGrams(words, MAX_PAIR_WORDS, 3)),
  ];
  for (const channel of SIDE_CHANNELS) {
    const texts =
      channel === "tools"
        ? input.tools
        : input.parts
            .filter((part, place) => place !== main && part.role === channel)
            .map((part) => part.text);
    blocks.push(sideBlock(texts, hash32(channel)));
  }
  if (reading === "none") return withoutMeaning({ blocks });
  if (reading !== "whole") {
    return { blocks, sentence: readSentence(leadOf(words, reading)), meaningWeight: LEAD_WEIGHT };
  }
  const meaningWeight = MEANING_WEIGHT * Math.min(1, Math.sqrt(MEANING_WORDS / Math.max(1, words.length)));
  return { blocks, sentence: readSentence(text), meaningWeight };
}

/** An input as it is read where its meaning is not. */
export const withoutMeaning = ({ blocks }: Pick<InputBlocks, "blocks">): InputBlocks => ({
  blocks,
  sentence: UNREAD,
  meaningWeight: 0,
});

const UNREAD: Sentence = {
  pieces: 0,
  outline: new Float32Array(OUTLINE_DIMENSIONS),
  vector: () => new Float32Array(SENTENCE_DIMENSIONS),
};

/** Block weights whose squares sum to 1; sideWeight is relative to the word block of the main text. */
export function blockWeights(sideWeight: number): number[] {
  const weights = [...MAIN_WEIGHTS, ...SIDE_CHANNELS.map(() => sideWeight)];
  const norm = Math.sqrt(MAIN_WEIGHTS.reduce((sum, weight) => sum + weight * weight, 0));
  return weights.map((weight) => weight / norm);
}

/** The row of an input: its grams in columns 0 to width − 1, its meaning in the `SENTENCE_DIMENSIONS` columns after. */
export function inputRow(
  vectorizer: Vectorizer,
  input: InputBlocks,
  weights: readonly number[],
): { readonly row: SparseRow; readonly known: number } {
  const { row, known } = vectorizer.vector(input.blocks, weights);
  if (input.meaningWeight === 0) return { row, known };
  const grams = row.columns.length;
  const columns = new Uint32Array(grams + SENTENCE_DIMENSIONS);
  const values = new Float32Array(grams + SENTENCE_DIMENSIONS);
  columns.set(row.columns);
  values.set(row.values);
  const meaning = input.sentence.vector();
  for (let j = 0; j < SENTENCE_DIMENSIONS; j += 1) {
    columns[grams + j] = vectorizer.width + j;
    values[grams + j] = input.meaningWeight * meaning[j];
  }
  return { row: { columns, values }, known };
}

/** The meaning of an input as its row holds it. */
export const scaledMeaning = ({ sentence, meaningWeight }: InputBlocks): Float32Array =>
  sentence.vector().map((value) => meaningWeight * value);

function sideBlock(texts: readonly string[], seed: number): Block {
  const grams = texts.length === 0 ? [] : wordGrams(wordsOf(normalizeText(texts.join("\n"))), WORDS, seed);
  return Uint32Array.from(grams);
}
