import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hash32, type TaskInput } from "../../core/index.ts";
import { charGrams, normalizeText, pairGrams, wordGrams, wordsOf } from "./grams.ts";
import { blockWeights, inputBlocks, inputRow, leadOf, mainPart, readingOf } from "./input-blocks.ts";
import { makeComparison, makeNeighbourSearch } from "./neighbours.ts";
import { pickRows, rowAt, stackRows } from "./sparse.ts";
import { fitVocabulary, makeVectorizer } from "./tfidf.ts";
import { SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";
import { meaningOf, wordVectors } from "./word-vectors.ts";

const block = (...hashes: number[]): Uint32Array => Uint32Array.from(hashes);
const row = (columns: number[], values: number[]) => ({
  columns: Uint32Array.from(columns),
  values: Float32Array.from(values),
});

describe("grams", () => {
  test("normalizeText() unifies forms and case", () => {
    expect(normalizeText("ﬁne CAFE\u0301")).toBe("fine café");
  });

  test("normalizeText() keeps head and tail of a long text", () => {
    const text = normalizeText(`start ${"x".repeat(50_000)} end`);
    expect([text.length, text.slice(0, 5), text.slice(-3)]).toEqual([4001, "start", "end"]);
  });

  test("wordsOf() keeps signs as words", () => {
    expect(wordsOf("where's my card_2?")).toEqual(["where", "'", "s", "my", "card_2", "?"]);
  });

  test("wordGrams() of n words gives n single words and n − 1 pairs", () => {
    const grams = wordGrams(["a", "b", "a", "b"], { from: 1, to: 2 }, 1);
    // a, b, a b, b a: "a b" occurs twice.
    expect([grams.length, new Set(grams).size]).toEqual([7, 4]);
  });

  test("charGrams() pads each word with spaces", () => {
    // " hi ": three of length 2, two of length 3.
    const grams = charGrams(["hi"], { from: 2, to: 3 }, 1);
    expect([grams.length, new Set(grams).size]).toEqual([5, 5]);
  });

  test("charGrams() does not cross words", () => {
    const apart = new Set([
      ...charGrams(["ab"], { from: 2, to: 5 }, 1),
      ...charGrams(["cd"], { from: 2, to: 5 }, 1),
    ]);
    expect(new Set(charGrams(["ab", "cd"], { from: 2, to: 5 }, 1))).toEqual(apart);
  });

  test("pairGrams() does not depend on order or repeats", () => {
    expect(pairGrams(["c", "a", "b", "a"], 32, 1)).toEqual(pairGrams(["a", "b", "c"], 32, 1));
  });

  test("seeds keep kinds of grams apart", () => {
    const one = wordGrams(["a", "b"], { from: 1, to: 2 }, 1);
    expect(one.filter((hash) => wordGrams(["a", "b"], { from: 1, to: 2 }, 2).includes(hash))).toEqual([]);
  });
});

describe("tf-idf", () => {
  // Three texts of one block: gram 7 in all, gram 9 in two, gram 5 in one.
  const texts = [[block(7, 9)], [block(7, 9, 9)], [block(7, 5)]];

  test("fitVocabulary() puts frequent grams first and has scikit-learn's smooth idf", () => {
    const { hashes, idf } = fitVocabulary(texts, { minTexts: 1, maxGrams: 10 });
    expect([...hashes]).toEqual([7, 9, 5]);
    expect([...idf]).toEqual([1, Math.log(4 / 3) + 1, Math.log(4 / 2) + 1].map(Math.fround));
  });

  test("fitVocabulary() keeps the most frequent grams", () => {
    expect([...fitVocabulary(texts, { minTexts: 1, maxGrams: 2 }).hashes]).toEqual([7, 9]);
    expect([...fitVocabulary(texts, { minTexts: 3, maxGrams: 9 }).hashes]).toEqual([7]);
  });

  test("vector() is sublinear, normalised, and tells the share of known grams", () => {
    const vocabulary = fitVocabulary(texts, { minTexts: 1, maxGrams: 10 });
    const { row, known } = makeVectorizer(vocabulary).vector([block(7, 9, 9, 1000)], [1]);
    const nine = (1 + Math.log(2)) * vocabulary.idf[1];
    const norm = Math.hypot(1, nine);
    expect([...row.columns]).toEqual([0, 1]);
    expect(row.values[0]).toBeCloseTo(1 / norm, 6);
    expect(row.values[1]).toBeCloseTo(nine / norm, 6);
    expect(known).toBe(0.75);
  });

  test("vector() leaves out blocks of weight 0 and gives empty rows for unknown texts", () => {
    const { vector } = makeVectorizer(fitVocabulary(texts, { minTexts: 1, maxGrams: 10 }));
    expect(vector([block(1), block(7)], [1, 0])).toEqual({ row: row([], []), known: 0 });
  });

  test("vector() of known texts has norm 1 when the weights' squares sum to 1", () => {
    const { vector } = makeVectorizer(fitVocabulary(texts, { minTexts: 1, maxGrams: 10 }));
    // Columns of two equal blocks would be listed twice, so the second block has other grams.
    const ofOne = fc.array(fc.constantFrom(5, 7), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ofOne, (grams) => {
        expect(Math.hypot(...vector([block(...grams), block(9)], [0.6, 0.8]).row.values)).toBeCloseTo(1, 5);
      }),
    );
  });
});

describe("input blocks", () => {
  test("mainPart() is the last user part, else the last part", () => {
    const part = (role: "user" | "assistant" | "system") => ({ role, text: "" });
    expect(mainPart([part("user"), part("user"), part("assistant")])).toBe(1);
    expect(mainPart([part("system"), part("assistant")])).toBe(1);
    expect(mainPart([])).toBe(-1);
  });

  test("inputBlocks() keeps roles apart: the same words elsewhere are other grams", () => {
    const asked = inputBlocks({ parts: [{ role: "user", text: "red" }], tools: [] });
    const told = inputBlocks({
      parts: [
        { role: "system", text: "red" },
        { role: "user", text: "" },
      ],
      tools: ["red"],
    });
    const grams = (blocks: typeof asked): number[] => blocks.blocks.flatMap((one) => [...one]);
    expect(grams(asked).filter((hash) => grams(told).includes(hash))).toEqual([]);
    expect(new Set(grams(told)).size).toBe(2);
  });

  const calls = (texts: readonly string[]): TaskInput[] =>
    texts.map((text) => ({ parts: [{ role: "user" as const, text }], tools: [] }));

  test("readingOf() short texts is whole, of long ones past the words of more than a fifth of them", () => {
    const short = calls(["lost card", "close it", "lost again", "hello"]);
    expect(readingOf(short)).toBe("whole");
    const filler = Array.from({ length: 65 }, (_, i) => `w${i}`);
    // Ten texts, each with 65 words of its own; "pain" in two of them, "doctor" in three.
    const long = Array.from({ length: 10 }, (_, i) =>
      [...filler.map((word) => `${word}x${i}`), i < 2 ? "pain" : "", i < 3 ? "doctor" : ""].join(" "),
    );
    expect(readingOf(calls(long))).toEqual(new Set([hash32("doctor")]));
  });

  test("leadOf() are the first words that are not common, each once, without signs", () => {
    const words = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "?", "!"));
    const common = fc.uniqueArray(fc.constantFrom("a", "b", "c"));
    fc.assert(
      fc.property(words, common, (said, shared) => {
        const rest = said.filter((word, at) => /[a-z]/.test(word) && said.indexOf(word) === at);
        const expected = rest.filter((word) => !shared.some((one) => one === word)).slice(0, 8);
        expect(leadOf(said, new Set(shared.map((word) => hash32(word))))).toBe(expected.join(" "));
      }),
    );
  });

  test("inputBlocks() reads a long text past what its task shares", () => {
    const common = new Set(["hello", "doctor", "please"].map((word) => hash32(word)));
    const [greeted, plain, other] = calls([
      "Hello doctor: please, my knee hurts!",
      "my knee hurts",
      "stolen card",
    ]);
    const of = (input: TaskInput): number[] => [...inputBlocks(input, common).sentence.vector()];
    expect(of(greeted)).toEqual(of(plain));
    expect(of(greeted)).not.toEqual(of(other));
  });

  test("blockWeights() of the main text have squares that sum to 1", () => {
    expect(blockWeights(0).reduce((sum, weight) => sum + weight ** 2, 0)).toBeCloseTo(1, 12);
  });
});

describe("sparse rows", () => {
  const rows = stackRows([row([1, 3], [1, 2]), row([], []), row([0], [5])]);

  test("rowAt() returns what was stacked", () => {
    expect([rowAt(rows, 0), rowAt(rows, 1), rowAt(rows, 2)]).toEqual([
      row([1, 3], [1, 2]),
      row([], []),
      row([0], [5]),
    ]);
  });

  test("pickRows() keeps the asked order", () => {
    expect(pickRows(rows, [2, 0])).toEqual(stackRows([row([0], [5]), row([1, 3], [1, 2])]));
  });

  test("makeComparison() gives the products of dense vectors", () => {
    expect([...makeComparison(rows, 4)(row([0, 3], [2, 0.5]))]).toEqual([1, 0, 10]);
  });

  test("makeNeighbourSearch() tells the nearest of the label, of the others, and the vote", () => {
    const index = {
      rows: stackRows([row([0], [1]), row([0, 1], [0.6, 0.8]), row([1], [1])]),
      labels: Uint32Array.of(0, 1, 1),
    };
    const nearest = makeNeighbourSearch(index, 2)(row([0], [1]), 0);
    expect(nearest.same).toBe(1);
    expect(nearest.other).toBeCloseTo(0.6, 6);
    expect(nearest.vote).toBeCloseTo(1 / 1.6, 6);
  });
});

describe("meaning", () => {
  const vectors = wordVectors();
  const cosine = (a: string, b: string): number => {
    const [x, y] = [meaningOf(a.split(" "), vectors), meaningOf(b.split(" "), vectors)];
    return x.reduce((sum, value, j) => sum + value * y[j], 0);
  };

  test("meaningOf() has norm 1, and is zero when no word is known", () => {
    expect(Math.hypot(...meaningOf(["lost", "card"], vectors))).toBeCloseTo(1, 5);
    expect(Math.hypot(...meaningOf(["qqqzzz"], vectors))).toBe(0);
  });

  test("meaningOf() puts near what is said in other words", () => {
    expect(cosine("holiday", "vacation")).toBeGreaterThan(cosine("holiday", "battery") + 0.3);
    expect(cosine("buy a plane ticket", "purchase flight")).toBeGreaterThan(
      cosine("buy a plane ticket", "boil rice"),
    );
  });

  test("inputRow() puts the meaning after the grams", () => {
    const input = inputBlocks({ parts: [{ role: "user", text: "lost card" }], tools: [] });
    const vectorizer = makeVectorizer(fitVocabulary([input.blocks], { minTexts: 1, maxGrams: 1000 }));
    const { row: filled, known } = inputRow(vectorizer, input, blockWeights(0));
    const after = [...filled.columns].filter((column) => column >= vectorizer.width);
    expect([after.length, Math.max(...after), known]).toEqual([
      SENTENCE_DIMENSIONS,
      vectorizer.width + SENTENCE_DIMENSIONS - 1,
      1,
    ]);
  });
});
