import { describe, expect, test } from "vitest";
import { answerOf, plainStyle, type Answer, type Prediction, type Specialist } from "../core/index.ts";
import { calibratedScore, mapAnswer, messageOf, modelFrom } from "./specialist-model.ts";

const newId = (prefix: string): string => `${prefix}_1`;

describe("messageOf()", () => {
  const answers: readonly (readonly [string, Answer])[] = [
    ["text", { type: "text", text: "card_arrival" }],
    ["json", { type: "json", value: { intent: "greet", slots: [{ a: 1.5 }, null] } }],
    ["tool calls", { type: "tool-calls", calls: [{ name: "find", arguments: { q: "é" } }], text: "" }],
    [
      "unreadable arguments",
      { type: "tool-calls", calls: [{ name: "find", arguments: "{q:" }], text: "Well" },
    ],
  ];
  test.each(answers)("writes %s down so that it reads as the same answer", (_, answer) => {
    expect(answerOf(messageOf(answer, { json: "indented", fenced: true }, newId))).toEqual(answer);
  });

  test("writes JSON in the style of the task and names each tool call", () => {
    const json: Answer = { type: "json", value: { a: [1, 2] } };
    expect(messageOf(json, { json: "spaced", fenced: false }, newId).content).toBe('{"a": [1, 2]}');
    expect(messageOf(answers[2][1], { json: "spaced", fenced: false }, newId)).toEqual({
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: { name: "find", arguments: '{"q":"é"}' } }],
    });
  });
});

test("mapAnswer() replaces in labels, string leaves, keys and arguments, and leaves numbers", () => {
  const up = (text: string): string => text.toUpperCase();
  expect(mapAnswer({ type: "json", value: { a: ["b", 1, null, { c: true }] } }, up)).toEqual({
    type: "json",
    value: { A: ["B", 1, null, { C: true }] },
  });
  expect(
    mapAnswer({ type: "tool-calls", calls: [{ name: "f", arguments: { a: "b" } }], text: "t" }, up),
  ).toEqual({
    type: "tool-calls",
    calls: [{ name: "f", arguments: { A: "B" } }],
    text: "T",
  });
});

test("calibratedScore() is the raw score without a calibration, and monotone with one", () => {
  expect(calibratedScore({ kind: "none" }, 0.3)).toBe(0.3);
  const isotonic = { kind: "isotonic", scores: [0, 1], probabilities: [0.25, 0.75] } as const;
  expect([-1, 0.5, 2].map((score) => calibratedScore(isotonic, score))).toEqual([0.25, 0.5, 0.75]);
});

describe("modelFrom()", () => {
  const input = { parts: [{ role: "user" as const, text: "write to ann.lee@example.com" }], tools: [] };
  const echo = (give: (prediction: Prediction) => Prediction | Promise<Prediction>): Specialist => ({
    description: { kind: "echo", parameters: 0 },
    predict: ({ parts }) => give({ answer: { type: "text", text: parts[0].text }, score: 0.5 }),
  });
  const parts = { calibration: { kind: "none" }, style: plainStyle } as const;
  const answer = { answer: { type: "text", text: "write to ann.lee@example.com" }, score: 0.5 };

  test("gives an answer at hand at once", () => {
    const model = modelFrom(
      echo((prediction) => prediction),
      parts,
    );
    expect(model.respond(input)).toEqual(answer);
  });

  test("unmasks an answer that comes later", async () => {
    const model = modelFrom(
      echo((prediction) => Promise.resolve(prediction)),
      parts,
    );
    expect(model.respond(input)).toBeInstanceOf(Promise);
    expect(await model.respond(input)).toEqual(answer);
  });

  test("hands the signal on, and frees what the specialist holds", async () => {
    const seen: unknown[] = [];
    const { signal } = new AbortController();
    const specialist: Specialist = {
      ...echo((prediction) => prediction),
      predict: (_, given) => {
        seen.push(given);
        return { answer: { type: "text", text: "" }, score: 1 };
      },
      close: async () => void seen.push("closed"),
    };
    const model = modelFrom(specialist, parts);
    await model.respond(input, signal);
    await model.close();
    expect(seen).toEqual([signal, "closed"]);
  });
});
