import { expect, test } from "vitest";
import type { Answer } from "../core/index.ts";
import { attempt } from "./attempt.ts";

const input = { parts: [], tools: [] };
const answer: Answer = { type: "text", text: "x" };

test("attempt() gives the answer of a specialist that answers at once or in time", async () => {
  expect(await attempt({ respond: () => ({ answer, score: 1 }) }, input)).toEqual({ answer, score: 1 });
  expect(await attempt({ respond: () => Promise.resolve({ answer, score: 1 }) }, input)).toEqual({
    answer,
    score: 1,
  });
});

test("attempt() turns a specialist that throws, now or later, into data", async () => {
  const failure = new RangeError("no");
  const thrower = {
    respond: () => {
      throw failure;
    },
  };
  expect(await attempt(thrower, input)).toEqual({ failure: "specialist-failed" });
  expect(await attempt({ respond: () => Promise.reject(failure) }, input)).toEqual({
    failure: "specialist-failed",
  });
});

test("attempt() does not wait longer than the budget", async () => {
  const never = { respond: () => new Promise<never>(() => {}) };
  expect(await attempt(never, input, 1)).toEqual({ failure: "specialist-late" });
});
