import { describe, expect, test } from "vitest";
import type { TaskInput } from "../../core/index.ts";
import { clockOf, dateOf } from "./agent-moments.ts";
import { readState } from "./agent-state.ts";

const input = (...parts: [TaskInput["parts"][number]["role"], string][]): TaskInput => ({
  parts: parts.map(([role, text]) => ({ role, text })),
  tools: ["get", "list"],
});

describe("readState", () => {
  test("reads calls out of a message, with the text beside them, and results with their calls", () => {
    const { happenings } = readState(
      input(
        ["user", "go on"],
        ["assistant", 'I look (at both):\nget({"id": "a) b", "deep": {"x": [1, 2]}})\nlist({})'],
        ["tool", '{"name": "Ann"}'],
        ["tool", "[]"],
      ),
    );
    expect(happenings.map((one) => (one.kind === "said" ? one.text : `${one.kind} ${one.tool}`))).toEqual([
      "go on",
      "I look (at both):",
      "call get",
      "call list",
      "result get",
      "result list",
    ]);
    const call = happenings[2];
    if (call.kind !== "call") throw new RangeError("expected a call");
    expect(call.leaves.map(({ path, value }) => [path, value])).toEqual([
      [".id", "a) b"],
      [".deep", { x: [1, 2] }],
      [".deep.x", [1, 2]],
      [".deep.x[]", 1],
      [".deep.x[]", 2],
    ]);
  });

  test("leaves text that only looks like a call as it is", () => {
    const { happenings } = readState(input(["assistant", "print(x) and get(not json) and get({"]));
    expect(happenings).toEqual([
      { kind: "said", role: "assistant", text: "print(x) and get(not json) and get({" },
    ]);
  });

  test("reads results written as lines", () => {
    const { happenings } = readState(
      input(["tool", "- id: 6\n  subject: 'Rent'\n  recurring: true\n- id: 7\n  people:\n  - ann\n  - bo"]),
    );
    const [result] = happenings;
    if (result.kind !== "result") throw new RangeError("expected a result");
    expect(result.leaves.map(({ path, value, place }) => [path, value, place])).toEqual([
      ["[].id", 6, 0],
      ["[].subject", "Rent", 0],
      ["[].recurring", true, 0],
      ["[].id", 7, 1],
      [".people[]", "ann", 0],
      [".people[]", "bo", 1],
      [".people", ["ann", "bo"], 0],
    ]);
  });

  test("keeps the first message of the user and the newest parts of a long run", () => {
    const many = Array.from({ length: 500 }, (_, at): ["assistant", string] => ["assistant", `turn ${at}`]);
    const { happenings } = readState(input(["user", "the task"], ...many));
    expect(happenings).toHaveLength(81);
    expect(happenings[0]).toMatchObject({ text: "the task" });
    expect(happenings.at(-1)).toMatchObject({ text: "turn 499" });
  });
});

const ANCHOR = { year: 2019, month: 3 };

describe("dateOf", () => {
  test.each([
    ["March 5th", "2019-03-05"],
    ["5th of March", "2019-03-05"],
    ["the 13th", "2019-03-13"],
    ["4th of this month", "2019-03-04"],
    ["May 20, 2024", "2024-05-20"],
    ["2024-5-9", "2024-05-09"],
    ["12/31/2024", "2024-12-31"],
    ["march 40th", undefined],
    ["5", undefined],
    ["next week", undefined],
  ])("%s is %s", (text, date) => expect(dateOf(text, ANCHOR)).toBe(date));
});

describe("clockOf", () => {
  test.each([
    ["11:30 am", "11:30"],
    ["4 pm", "16:00"],
    ["12 am", "00:00"],
    ["12 pm", "12:00"],
    ["16:30", "16:30"],
    ["four in the evening", "16:00"],
    ["11:30 in the morning", "11:30"],
    ["half past 6 in the evening", "18:30"],
    ["half past one in the afternoon", "13:30"],
    ["7", undefined],
    ["25:00", undefined],
    ["11:75", undefined],
  ])("%s is %s", (text, time) => expect(clockOf(text)).toBe(time));
});
