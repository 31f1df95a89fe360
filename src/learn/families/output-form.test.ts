import { describe, expect, test } from "vitest";
import type { TrainingExample } from "../../core/index.ts";
import { ceilingOf, expectedCeiling, outputFormOf } from "./output-form.ts";

const example = (text: string, answer: TrainingExample["answer"]): TrainingExample => ({
  input: { parts: [{ role: "user", text }], tools: [] },
  answer,
});
const label = (text: string, topic: string): TrainingExample =>
  example(text, { type: "json", value: { topic } });

describe("outputFormOf", () => {
  test("a closed set can say what examples say, and nothing else", () => {
    const form = outputFormOf("closed-set", [label("rain?", "weather"), label("jazz?", "music")]);
    expect(form?.canSay([label("snow?", "weather"), label("goal?", "sports")])).toEqual([true, false]);
    expect(form?.can).toContain("2 answers");
  });

  test("options can be new ones, where the request offers them", () => {
    const offer = (names: readonly string[], topic: string): TrainingExample => ({
      input: {
        parts: [
          { role: "system", text: names.map((name) => `- ${name}: about ${name}`).join("\n") },
          { role: "user", text: "which one?" },
        ],
        tools: [],
      },
      answer: { type: "json", value: { topic } },
    });
    const seen = Array.from({ length: 12 }, (_, at) => offer(["jazz", "rock"], ["jazz", "rock"][at % 2]));
    const form = outputFormOf("option-ranker", seen);
    expect(form?.canSay([offer(["folk", "soul"], "soul"), offer(["folk", "soul"], "jazz")])).toEqual([
      true,
      false,
    ]);
  });

  test("span copying can say values that stand in the input", () => {
    const flight = (city: string, said: string = city): TrainingExample =>
      example(`a flight to ${said} please`, { type: "json", value: { intent: "book", city } });
    const form = outputFormOf(
      "span-copy",
      ["Oslo", "Bonn", "Rome", "Lima", "Kyoto"].map((city) => flight(city)),
    );
    expect(form?.canSay([flight("Paris"), flight("Paris", "the city of light")])).toEqual([true, false]);
    expect(form?.can).toBe("city: copied from the request or absent; intent: always the same");
  });

  test("templates can say known texts with values of the request", () => {
    const query = (name: string, tail = ""): TrainingExample =>
      example(`who is ${name}`, { type: "text", text: `SELECT * FROM people WHERE name = "${name}"${tail}` });
    const form = outputFormOf("template-fill", [query("Ann"), query("Bo")]);
    expect(form?.canSay([query("Cy"), query("Cy", " LIMIT 1")])).toEqual([true, false]);
  });

  test("a family without a form has none", () => {
    expect(outputFormOf("generative", [])).toBeNull();
  });
});

describe("expectedCeiling", () => {
  test("counts what the other examples cannot teach: one-off labels", () => {
    const examples = Array.from({ length: 50 }, (_, at) =>
      label(`text ${at}`, at % 2 === 0 ? "weather" : `only ${at}`),
    );
    expect(expectedCeiling("closed-set", examples, 1)).toBe(0.5);
    expect(expectedCeiling("closed-set", examples.slice(0, 3), 1)).toBeNull();
  });
});

describe("ceilingOf", () => {
  test("is the share of the examples asked, null without any", () => {
    const form = outputFormOf("closed-set", [label("rain?", "weather")]);
    if (form === null) throw new RangeError("closed sets have a form");
    expect(ceilingOf(form, [label("snow?", "weather"), label("goal?", "sports")])).toBe(0.5);
    expect(ceilingOf(form, [])).toBeNull();
  });
});
