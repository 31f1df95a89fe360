import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { shapeOf, tokenize } from "./tokens.ts";

test("tokenize() parts letters, digits and signs and keeps placeholders whole", () => {
  expect(tokenize("at 9pm, <EMAIL_1>!").map((token) => token.text)).toEqual([
    "at",
    "9",
    "pm",
    ",",
    "<EMAIL_1>",
    "!",
  ]);
});

test("tokenize() gives offsets that cut the text of each token, and leaves out nothing but space", () => {
  assert(
    property(string({ unit: "binary" }), (text) => {
      const tokens = tokenize(text);
      const isCutRight = tokens.every((token) => text.slice(token.start, token.end) === token.text);
      return isCutRight && tokens.map((token) => token.text).join("") === text.replace(/\s/gu, "");
    }),
  );
});

test("shapeOf() shortens runs and forgets the number of a placeholder", () => {
  expect(["McDonald", "2024", "<EMAIL_12>"].map(shapeOf)).toEqual(["XxXxx", "99", "<EMAIL>"]);
});
