import { describe, expect, test } from "vitest";
import {
  plainStyle,
  type Answer,
  type Assignment,
  type Certificate,
  type ChatRequest,
} from "../core/index.ts";
import { SPECIALIST_CALL_PREFIX } from "../models/index.ts";
import { candidateFor, decide, type Decision } from "./decide.ts";
import type { Policy, PolicyEntry } from "./policy.ts";

const certificate: Certificate = {
  taskId: "t",
  policyHash: "p",
  epsilon: 0.02,
  delta: 0.05,
  n: 200,
  k: 0,
  sample: 250,
  threshold: 0.9,
  coverage: 0.8,
  bestCoverage: 0.85,
  upper: 0.015,
  verdict: "certified",
  needs: null,
  reason: "",
  window: null,
  attempt: 1,
  latencyMsP50: null,
};
const entry: PolicyEntry = {
  taskId: "t",
  taskName: "intent",
  specialistId: "s",
  threshold: 0.9,
  certificate,
  model: {
    style: plainStyle,
    respond: () => ({ answer: { type: "text", text: "x" }, score: 1 }),
    close: () => Promise.resolve(),
  },
};
const policy: Policy = { entries: new Map([["t", entry]]), problems: [], version: "1" };
const assigned: Assignment = { taskId: "t", variantId: "v", input: { parts: [], tools: [] } };
const asked: ChatRequest = { model: "m", messages: [{ role: "user", content: "Hi" }] };
const silence: Answer = { type: "text", text: " " };
const label: Answer = { type: "text", text: "x" };
const json: Answer = { type: "json", value: {} };
const calling = (...names: string[]): Answer => ({
  type: "tool-calls",
  calls: names.map((name) => ({ name, arguments: {} })),
  text: "",
});
const tools = [{ type: "function", function: { name: "find" } }];
const reasonOf = (found: { entry: PolicyEntry } | { reason: string }): string =>
  "reason" in found ? found.reason : "asked";
const decided = (answer: Answer, request: ChatRequest, score = 0.95): string =>
  decide(entry, request, { answer, score }).reason;

describe("candidateFor()", () => {
  const toolTurn = (id: string): ChatRequest => ({
    ...asked,
    messages: [...asked.messages, { role: "tool", tool_call_id: id, content: "3" }],
  });
  test.each([
    ["a request of no task", asked, null, "novel"],
    ["a task without certificate", asked, { ...assigned, taskId: "other" }, "no-certificate"],
    ["a certified task", asked, assigned, "asked"],
    ["the result of a tool that the provider asked for", toolTurn("call_abc"), assigned, "tool-turn-pinned"],
    [
      "the result of a tool that a specialist asked for",
      toolTurn(`${SPECIALIST_CALL_PREFIX}_1`),
      assigned,
      "asked",
    ],
    ["several answers", { ...asked, n: 2 }, assigned, "request-unsupported"],
    ["log-probabilities", { ...asked, logprobs: true }, assigned, "request-unsupported"],
    ["sound", { ...asked, modalities: ["text", "audio"] }, assigned, "request-unsupported"],
  ])("for %s", (_, request, assignment, expected) => {
    expect(reasonOf(candidateFor(policy, request, assignment))).toBe(expected);
  });
});

describe("decide()", () => {
  test("serves the specialist exactly from the threshold on", () => {
    expect([0.8999, 0.9, 1, Number.NaN].map((score) => decided(label, asked, score))).toEqual([
      "below-threshold",
      "certified",
      "certified",
      "below-threshold",
    ]);
  });

  test("keeps the score of an answer that is not served", () => {
    const expected: Decision = { servedBy: "provider", reason: "below-threshold", taskId: "t", score: 0.5 };
    expect(decide(entry, asked, { answer: label, score: 0.5 })).toEqual(expected);
  });

  test("sends a failed specialist's call to the provider", () => {
    expect(decide(entry, asked, { failure: "specialist-late" }).reason).toBe("specialist-late");
  });

  test.each([
    ["an offered tool", calling("find"), { ...asked, tools }, "certified"],
    ["a tool that is not offered", calling("other"), { ...asked, tools }, "answer-not-offered"],
    [
      "a tool where none may be called",
      calling("find"),
      { ...asked, tools, tool_choice: "none" },
      "answer-not-offered",
    ],
    [
      "two tools where one may be called",
      calling("find", "find"),
      { ...asked, tools, parallel_tool_calls: false },
      "answer-not-offered",
    ],
    ["nothing at all", silence, { ...asked, tools }, "answer-not-offered"],
    [
      "text where a tool must be called",
      label,
      { ...asked, tools, tool_choice: "required" },
      "answer-not-offered",
    ],
    [
      "text where JSON is asked for",
      label,
      { ...asked, response_format: { type: "json_object" } },
      "answer-not-offered",
    ],
    [
      "JSON where JSON is asked for",
      json,
      { ...asked, response_format: { type: "json_object" } },
      "certified",
    ],
  ])("judges %s", (_, answer, request, expected) => {
    expect(decided(answer, request)).toBe(expected);
  });
});

describe("what a request asks for beside the answer", () => {
  const image = { type: "image_url", image_url: { url: "data:" } };
  const withImage: ChatRequest = {
    ...asked,
    messages: [{ role: "user", content: [{ type: "text", text: "Hi" }, image] }],
  };
  test.each([
    ["an image in a message", withImage],
    [
      "an item that only the provider has",
      {
        ...asked,
        messages: [
          ...asked.messages,
          { role: "assistant", content: null, other_content: [{ type: "item_reference", id: "msg_1" }] },
          ...asked.messages,
        ],
      },
    ],
    ["functions of the older form", { ...asked, functions: [{ name: "find" }] }],
  ])("%s goes to the provider", (_, request) => {
    expect(reasonOf(candidateFor(policy, request, assigned))).toBe("request-unsupported");
  });
  test.each([
    [
      "a tool other than the one named",
      calling("find"),
      { ...asked, tools, tool_choice: { type: "function", function: { name: "pay" } } },
    ],
    [
      "an answer longer than the tokens allow",
      { type: "text", text: "a long answer" },
      { ...asked, max_tokens: 1 },
    ],
    ["an answer with a stop in it", json, { ...asked, stop: ["}"] }],
  ] as const)("%s is not served", (_, answer, request) => {
    expect(decided(answer, request as ChatRequest)).toBe("answer-not-offered");
  });
  test("the tool that is named may be called", () => {
    const request = { ...asked, tools, tool_choice: { type: "function", function: { name: "find" } } };
    expect(decided(calling("find"), request)).toBe("certified");
  });
});
