import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileGrammar, type Vocabulary } from "../grammar/compile.ts";
import { parseTokenizer } from "../tokens/tokenizer.ts";
import { createJumps, jumpingAhead } from "./jump-ahead.ts";

// The tokenizer of the base that ships with the package.
const FILE = join(import.meta.dirname, "../../../base/tokenizer.json");
const tokenizer = parseTokenizer({ tokenizer: readFileSync(FILE, "utf8"), config: "{}" }, FILE);
const vocabulary: Vocabulary = {
  size: tokenizer.vocabularySize,
  eosTokenIds: [2],
  tokenBytes: (id) => tokenizer.tokenBytes(id),
};
const SCHEMA = {
  type: "object",
  properties: {
    intent: { enum: ["PlayMusic", "BookRestaurant", "Book"] },
    artist: { type: "string" },
    party_size: { type: "integer" },
    tags: { type: "array", items: { type: "string" } },
    open: { type: "boolean" },
  },
  required: ["intent", "artist", "party_size", "tags", "open"],
  additionalProperties: false,
};
const answer = fc.record({
  intent: fc.constantFrom("PlayMusic", "BookRestaurant", "Book"),
  artist: fc.string({ maxLength: 8 }),
  party_size: fc.integer(),
  tags: fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
  open: fc.boolean(),
});
const jumps = createJumps((text) => tokenizer.encode(text));

test("forced tokens are those of the whole text, whatever it goes on with", async () => {
  const grammar = await compileGrammar({ schema: SCHEMA }, vocabulary);
  let forcedTokens = 0;
  let allTokens = 0;
  fc.assert(
    fc.property(answer, (value) => {
      const tokens = tokenizer.encode(JSON.stringify(value));
      const matcher = grammar.matcher();
      const mask = jumpingAhead(matcher, jumps);
      let at = 0;
      while (at < tokens.length) {
        const forced = mask.forced?.() ?? [];
        expect(forced).toEqual(tokens.slice(at, at + forced.length));
        const next = forced.length === 0 ? tokens.slice(at, at + 1) : forced;
        expect(next.map((token) => mask.accept(token))).toEqual(next.map(() => true));
        at += next.length;
        forcedTokens += forced.length;
      }
      allTokens += tokens.length;
      matcher.dispose();
    }),
    { numRuns: 60 },
  );
  // Keys and punctuation: a third of answers whose strings are noise, half of real ones.
  expect(forcedTokens / allTokens).toBeGreaterThan(0.2);
});

test("a fixed text is cut before what may merge with its continuation", () => {
  const encode = (text: string): number[] =>
    [...text.matchAll(/":"|":|"|[a-z]+|./gu)].map(([piece]) => piece.length * 1000 + piece.charCodeAt(0));
  const stable = createJumps(encode)('"city":');
  // `":` may become `":"`.
  expect(stable).toEqual(encode('"city'));
});
