import { expect, test } from "vitest";
import { stepQueue, type StepQueue } from "./step-queue.ts";
import { breachesOf } from "../../../test/translations.ts";

const counts = { inputTokens: 1, outputTokens: 1 };

function stepsOf(fill: (steps: StepQueue) => void): readonly string[] {
  const steps = stepQueue();
  fill(steps);
  steps.finish("tool_calls", counts);
  const taken = steps.take();
  expect(breachesOf(taken)).toEqual([]);
  return taken.map((step) => {
    if (step.type === "tool-call-start") return `start ${step.id}`;
    if (step.type === "tool-call-delta") return `${step.index}: ${step.arguments}`;
    return step.type === "tool-call-end" ? `end ${step.index}` : step.type;
  });
}

const opening = (id: string) => ({ id, name: "f" });

test("stepQueue() lets a second call begin at once when the arguments of the first are whole", () => {
  const steps = stepQueue();
  steps.callStart(0, opening("a"));
  steps.callDelta(0, "{}");
  steps.callStart(1, opening("b"));
  expect(steps.take().map(({ type }) => type)).toEqual([
    "start",
    "tool-call-start",
    "tool-call-delta",
    "tool-call-end",
    "tool-call-start",
  ]);
});

test("stepQueue() takes calls whose pieces run into each other apart", () => {
  const said = stepsOf((steps) => {
    steps.callStart(0, opening("a"));
    steps.callStart(1, opening("b"));
    steps.callDelta(1, '{"y":');
    steps.callDelta(0, '{"x":');
    steps.text("so");
    steps.callDelta(0, "1}");
    steps.callDelta(1, "2}");
  });
  expect(said).toEqual([
    "start",
    "start a",
    '0: {"x":',
    "0: 1}",
    "end 0",
    "start b",
    '1: {"y":',
    "1: 2}",
    "end 1",
    "text-delta",
    "finish",
  ]);
});

test("stepQueue() loses nothing of a call that has no arguments", () => {
  const said = stepsOf((steps) => {
    steps.callStart(0, opening("a"));
    steps.callStart(1, opening("b"));
    steps.callDelta(1, "{}");
  });
  expect(said).toEqual(["start", "start a", "end 0", "start b", "1: {}", "end 1", "finish"]);
});

test("stepQueue() says nothing after the last step, and numbers no more calls than it may", () => {
  const steps = stepQueue();
  for (let key = 0; key < 300; key += 1) {
    steps.callStart(key, opening(`c${key}`));
    steps.callDelta(key, "{}");
    steps.callEnd(key);
  }
  steps.finish("stop", counts);
  steps.text("more");
  steps.fail(500, "x");
  const taken = steps.take();
  expect(taken.filter(({ type }) => type === "tool-call-start")).toHaveLength(256);
  expect(taken.at(-1)?.type).toBe("finish");
});
