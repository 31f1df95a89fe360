import { describe, expect, test } from "vitest";
import { costOf, priceOf } from "./prices.ts";

describe("priceOf()", () => {
  test.each([
    ["gpt-4o", 2.5],
    ["gpt-4o-2024-08-06", 2.5],
    ["gpt-4o-2024-05-13", 5],
    ["gpt-4o-mini-2024-07-18", 0.15],
    ["openai/gpt-4o-mini", 0.15],
    ["claude-3-5-sonnet-20241022", 3],
    ["gpt-3.5-turbo-0125", 0.5],
  ])("knows %s by its family", (model, inputUsd) => {
    expect(priceOf(model)?.inputUsd).toBe(inputUsd);
  });

  test.each(["gpt-4o-audio-preview", "gpt-4o-mini-realtime", "my-model", "toString", ""])(
    "does not guess the price of %s",
    (model) => {
      expect(priceOf(model)).toBe(null);
    },
  );
});

describe("costOf()", () => {
  test("adds input and output by the million", () => {
    expect(costOf("gpt-4o", { inputTokens: 1000, outputTokens: 100 })).toBeCloseTo(0.0035, 12);
  });
  test("is null, not zero, where a price or a count is unknown", () => {
    expect(costOf("my-model", { inputTokens: 1, outputTokens: 1 })).toBe(null);
    expect(costOf("gpt-4o", { inputTokens: 1, outputTokens: null })).toBe(null);
  });
});
