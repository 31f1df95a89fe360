import { expect, test } from "vitest";
import { textOf, type Call, type ChatRequest } from "../core/index.ts";
import type { SpecialistModel } from "../models/index.ts";
import { outcomesOf, type ServingRules } from "./outcomes.ts";

const call = (asked: string, answered: string): Call => ({
  id: asked,
  session: asked,
  at: null,
  origin: null,
  source: "import",
  request: { model: "m", messages: [{ role: "user", content: asked }] },
  response: { message: { role: "assistant", content: answered }, finish_reason: "stop" },
  status: 200,
  error: null,
  latencyMs: null,
  usage: { inputTokens: null, outputTokens: null },
  servedBy: "provider",
  taskId: null,
  foreign: {},
});
const CALLS = [call("sky", "blue"), call("rose", "red"), call("night", "black"), call("unasked", "x")];
const inputOf = ({ messages }: ChatRequest) => ({
  parts: [{ role: "user" as const, text: textOf(messages[0]) }],
  tools: [],
});

/** A clock that moves on by one millisecond with every look. */
function rules(): ServingRules {
  let now = 0;
  return {
    assign: (request) => ({ taskId: "t", variantId: "v", input: inputOf(request) }),
    isServable: ({ messages }) => textOf(messages[0]) !== "unasked",
    isAllowed: (answer) => answer.type === "text" && answer.text !== "black",
    clockMs: () => (now += 1),
  };
}

const ANSWERS: Record<string, string> = { sky: "blue", rose: "blue", night: "black" };
const respond: SpecialistModel["respond"] = ({ parts }) => ({
  answer: { type: "text", text: ANSWERS[parts[0].text] },
  score: 0.5,
});
const later: SpecialistModel["respond"] = (input) => Promise.resolve(respond(input));

test.each([
  ["at once", respond],
  ["later", later],
])("outcomesOf() counts what a specialist answers %s, and what it may not serve", async (_, model) => {
  expect(await outcomesOf({ respond: model }, CALLS, rules())).toEqual({
    scores: [0.5, 0.5],
    losses: [0, 1],
    unserved: 2,
    latencyMsP50: 1,
  });
});
