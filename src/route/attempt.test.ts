import { expect, test } from "vitest";
import { HouseError, type Answer } from "../core/index.ts";
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

test("attempt() tells a late specialist to stop, and is late also when it then fails", async () => {
  let stopped = 0;
  const slow = {
    respond: (_: unknown, signal?: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal?.addEventListener("abort", () => {
          stopped += 1;
          reject(new HouseError("cancelled", "Stopped"));
        });
      }),
  };
  expect(await attempt(slow, input, 1)).toEqual({ failure: "specialist-late" });
  expect(stopped).toBe(1);
});
