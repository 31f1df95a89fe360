import { expect, test } from "vitest";
import type { Example } from "../core/index.ts";
import { onePerSession } from "./sample.ts";

const example = (callId: string, session: string): Example => ({
  callId,
  taskId: "t",
  session,
  at: null,
  part: "certification",
  input: { parts: [], tools: [] },
  answer: { type: "text", text: "" },
});

test("onePerSession() takes one call of each session, whatever the order of the calls", () => {
  const calls = Array.from({ length: 60 }, (_, index) => example(`c${index}`, `s${index % 7}`));
  const sample = onePerSession(calls, 3);
  expect(new Set(sample.map(({ session }) => session)).size).toBe(7);
  expect(sample).toHaveLength(7);
  expect(onePerSession(calls.toReversed(), 3)).toEqual(sample);
});
