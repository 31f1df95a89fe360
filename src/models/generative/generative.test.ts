import { describe, expect, test } from "vitest";
import type { Answer, Json, TaskInput, TrainingExample } from "../../core/index.ts";
import { arrangerOf, grammarSourceOf } from "./form.ts";
import { packGenerative, unpackGenerative, type GenerativeParts } from "./artifact.ts";
import { openBase } from "./base.ts";
import { sequenceOf, swapValues } from "./sequences.ts";
import { answerFormOf, answerFrom, answerText, promptTokens } from "./words.ts";

const userInput = (text: string): TaskInput => ({ parts: [{ role: "user", text }], tools: [] });
const jsonAnswer = (value: Json): Answer => ({ type: "json", value });
const call = (name: string, values: Json): Answer => ({
  type: "tool-calls",
  calls: [{ name, arguments: values }],
  text: "",
});
const asIs = (value: Json): Json => value;

describe("answerFormOf()", () => {
  test.each([
    ["json", [jsonAnswer({ a: 1 })]],
    ["text", [{ type: "text", text: "x" }]],
    ["call", [call("f", {})]],
    ["calls", [call("f", {}), { type: "tool-calls", calls: [], text: "" }]],
    ["call-or-text", [call("f", {}), { type: "text", text: "which city?" }]],
    [undefined, [call("f", {}), { type: "text", text: "{odd" }]],
    [undefined, [jsonAnswer(1), { type: "text", text: "x" }]],
  ] as const)("is %s", (form, answers) => {
    expect(answerFormOf(answers as readonly Answer[])).toBe(form);
  });
});

describe("answerText() and answerFrom()", () => {
  test.each([
    ["json", jsonAnswer({ b: [1, "é\n"], a: null })],
    ["text", { type: "text", text: "SELECT 1" }],
    ["call", call("find", { city: "Oslo" })],
    ["call-or-text", call("find", {})],
    ["call-or-text", { type: "text", text: "which city?" }],
    [
      "calls",
      {
        type: "tool-calls",
        calls: [
          { name: "a", arguments: {} },
          { name: "b", arguments: [] },
        ],
        text: "",
      },
    ],
  ] as const)("are each other's inverse for %s", (form, answer) => {
    expect(answerFrom(answerText(answer, form, asIs), form)).toEqual(answer);
  });
  test.each(["{", "", '{"name":1}', "[]x"])("take %j for no call", (text) => {
    expect(answerFrom(text, "call")).toBeUndefined();
  });
});

describe("grammarSourceOf()", () => {
  const yes = async (): Promise<boolean> => true;
  const weather = (city: string): Json => ({ slots: { city }, intent: "weather" });
  const music = (artist: string): Json => ({ slots: { artist }, intent: "music" });
  const values = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? weather(`c${i}`) : music(`a${i}`)));

  test("gives each kind of answer its own keys, the kind first", async () => {
    const source = await grammarSourceOf(values, "json", { stated: null, copied: [] }, yes);
    const shown = (kind: string, key: string): Json => ({
      type: "object",
      properties: {
        intent: { const: kind },
        slots: expect.objectContaining({ properties: { [key]: { type: "string" } } }) as Json,
      },
    });
    expect(source).toMatchObject({ schema: { anyOf: [shown("weather", "city"), shown("music", "artist")] } });
    expect(JSON.stringify(arrangerOf(source)(weather("Oslo")))).toBe(
      '{"intent":"weather","slots":{"city":"Oslo"}}',
    );
  });
  test("takes the stated schema where the examples keep to it, else what they show", async () => {
    const schema: Json = {
      type: "object",
      properties: { intent: { type: "string" }, slots: { type: "object" } },
    };
    const form = { stated: { schema, tools: [] }, copied: [] };
    expect(await grammarSourceOf(values, "json", form, yes)).toEqual({ schema });
    const notStated = async (source: object): Promise<boolean> =>
      !("schema" in source && source.schema === schema);
    expect(await grammarSourceOf(values, "json", form, notStated)).not.toEqual({ schema });
  });
  test("keeps only the tools that were called", async () => {
    const tools = ["find", "book"].map((name) => ({
      name,
      description: null,
      parameters: { type: "object" },
    }));
    const source = await grammarSourceOf(
      [{ name: "find", arguments: {} }],
      "call",
      { stated: { schema: null, tools }, copied: [] },
      yes,
    );
    expect(source).toEqual({
      form: "call",
      tools: [{ type: "function", function: { name: "find", parameters: { type: "object" } } }],
    });
  });
});

describe("swapValues()", () => {
  const examples = ["Oslo", "Rome", "Lima", "Cairo"].map((city, i): TrainingExample => ({
    input: userInput(`weather in ${city} for ${i + 2} days`),
    answer: jsonAnswer({ city, days: i + 2 }),
  }));
  test("changes a value in the input and in the answer alike, and nothing else", () => {
    const swapped = swapValues(examples, 1, 3);
    expect(swapped).not.toEqual(examples);
    for (const [index, { input, answer }] of swapped.entries()) {
      // Made above, of this form.
      const { city, days } = (answer as unknown as { value: { city: string; days: number } }).value;
      expect(input.parts[0].text).toBe(`weather in ${city} for ${index + 2} days`);
      expect(days).toBe(index + 2);
    }
  });
  test("is the same by seed, and leaves the share it is told to", () => {
    expect(swapValues(examples, 1, 3)).toEqual(swapValues(examples, 1, 3));
    expect(swapValues(examples, 0, 3)).toEqual(examples);
  });
  test("leaves a value that stands twice in the input", () => {
    const twice = [
      { input: userInput("Oslo to Oslo"), answer: jsonAnswer({ city: "Oslo" }) },
      ...examples.slice(1),
    ];
    expect(swapValues(twice, 1, 3)[0]).toEqual(twice[0]);
  });
});

describe("packGenerative()", () => {
  const parts: GenerativeParts = {
    base: "b",
    answerForm: "json",
    grammar: { schema: { type: "string" } },
    copying: { paths: [".a"], isExclusive: true, closed: [] },
    listings: [],
    lexicon: { paths: [".a"], totals: [1], values: {}, words: {} },
    maxPromptTokens: 10,
    maxAnswerTokens: 10,
    samples: 0,
    adapter: { rank: 1, alpha: 2, targets: ["q_proj"] },
    tensors: new Map([["x.lora_A", { shape: [1, 3], data: Float32Array.of(1, -0.5, 0.25) }]]),
  };
  test("is undone by unpackGenerative(), at any offset of the bytes", () => {
    const bytes = packGenerative(parts);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(unpackGenerative(shifted.subarray(1))).toEqual(parts);
  });
  test.each([0, 10, 40, 4])("is refused when cut by %i bytes or foreign", (cut) => {
    const bytes = packGenerative(parts);
    const spoilt = cut === 0 ? new TextEncoder().encode("{}") : bytes.slice(0, bytes.length - cut);
    expect(() => unpackGenerative(spoilt)).toThrow("Cannot load a generative specialist");
  });
});

test("promptTokens() keeps the end of a long input, between its marks", async () => {
  const { tokenizer, marks } = await openBase();
  const prompt = promptTokens(userInput(`${"old words ".repeat(500)}the question`), tokenizer, marks, 20);
  expect(prompt).toHaveLength(20);
  expect([prompt[0], prompt.at(-1)]).toEqual([tokenizer.idOf("<bos>"), tokenizer.idOf("<sep>")]);
  expect(tokenizer.decode(prompt)).toMatch(/the question$/);
});

test("promptTokens() marks the roles of several parts", async () => {
  const { tokenizer, marks } = await openBase();
  const parts = [
    { role: "tool" as const, text: "rain" },
    { role: "user" as const, text: "and tomorrow?" },
  ];
  const prompt = promptTokens({ parts, tools: [] }, tokenizer, marks, 100);
  const names = ["<bos>", "<x3>", "<x1>", "<sep>"].map((name) => tokenizer.idOf(name));
  expect(prompt.filter((id) => tokenizer.specialIds.includes(id))).toEqual(names);
});

test("sequenceOf() learns the answer and its end only", async () => {
  const base = await openBase();
  const writing = { base, answerForm: "json" as const, arrange: asIs, maxPromptTokens: 100, matcher: null };
  const { ids, weights } = sequenceOf(
    { input: userInput("weather in Oslo"), answer: jsonAnswer({ city: "Oslo" }) },
    writing,
  );
  const learnt = Array.from(ids).filter((_, index) => weights[index] === 1);
  expect(base.tokenizer.decode(learnt)).toBe('{"city":"Oslo"}');
  expect(learnt.at(-1)).toBe(base.marks.end);
  // A copied word has the tokens it has in the input: copying is a copy of tokens.
  expect(Array.from(ids).join()).toContain(base.tokenizer.encode("Oslo").join());
});
