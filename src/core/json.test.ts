import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonDepth, parseJson } from "./json.ts";

const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));

// Brackets that are not in a text, the longest run of open ones; an empty list or object adds no level.
function depthInText(value: unknown): number {
  const bare = JSON.stringify(value)
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, "s")
    .replaceAll(/\{\}|\[\]/g, "0");
  let depth = 0;
  let deepest = 0;
  for (const sign of bare) {
    if (sign === "{" || sign === "[") depth += 1;
    if (sign === "}" || sign === "]") depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

describe("jsonDepth()", () => {
  test("counts the levels that the text has", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(jsonDepth(value)).toBe(depthInText(value));
      }),
    );
  });

  test("stops above its limit, however deep the value is", () => {
    expect([199, 200, 201, 202, 5000].map((depth) => jsonDepth(nested(depth), 199))).toEqual([
      198, 199, 200, 200, 200,
    ]);
  });
});

test("parseJson() takes no value that nests deeper than is walked later", () => {
  const text = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect([parseJson(text(201)) === undefined, parseJson(text(202)) === undefined, parseJson("{")]).toEqual([
    false,
    true,
    undefined,
  ]);
});
