import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { seededRandom, type Random, type Tool } from "../../src/core/index.ts";
import {
  parseTokenizer,
  type ModelConfig,
  type Tokenizer,
  type TrainingSequence,
  type Vocabulary,
} from "../../src/engine/index.ts";

/** The shipped base: its tokenizer is there also before its weights are. */
export const BASE = resolve(import.meta.dirname, "../../base");

/** About 6 million parameters: the shape that engine figures are given for. */
export const CONFIG: ModelConfig = {
  architecture: "llama",
  vocabularySize: 4096,
  hiddenSize: 256,
  intermediateSize: 704,
  layers: 6,
  heads: 8,
  kvHeads: 8,
  headSize: 32,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 1024,
  bosTokenId: 1,
  eosTokenIds: [2],
};

/** Tokens of a row, all of them learnt and none of them padding. */
export const ROW = 256;

const text = (pattern: string): object => ({ type: "string", pattern });

/** Plain ASCII by their patterns: then our grammar, which spells bytes, is the same for llama.cpp, which reads characters. */
export const TOOLS: readonly Tool[] = [
  toolOf("book_table", {
    restaurant: text("^[A-Z][a-z]{3,11}$"),
    date: text("^2026-[01][0-9]-[0-3][0-9]$"),
    time: text("^[0-2][0-9]:[0-5][05]$"),
    guests: { type: "integer", minimum: 1, maximum: 12 },
    seating: { enum: ["inside", "terrace", "window", "bar"] },
    note: text("^[a-z]{2,9}( [a-z]{2,9}){3,5}$"),
  }),
  toolOf("cancel_booking", {
    reference: text("^[A-Z]{2}[0-9]{4}$"),
    restaurant: text("^[A-Z][a-z]{3,11}$"),
    reason: { enum: ["illness", "weather", "plans changed", "other"] },
    refund: { type: "boolean" },
    note: text("^[a-z]{2,9}( [a-z]{2,9}){3,5}$"),
  }),
];

export type Material = {
  readonly tokenizer: Tokenizer;
  readonly vocabulary: Vocabulary;
  /** Rows full of requests with their calls. */
  rows(count: number, seed: number): TrainingSequence[];
  /** Requests to answer with a call. */
  prompts(count: number, seed: number): number[][];
};

export function openMaterial(): Material {
  const read = (file: string): string => readFileSync(join(BASE, file), "utf8");
  const files = { tokenizer: read("tokenizer.json"), config: read("tokenizer_config.json") };
  const tokenizer = parseTokenizer(files, BASE);
  const [bos, separator, eos] = ["<bos>", "<sep>", "<eos>"].map((name) => tokenizer.idOf(name) ?? 0);
  const vocabulary: Vocabulary = {
    size: CONFIG.vocabularySize,
    eosTokenIds: CONFIG.eosTokenIds,
    tokenBytes: (id) => tokenizer.tokenBytes(id),
    encode: (part) => tokenizer.encode(part),
  };
  const promptOf = ({ request }: Item): number[] => [bos, ...tokenizer.encode(request), separator];
  return {
    tokenizer,
    vocabulary,
    rows(count, seed) {
      const random = seededRandom(`rows ${seed}`);
      return Array.from({ length: count }, () => {
        const ids: number[] = [];
        while (ids.length < ROW) {
          const item = itemOf(random);
          ids.push(...promptOf(item), ...tokenizer.encode(item.answer), eos);
        }
        return { ids: ids.slice(0, ROW), weights: Array.from({ length: ROW }, () => 1) };
      });
    },
    prompts(count, seed) {
      const random = seededRandom(`prompts ${seed}`);
      return Array.from({ length: count }, () => promptOf(itemOf(random)));
    },
  };
}

type Item = { readonly request: string; readonly answer: string };

const RESTAURANTS = ["Bellavista", "Osteria", "Kyoto", "Marina", "Lindenhof", "Tavola", "Casablanca"];
const WORDS = [
  "quiet",
  "birthday",
  "dinner",
  "with",
  "friends",
  "near",
  "garden",
  "please",
  "early",
  "child",
];

function itemOf(random: Random): Item {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const digits = (count: number, below = 10): string =>
    Array.from({ length: count }, () => random.below(below)).join("");
  const restaurant = pick(RESTAURANTS);
  const note = Array.from({ length: 4 + random.below(3) }, () => pick(WORDS)).join(" ");
  if (random.below(3) === 0) {
    const reference = `${pick(["AB", "QX", "LM"])}${digits(4)}`;
    const reason = pick(["illness", "weather", "plans changed", "other"]);
    return {
      request: `Cancel booking ${reference} at ${restaurant} because of ${reason}: ${note}`,
      answer: callOf("cancel_booking", {
        reference,
        restaurant,
        reason,
        refund: random.below(2) === 0,
        note,
      }),
    };
  }
  const date = `2026-0${1 + random.below(9)}-${digits(1, 2)}${1 + random.below(9)}`;
  const time = `1${digits(1)}:${digits(1, 6)}0`;
  const guests = 1 + random.below(12);
  const seating = pick(["inside", "terrace", "window", "bar"]);
  return {
    request: `A table at ${restaurant} for ${guests} on ${date} at ${time}, ${seating}: ${note}`,
    answer: callOf("book_table", { restaurant, date, time, guests, seating, note }),
  };
}

const callOf = (name: string, values: object): string => JSON.stringify({ name, arguments: values });

function toolOf(name: string, properties: Readonly<Record<string, object>>): Tool {
  const parameters = {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
  return { type: "function", function: { name, description: name.replace("_", " "), parameters } };
}
