import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withModel } from "./model-name.ts";
import { retryAfterMs, waitMs } from "./retry.ts";
import { createEndFinder } from "./stream-end.ts";
import { staysForCache } from "./prompt-cache.ts";

describe("withModel()", () => {
  test("replaces the top-level model and no other byte", () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), fc.string(), fc.nat(4), (inner, before, after, indent) => {
        const body = {
          first: JSON.parse(inner) as unknown,
          model: before,
          last: { model: before, list: [before, "model"] },
        };
        const text = JSON.stringify(body, null, indent);
        const replaced = Buffer.from(withModel(Buffer.from(text), after)).toString();
        // Written by the same rules, so that what is not the model must be equal, byte for byte.
        expect(replaced).toBe(JSON.stringify({ ...body, model: after }, null, indent));
      }),
    );
  });

  test.each([
    ['{"mod\\u0065l":"a"}', '{"mod\\u0065l":"b"}'],
    ['{"model":"a","model":"c"}', '{"model":"b","model":"b"}'],
    ['{"x":"\\\\","model"\n:\t"a"}', '{"x":"\\\\","model"\n:\t"b"}'],
    ['{"x":{"model":"a"},"y":["model","a"]}', '{"x":{"model":"a"},"y":["model","a"]}'],
  ])("%s", (text, expected) => {
    expect(Buffer.from(withModel(Buffer.from(text), "b")).toString()).toBe(expected);
  });
});

test("createEndFinder() never lets the last event through whole, however the bytes are cut", () => {
  const start = 'data: {"a":"x [DON"}\n\ndata: {"b":1}\n\n';
  const whole = Buffer.from(`${start}data: [DONE]\n\n`);
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 8 }), (cuts) => {
      const find = createEndFinder("chat");
      const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      let passed = "";
      let isFound = false;
      for (let at = 0; at + 1 < edges.length && !isFound; at += 1) {
        const piece = whole.subarray(edges[at], edges[at + 1]);
        const found = find(piece);
        isFound = found >= 0;
        passed += piece.subarray(0, isFound ? found : piece.length).toString();
      }
      expect(isFound).toBe(true);
      expect(passed.includes("[DONE]")).toBe(false);
      expect(whole.toString().startsWith(passed)).toBe(true);
    }),
  );
});

test.each([
  ["responses", 'event: response.completed\ndata: {"type":"response.completed"}\n\n'],
  ["messages", 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
] as const)("createEndFinder() knows the last event of %s", (protocol, last) => {
  const before = 'event: x\ndata: {"type":"x"}\n\n';
  expect(createEndFinder(protocol)(Buffer.from(before + last))).toBe(before.length);
  expect(createEndFinder(protocol)(Buffer.from(before))).toBe(-1);
});

describe("retryAfterMs()", () => {
  test.each([
    [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Thu, 01 Jan 1970 00:00:05 GMT" }, 4000],
    [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, null],
    [{ "retry-after": "-1" }, null],
    [{}, null],
  ])("%o", (headers, expected) => {
    expect(retryAfterMs(headers as { readonly [name: string]: string }, 1000)).toBe(expected);
  });

  test("waitMs() never waits less than was asked for", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (asked, random) => {
        const wait = waitMs(1, asked, () => random);
        expect(wait >= asked && wait <= asked * 1.25).toBe(true);
      }),
    );
  });
});

describe("staysForCache()", () => {
  const cheap = { inputUsd: 0.1, outputUsd: 1 };
  const dear = { inputUsd: 10, outputUsd: 30 };
  test.each([
    ["the same price", { here: dear, there: dear }, true],
    ["dearer, and the other is cheaper even unread", { here: dear, there: cheap }, false],
    ["cheaper", { here: cheap, there: dear }, true],
    ["an unknown price", { here: null, there: cheap }, true],
  ])("%s", (_, prices, expected) => {
    expect(staysForCache({ tokens: 5000, idleMs: 1000, ...prices })).toBe(expected);
  });
});
