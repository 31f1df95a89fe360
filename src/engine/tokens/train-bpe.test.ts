import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { makeTokenizer } from "./tokenizer.ts";
import { tokenizerFiles, trainBpe } from "./train-bpe.ts";

const NAMES = { bos: "<bos>", eos: "<eos>", pad: "<pad>" };
const WORDS = [
  "blue",
  "moon",
  "table",
  "tabular",
  "don't",
  "2026",
  '{"day":"monday"}',
  "moonlight",
  "<=",
  "...",
];

function sample(seed: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: 60 }, () =>
    Array.from({ length: 8 }, () => WORDS[random.below(WORDS.length)]).join(" "),
  );
}

const trained = trainBpe(sample(1), { vocabularySize: 320, specials: ["<pad>", "<bos>", "<eos>"] });
const files = tokenizerFiles(trained, NAMES);
const tokenizer = makeTokenizer(files.tokenizer, files.config, "own");

describe("trainBpe()", () => {
  test("takes the pairs that a recount after every merge takes", () => {
    const bytes = trained.vocabulary.indexOf("Ā"); // byte 0
    expect(bytes).toBe(3);
    expect(trained.merges.slice(0, 30)).toEqual(mergesByRecount(sample(1), 30));
  });
  test("does not depend on the order of texts", () => {
    expect(
      trainBpe(sample(1).reverse(), { vocabularySize: 320, specials: ["<pad>", "<bos>", "<eos>"] }),
    ).toEqual(trained);
  });
  test("a word has the same tokens at the start, after a space and inside JSON", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}( [0-9]{1,4})?$/), (words) => {
        const alone = tokenizer.encode(words);
        const space = tokenizer.idOf("Ġ");
        expect(tokenizer.encode(` ${words}`)).toEqual([space, ...alone]);
        const json = tokenizer.encode(`{"day":"${words}"}`);
        const start = tokenizer.encode('{"day":"').length;
        expect(json.slice(start, start + alone.length)).toEqual(alone);
      }),
    );
  });
  test("every digit is a token", () => {
    expect(tokenizer.encode("20266202")).toHaveLength(8);
  });
  test("marks of JSON merge", () => {
    expect(tokenizer.idOf('{"')).toBeTypeOf("number");
    expect(tokenizer.idOf('":"')).toBeTypeOf("number");
  });
});

/** The textbook algorithm, recounting everything: an oracle for small texts. */
function mergesByRecount(texts: readonly string[], count: number): string[] {
  const alphabet = [...trained.vocabulary];
  const idOf = (token: string): number => alphabet.indexOf(token);
  let units = texts
    .flatMap((text) => text.match(/\p{L}+|\d|\s+|[{}[\]":,]+|<=|([^\s\p{L}\d{}[\]":,])\1*/gu) ?? [])
    .map((unit) => unit.split(""));
  const merges: string[] = [];
  while (merges.length < count) {
    const counts = new Map<string, number>();
    for (const unit of units) {
      for (let at = 0; at + 1 < unit.length; at += 1) {
        const pair = `${unit[at]} ${unit[at + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const byIds = (pair: string): number => idOf(pair.split(" ")[0]) * 1000 + idOf(pair.split(" ")[1]);
    const [best] = [...counts].sort((a, b) => b[1] - a[1] || byIds(a[0]) - byIds(b[0]))[0];
    const [left, right] = best.split(" ");
    merges.push(best);
    units = units.map((unit) => joined(unit, left, right));
  }
  return merges;
}

function joined(unit: readonly string[], left: string, right: string): string[] {
  const out: string[] = [];
  for (let at = 0; at < unit.length; at += 1) {
    const isPair = unit[at] === left && unit[at + 1] === right;
    out.push(isPair ? left + right : unit[at]);
    if (isPair) at += 1;
  }
  return out;
}
