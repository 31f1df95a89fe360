import { describe, expect, test } from "vitest";
import type { Json, TaskInput } from "../../core/index.ts";
import type { TokenMask } from "../../engine/index.ts";
import {
  copyingMask,
  learnCopying,
  listedInOrder,
  tokenTable,
  type Listing,
  type TokenTable,
} from "./copying.ts";
import { jsonPlace } from "./json-place.ts";

const userInput = (text: string): TaskInput => ({ parts: [{ role: "user", text }], tools: [] });

describe("jsonPlace()", () => {
  const after = (text: string): ReturnType<typeof jsonPlace> => {
    const place = jsonPlace();
    place.write(text);
    return place;
  };
  test.each([
    ['{"a":"x', { path: ".a", content: "x" }],
    ['{"a":{"b":["x","y', { path: ".a.b[]", content: "y" }],
    ['{"a":"\\"', { path: ".a", content: '\\"' }],
    ['{"a":{"c":1},"b":"', { path: ".b", content: "" }],
    ['"x', { path: "", content: "x" }],
  ])("knows the value in %s", (text, value) => {
    expect(after(text).value()).toEqual(value);
  });
  test.each(['{"a', '{"a":"x"', '{"a":1', "", '{"a":"x","b'])("knows that %j is in no value", (text) => {
    expect(after(text).value()).toBeNull();
  });
  test("knows the key begun and those before it", () => {
    expect(after('{"s":{"a":"{","b":["x"],"c').key()).toEqual({
      path: ".s",
      content: "c",
      before: ["a", "b"],
    });
  });
});

const city = (text: string, value: Json): { input: TaskInput; value: Json } => ({
  input: userInput(text),
  value,
});

describe("learnCopying()", () => {
  const travel = ["Oslo", "Rome", "Lima", "Cairo", "Quito", "Bern"].map((name, index) =>
    city(`to ${name} by train`, { to: name, by: "train", kind: "trip", n: index }),
  );
  test("finds the values that stand in the input as whole words", () => {
    expect(learnCopying(travel)).toEqual({ paths: [".by", ".to"], isExclusive: true, closed: [] });
  });
  test("does not take part of a word for a copy", () => {
    const parts = travel.map(({ input }) => ({ input, value: { to: "rain" } }));
    expect(learnCopying(parts).paths).toEqual([]);
  });
  test("sees that two values share a part of the input", () => {
    const shared = travel.map(({ input }) => ({ input, value: { by: "train", how: "by train" } }));
    expect(learnCopying(shared)).toEqual({ paths: [".by", ".how"], isExclusive: false, closed: [] });
  });
  test("says nothing of what it saw too seldom", () => {
    expect(learnCopying(travel.slice(0, 4)).paths).toEqual([]);
  });
});

const listings: readonly Listing[] = [{ path: "", keys: ["by", "to"] }];

test("listedInOrder() puts keys in the order of their values in the input, also of a value within another", () => {
  const input = userInput("by train to train town");
  const value = listedInOrder({ to: "train town", by: "train" }, input, listings);
  expect(JSON.stringify(value)).toBe('{"by":"train","to":"train town"}');
});

/** Every text over these tokens; ends never. */
const anything = (tokens: TokenTable): TokenMask => ({
  mask: () => new Int32Array(Math.ceil(tokens.size / 32)).fill(-1),
  accept: () => true,
  isDone: () => false,
});

describe("copyingMask()", () => {
  const words = ['{"', "to", "by", '":"', '","', '"}', "Os", "lo", " ", "train", "t", "rain", "x", "é", "ü"];
  const encoder = new TextEncoder();
  const tokens = tokenTable({
    size: words.length,
    eosTokenIds: [],
    tokenBytes: (id) => encoder.encode(words[id]),
  });
  const copying = { paths: [".by", ".to"], isExclusive: true, closed: [] };
  /** What may follow tokens, by an input. */
  const next = (text: string, written: readonly string[], listed: readonly Listing[] = []): string[] => {
    const mask = copyingMask(anything(tokens), userInput(text), { copying, listings: listed }, tokens);
    for (const word of written) mask.accept(words.indexOf(word));
    const bits = mask.mask() as Int32Array;
    return words.filter((_, id) => ((bits[id >> 5] >>> (id & 31)) & 1) === 1);
  };
  const intoTo = ['{"', "to", '":"'];

  test("lets a value begin at words of the input only", () => {
    expect(next("Oslo train", intoTo)).toEqual(["Os", "train", "t"]);
  });
  test("goes on as the input does, and ends at the end of a word", () => {
    expect(next("Oslo train", [...intoTo, "Os"])).toEqual(["lo"]);
    expect(next("Oslo train", [...intoTo, "Os", "lo"])).toEqual(['":"', '","', '"}', " "]);
  });
  test("does not end behind a space", () => {
    expect(next("Oslo train", [...intoTo, "Os", "lo", " "])).toEqual(["train", "t"]);
  });
  test("offers no part of the input twice", () => {
    expect(next("Oslo train", [...intoTo, "Os", "lo", '","', "by", '":"'])).toEqual(["train", "t"]);
  });
  test("leaves the mask alone where nothing fits, and outside of values", () => {
    expect(next("??", intoTo)).toEqual(words);
    expect(next("Oslo", ['{"'])).toEqual(words);
  });
  test("copies letters of several bytes whole", () => {
    expect(next("éü x", [...intoTo])).toEqual(["x", "é"]);
    expect(next("éü x", [...intoTo, "é"])).toEqual(["ü"]);
  });
  test("in a listing reads on, names no key twice, and ends with the input", () => {
    expect(next("x Oslo train", [...intoTo, "Os", "lo", '","', "by", '":"'], listings)).toEqual([
      "train",
      "t",
    ]);
    expect(next("x Oslo train", [...intoTo, "train"], listings)).toEqual(['":"', '"}']);
    expect(next("x Oslo train", [...intoTo, "x", '","'], listings)).toEqual(["by"]);
  });
});
