import { describe, expect, test } from "vitest";
import type { Answer, TaskInput, TrainingExample } from "../../core/index.ts";
import { formKey, formsOf, writeAnswer } from "./option-ranker-form.ts";
import { readQuestion } from "./option-ranker-parse.ts";
import { optionRanker } from "./option-ranker.ts";

const input = (system: string, user: string, tools: readonly string[] = []): TaskInput => ({
  parts: [
    { role: "system", text: system },
    { role: "user", text: user },
  ],
  tools,
});

describe("readQuestion()", () => {
  test("reads names and descriptions of list items", () => {
    const { options, query } = readQuestion(
      input("Tools:\n- **clock**: tells the time\n* `map` - shows places\n3. dice", "what time is it"),
      "item-name",
    );
    expect(options).toEqual([
      { name: "clock", text: "**clock**: tells the time" },
      { name: "map", text: "`map` - shows places" },
      { name: "dice", text: "dice" },
    ]);
    expect(query).toBe("what time is it");
  });

  test("leaves option lines out of the question they stand in", () => {
    const { options, query } = readQuestion(
      input("", "Which planet is red?\nA) Mars\nB) Venus"),
      "item-marker",
    );
    expect(options.map(({ name }) => name)).toEqual(["A", "B"]);
    expect(query).toBe("Which planet is red?");
  });

  test("reads lists in one line, named lines, quoted names and tools", () => {
    const asked = input(
      'Teams: billing, sales, and support.\nCC: chief complaint\nuse "red" or `blue`',
      "hi",
      ["b", "a"],
    );
    const names = (reading: Parameters<typeof readQuestion>[1]): string[] =>
      readQuestion(asked, reading).options.map(({ name }) => name);
    expect(names("listed")).toEqual(["billing", "sales", "support"]);
    expect(names("line-name")).toEqual(["Teams", "CC"]);
    expect(names("quoted")).toEqual(["red", "blue"]);
    expect(names("tool")).toEqual(["b", "a"]);
  });
});

describe("answer forms", () => {
  const cases: readonly (readonly [string, Answer, Answer])[] = [
    ["text", { type: "text", text: "map" }, { type: "text", text: "dice" }],
    [
      "json",
      { type: "json", value: { tool: { name: "map" }, sure: true } },
      { type: "json", value: { tool: { name: "dice" }, sure: true } },
    ],
    [
      "tool call",
      { type: "tool-calls", calls: [{ name: "map", arguments: {} }], text: "ignored" },
      { type: "tool-calls", calls: [{ name: "dice", arguments: {} }], text: "" },
    ],
  ];
  test.each(cases)("writeAnswer() puts another name in the place of the first: %s", (_, answer, expected) => {
    const [{ name, form }] = formsOf(answer);
    expect(name).toBe("map");
    expect(writeAnswer(form, "dice")).toEqual(expected);
  });

  test("formKey() is equal for answers that differ in the name alone", () => {
    const key = (answer: Answer): string => formKey(formsOf(answer)[0].form);
    expect(key({ type: "json", value: { tool: "a" } })).toBe(key({ type: "json", value: { tool: "b" } }));
    expect(key({ type: "json", value: { tool: "a" } })).not.toBe(key({ type: "json", value: { name: "a" } }));
  });
});

describe("optionRanker", () => {
  const catalogue = {
    clock: "tells the time of day in any city",
    map: "shows the way and distances between places",
    kitchen: "finds recipes and cooking times for a dish",
    stocks: "quotes share prices and market news",
    translate: "turns a sentence into another language",
    dice: "rolls random numbers for board games",
  };
  const asks: readonly (readonly [string, keyof typeof catalogue])[] = [
    ["what time is it in paris", "clock"],
    ["how far is it from rome to milan, which way", "map"],
    ["recipe for a dish with rice and beans", "kitchen"],
    ["price of apple shares on the market", "stocks"],
    ["say this sentence in the spanish language", "translate"],
    ["roll random numbers for my board game", "dice"],
  ];
  const offer = (names: readonly string[], more = ""): string =>
    names.map((name) => `- ${name}: ${catalogue[name as keyof typeof catalogue]}`).join("\n") + more;
  const names = Object.keys(catalogue);
  const examples: TrainingExample[] = Array.from({ length: 90 }, (_, i) => {
    const [ask, tool] = asks[i % asks.length];
    const other = names.filter((name) => name !== tool);
    const offered = [tool, other[i % other.length], other[(i * 3 + 1) % other.length]].sort();
    return {
      input: input(offer([...new Set(offered)]), `${ask} ${i}`),
      answer: { type: "json", value: { tool } },
    };
  });

  test("chooses only what is offered, and a new option by its description", async () => {
    const specialist = optionRanker.load(await optionRanker.fit(examples, { seed: 1 }));
    const without = specialist.predict(input(offer(["map", "dice"]), "what time is it in paris"));
    const fresh = specialist.predict(
      input(
        offer(["map", "dice"], "\n- forecast: tells rain, snow and temperature of the coming days"),
        "will there be rain and snow in the coming days",
      ),
    );
    expect([
      { type: "json", value: { tool: "map" } },
      { type: "json", value: { tool: "dice" } },
    ]).toContainEqual(without.answer);
    expect(fresh.answer).toEqual({ type: "json", value: { tool: "forecast" } });
  });

  test("answers without any confidence when nothing is offered", async () => {
    const specialist = optionRanker.load(await optionRanker.fit(examples, { seed: 1 }));
    expect(specialist.predict(input("", "what time is it")).score).toBe(0);
  });

  test("fit() says nothing-to-do when the answers are not offered", async () => {
    const unoffered = examples.map((example) => ({
      ...example,
      answer: { type: "text" as const, text: "no" },
    }));
    await expect(optionRanker.fit(unoffered, { seed: 1 })).rejects.toMatchObject({ code: "nothing-to-do" });
  });
});
