import { describe, expect, test } from "vitest";
import { seededRandom, type Json, type Tool } from "../../core/index.ts";
import { compileGrammar, grammarText, type Grammar, type Vocabulary } from "./compile.ts";
import { schemaOfTools } from "./tools.ts";

const END = 256;

function vocabularyOf(words: readonly string[]): Vocabulary {
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const tokens = [...bytes, new Uint8Array(0), ...words.map((word) => new TextEncoder().encode(word))];
  return { size: tokens.length, eosTokenIds: [END], tokenBytes: (id) => tokens[id] };
}

const vocabulary = vocabularyOf(['{"a":', "tru", 'e"', "12"]);

function takes(grammar: Grammar, text: string): boolean {
  const matcher = grammar.matcher();
  const isWhole =
    [...new TextEncoder().encode(text)].every((byte) => matcher.accept(byte)) && matcher.accept(END);
  matcher.dispose();
  return isWhole;
}

function allowed(mask: Int32Array): number[] {
  return Array.from({ length: mask.length * 32 }, (_, id) => id).filter(
    (id) => (mask[id >> 5] >>> (id & 31)) & 1,
  );
}

describe("compileGrammar() refuses", () => {
  test.each<[string, Json]>([
    ["not", { type: "string", not: { const: "a" } }],
    ["if", { type: "object", if: {}, else: {} }],
    ["dependentRequired", { type: "object", dependentRequired: { a: ["b"] } }],
    ["contains", { type: "array", contains: { type: "null" } }],
    ["a keyword with a typing error", { type: "string", maxLenght: 3 }],
    ["unevaluatedProperties as a schema", { type: "object", unevaluatedProperties: { type: "string" } }],
    ["uniqueItems of open items", { type: "array", items: { type: "string" }, uniqueItems: true }],
    ["an odd multipleOf", { type: "number", multipleOf: 0.3 }],
    ["a large multipleOf", { type: "integer", multipleOf: 1001 }],
    ["a lookahead", { type: "string", pattern: "^(?!a)" }],
    ["an unknown format", { type: "string", format: "iri" }],
    ["an unknown type", { type: "any" }],
    ["a remote reference", { $ref: "https://example.com/schema.json" }],
    ["a missing reference", { $ref: "#/$defs/a" }],
    ["several patternProperties", { type: "object", patternProperties: { a: {}, b: {} } }],
    ["minProperties over any names", { type: "object", minProperties: 2 }],
    ["oneOf whose options overlap", { oneOf: [{ type: "string" }, { type: "string", maxLength: 3 }] }],
    ["oneOf of integer and number", { oneOf: [{ type: "integer" }, { type: "number" }] }],
    ["recursion beside keywords", { type: "object", properties: { a: { $ref: "#", minProperties: 1 } } }],
    ["bounds that leave nothing", { type: "integer", minimum: 3, maximum: 2 }],
    ["an endless value", { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }],
    ["a circle of references", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }],
    [
      "required beside nothing else",
      { type: "object", properties: {}, additionalProperties: false, required: ["a"] },
    ],
    ["a schema that is a list", [] as Json],
    ["too many items", { type: "array", items: {}, maxItems: 100000 }],
  ])("%s", (_, schema) => {
    expect(() => grammarText({ schema })).toThrow(expect.objectContaining({ code: "bad-input" }));
  });
  test("names the place and the fault", () => {
    const schema: Json = { type: "object", properties: { a: { type: "array", items: { not: {} } } } };
    expect(() => grammarText({ schema })).toThrow(
      'Cannot make a grammar of the schema at "#/properties/a/items": the keyword "not" is not supported',
    );
  });
});

describe("compileGrammar() of tools", () => {
  const tools: Tool[] = [
    {
      function: {
        name: "find",
        parameters: {
          type: "object",
          properties: { q: { $ref: "#/$defs/q" } },
          required: ["q"],
          $defs: { q: { type: "string" } },
        },
      },
    },
    { function: { name: "stop" } },
  ];
  const find = '{"name":"find","arguments":{"q":"x"}}';
  const stop = '{"name":"stop","arguments":{}}';
  test.each([
    ["call", find, true],
    ["call", stop, true],
    ["call", '{"name":"find","arguments":{}}', false],
    ["call", '{"name":"other","arguments":{}}', false],
    ["call", "hello", false],
    ["calls", `[${find},${stop}]`, true],
    ["calls", "[]", false],
    ["call-or-text", stop, true],
    ["call-or-text", "No { tool } is\nneeded, naïve 😀", true],
    ["call-or-text", "", false],
    ["call-or-text", "{ no", false],
  ] as const)("in the form %s, text %j: %s", async (form, text, isTaken) => {
    expect(takes(await compileGrammar({ tools, form }, vocabulary), text)).toBe(isTaken);
  });
  test("moves each tool's references with its parameters", () => {
    expect(JSON.stringify(schemaOfTools(tools, "call"))).toContain('{"$ref":"#/$defs/0/$defs/q"}');
  });
});

describe("Matcher", () => {
  const schema: Json = { type: "object", properties: { a: { enum: [true, 12] } }, required: ["a"] };
  test("mask() allows exactly what accept() takes, at every step", async () => {
    const matcher = (await compileGrammar({ schema }, vocabulary)).matcher();
    for (const token of [257, 258, 101, 125, END]) {
      const every = Array.from({ length: vocabulary.size }, (_, id) => id);
      const accepted = every.filter((id) => {
        const isTaken = matcher.accept(id);
        if (isTaken) matcher.rollback(1);
        return isTaken;
      });
      expect(allowed(matcher.mask())).toEqual(accepted);
      expect(matcher.accept(token)).toBe(true);
    }
    expect(matcher.isDone()).toBe(true);
    expect(allowed(matcher.mask())).toEqual([]);
  });
  test("jumpForward() is the text that must follow", async () => {
    const matcher = (await compileGrammar({ schema }, vocabulary)).matcher();
    expect(matcher.jumpForward()).toBe('{"a":');
    matcher.accept(257);
    expect(matcher.jumpForward()).toBe("");
    matcher.accept(260);
    expect(matcher.jumpForward()).toBe("}");
  });
  test("isDone() is true once only an end may follow", async () => {
    const matcher = (await compileGrammar({ schema }, vocabulary)).matcher();
    matcher.accept(257);
    matcher.accept(260);
    expect(matcher.isDone()).toBe(false);
    matcher.accept(125);
    expect(matcher.isDone()).toBe(true);
  });
  test("forced() gives the tokens of what must follow, but for the last", async () => {
    const encode = (text: string): number[] => [...new TextEncoder().encode(text)];
    const matcher = (await compileGrammar({ schema }, { ...vocabulary, encode })).matcher();
    expect(Buffer.from(matcher.forced()).toString()).toBe('{"a"');
    matcher.accept(257);
    expect(matcher.forced()).toEqual([]);
  });
  test("rollback(), reset() and clone() lead to the same masks as a new start", async () => {
    const matcher = (await compileGrammar({ schema }, vocabulary)).matcher();
    const start = allowed(matcher.mask());
    matcher.accept(257);
    const copy = matcher.clone();
    const inside = allowed(matcher.mask());
    for (const token of [260, 125, END]) matcher.accept(token);
    matcher.rollback(3);
    expect(allowed(matcher.mask())).toEqual(inside);
    expect(allowed(copy.mask())).toEqual(inside);
    matcher.reset();
    expect(allowed(matcher.mask())).toEqual(start);
    expect(() => matcher.rollback(1)).toThrow("Cannot take back 1 tokens, at most 0 were accepted");
  });
  test("accept() refuses ids outside the vocabulary and special tokens", async () => {
    const matcher = (await compileGrammar({ schema: {} }, vocabulary)).matcher();
    expect([-1, 1e9, 1.5, END].map((token) => matcher.accept(token))).toEqual([false, false, false, false]);
  });
});

describe("compileGrammar()", () => {
  test("returns the same grammar for the same source, and another one for another order of properties", async () => {
    const [ab, ba]: Json[] = [{ properties: { a: {}, b: {} } }, { properties: { b: {}, a: {} } }];
    const first = await compileGrammar({ schema: ab }, vocabulary);
    expect(await compileGrammar({ schema: ab }, vocabulary)).toBe(first);
    expect(await compileGrammar({ schema: ba }, vocabulary)).not.toBe(first);
  });
  test("holds enums whose words share beginnings and ends", async () => {
    const random = seededRandom("words");
    const words = [
      ...new Set(
        Array.from({ length: 200 }, () =>
          Array.from({ length: 1 + random.below(6) }, () => "abé"[random.below(3)]).join(""),
        ),
      ),
    ];
    const [inside, outside] = [words.slice(0, 60), words.slice(60)];
    const grammar = await compileGrammar({ schema: { enum: inside } }, vocabulary);
    expect(words.filter((word) => takes(grammar, JSON.stringify(word)))).toEqual(inside);
    expect(outside.length).toBeGreaterThan(30);
  });
  test("writes answers to a schema with a vocabulary of 4,000 words", async () => {
    const random = seededRandom("vocabulary");
    const letters = 'etaoinshrdlu {}[]":,0123456789é';
    const word = (): string =>
      Array.from({ length: 2 + random.below(6) }, () => letters[random.below(letters.length)]).join("");
    const large = vocabularyOf([...new Set(Array.from({ length: 4200 }, word))].slice(0, 4000));
    const properties = {
      id: { type: "integer" },
      tags: { type: "array", items: { enum: ["red", "green"] }, maxItems: 3 },
    };
    const matcher = (
      await compileGrammar({ schema: { type: "object", properties, required: ["id", "tags"] } }, large)
    ).matcher();
    const bytes: number[] = [];
    for (let step = 0; step < 200 && !matcher.isDone(); step += 1) {
      const ids = allowed(matcher.mask());
      const token = ids[random.below(ids.length)];
      matcher.accept(token);
      bytes.push(...large.tokenBytes(token));
    }
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      id: expect.any(Number),
      tags: expect.any(Array),
    });
  });
});
