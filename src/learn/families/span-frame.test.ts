import { describe, expect, test } from "vitest";
import type { Answer, Json, TrainingExample } from "../../core/index.ts";
import { align, assemble } from "./span-frame.ts";
import { inferForm } from "./span-form.ts";
import { numberOf } from "./span-rules.ts";
import { sourceOf } from "./span-source.ts";

const example = (answer: Answer, ...texts: string[]): TrainingExample => ({
  input: {
    parts: texts.map((text, index) => ({ role: index === texts.length - 1 ? "user" : "assistant", text })),
    tools: [],
  },
  answer,
});
const json = (value: Json, ...texts: string[]): TrainingExample => example({ type: "json", value }, ...texts);
const rewritten = (text: string, input: string): TrainingExample => example({ type: "text", text }, input);

/** Segments found for each example, as text; null where the form cannot express the answer. */
function spansOf(examples: readonly TrainingExample[]): (string[] | null)[] {
  const form = inferForm(examples);
  return examples.map(({ input, answer }) => {
    const source = sourceOf(input, form.sources);
    const frame = align(form, source, answer);
    if (frame === null) return null;
    expect(assemble(form, source, frame)).toEqual(answer);
    return frame.segments.map(({ tag, start, end }) => {
      const words = source.tokens.slice(start, end).map((token) => token.text);
      return `${tag}:${words.join(" ")}`;
    });
  });
}

const music = [
  json({ intent: "play", slots: { artist: "Abba" } }, "play Abba"),
  json({ intent: "play", slots: { artist: "U 2", year: "1999" } }, "play U 2 from 1999"),
  json({ intent: "stop", slots: {} }, "stop it"),
  json({ intent: "stop", slots: {} }, "silence please"),
  json({ intent: "play", slots: { artist: ["Abba", "Cher"] } }, "play Abba and Cher"),
];

describe("inferForm", () => {
  test("finds closed choices, copied values, and objects that stand in every answer", () => {
    const { fields, containers } = inferForm(music);
    expect({ fields, containers }).toEqual({
      fields: [
        { kind: "closed", path: ["intent"], values: ["play", "stop"] },
        { kind: "span", path: ["slots", "artist"], rule: "verbatim", many: "several", absent: undefined },
        { kind: "span", path: ["slots", "year"], rule: "verbatim", many: "one", absent: undefined },
      ],
      containers: [[], ["slots"]],
    });
  });

  test("learns that numbers are written as numbers and names in title case", () => {
    const rules = inferForm([
      json({ name: "Ann Lee", people: 2 }, "ann lee, two of us"),
      json({ name: "Bo Dahl", people: 12 }, "bo dahl for 12"),
      json({ name: "Cy", people: 1200 }, "cy with 1,200 guests"),
    ]).fields;
    expect(rules.map((field) => (field.kind === "span" ? field.rule : field.kind))).toEqual([
      "title",
      "number",
    ]);
  });

  test("keeps null for what was not found", () => {
    const { fields } = inferForm([
      json({ city: "Oslo" }, "in Oslo"),
      json({ city: null }, "somewhere"),
      json({ city: "Rome" }, "in Rome"),
    ]);
    expect(fields).toEqual([{ kind: "span", path: ["city"], rule: "verbatim", many: "one", absent: null }]);
  });

  test("reads lists of records as entities with types", () => {
    const { fields } = inferForm([
      json(
        {
          entities: [
            { type: "person", text: "Ann" },
            { type: "city", text: "Oslo" },
          ],
        },
        "Ann left Oslo",
      ),
      json({ entities: [] }, "nothing here"),
      json({ entities: [{ type: "person", text: "Bo" }] }, "Bo stays"),
    ]);
    expect(fields).toMatchObject([
      { kind: "entities", textKey: "text", typeKey: "type", types: ["city", "person"], absent: [] },
    ]);
  });

  test("finds the part of the input that holds the values", () => {
    const { sources } = inferForm([
      json({ name: "Ann" }, "I am Ann", "ok"),
      json({ name: "Bo" }, "I am Bo", "ok"),
    ]);
    expect(sources).toEqual(["assistant-0"]);
  });
});

describe("align", () => {
  test("finds the spans of single values and of lists", () => {
    expect(spansOf(music)).toEqual([["0:Abba"], ["0:U 2", "1:1999"], [], [], ["0:Abba", "0:Cher"]]);
  });

  test("gives overlapping places to the longer value", () => {
    const booking = [
      json({ people: "2", time: "2pm" }, "2pm for 2"),
      json({ people: "4", time: "4pm" }, "4 at 4pm"),
    ];
    expect(spansOf(booking)).toEqual([
      ["1:2 pm", "0:2"],
      ["0:4", "1:4 pm"],
    ]);
  });

  test("gives one span to two fields where examples do so", () => {
    const visits = [
      json({ date: "tonight" }, "maybe tonight"),
      json({ date: "in an hour", time: "in an hour" }, "is it free in an hour"),
      json({ date: "later", time: "later" }, "i come later"),
      json({ time: "9" }, "by 9"),
    ];
    expect(spansOf(visits)).toEqual([["0:tonight"], ["2:in an hour"], ["2:later"], ["1:9"]]);
  });

  test("builds no answer with a key that would change all objects", () => {
    const odd = '{"city":"Oslo","__proto__":{"polluted":"Oslo"}}';
    expect(spansOf([json(JSON.parse(odd) as Json, "Oslo"), json({ city: "Rome" }, "Rome")])).toEqual([
      null,
      ["0:Rome"],
    ]);
    expect("polluted" in {}).toBe(false);
  });

  test("says null where a value does not stand in the input", () => {
    const odd = [...music, json({ intent: "play", slots: { artist: "Queen" } }, "play something")];
    expect(spansOf(odd).at(-1)).toBeNull();
  });

  test("finds the spans that a rewriting replaced, also side by side", () => {
    const redacted = [
      rewritten("call [PERSON] at [PHONE]", "call Ann Lee at 555-12"),
      rewritten("[TITLE] [PERSON] left", "Dr. Lee left"),
      rewritten("nothing to hide", "nothing to hide"),
      rewritten("[TITLE] [PERSON] has [PHONE].", "Mr. Bo Dahl has 77."),
    ];
    expect(spansOf(redacted)).toEqual([
      ["0:Ann Lee", "1:555 - 12"],
      ["2:Dr .", "0:Lee"],
      [],
      ["2:Mr .", "0:Bo Dahl", "1:77"],
    ]);
  });
});

test("numberOf() reads digits and words up to ninety-nine", () => {
  const texts = ["7", "1,200", "3.5", "twelve", "Twenty-one", "twenty twenty", "many"];
  expect(texts.map(numberOf)).toEqual([7, 1200, 3.5, 12, 21, undefined, undefined]);
});
