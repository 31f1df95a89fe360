import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatRequest, ChatResponse } from "../../../core/index.ts";
import { plainFold, streamFold } from "./fold.ts";
import { writeAnswer } from "./write.ts";
import type { ProviderEvent } from "../../provider.ts";

const HEAD = { id: "chatcmpl-1", createdS: 5, model: "m" };
const USAGE = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 };
const ASKED: ChatRequest = { model: "m", messages: [{ role: "user", content: "?" }] };
const STREAMED: ChatRequest = { ...ASKED, stream: true, stream_options: { include_usage: true } };

const bytesIn = (events: readonly ProviderEvent[]): Buffer =>
  Buffer.concat(events.flatMap((event) => (event.type === "answer-delta" ? [event.bytes] : [])));

const call = fc.record({
  id: fc.string({ minLength: 1 }),
  type: fc.constant("function"),
  function: fc.record({ name: fc.string({ minLength: 1 }), arguments: fc.json() }),
});
const response: fc.Arbitrary<ChatResponse> = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 300 }).map((content) => ({
    message: { role: "assistant", content },
    finish_reason: "stop",
    usage: USAGE,
  })),
  fc.uniqueArray(call, { minLength: 1, maxLength: 4, selector: ({ id }) => id }).map((tool_calls) => ({
    message: { role: "assistant", content: null, tool_calls },
    finish_reason: "tool_calls",
    usage: USAGE,
  })),
);

test("writeAnswer() streams what a client folds into the same message, finish reason and usage", () => {
  fc.assert(
    fc.property(response, (written) => {
      const folding = streamFold();
      folding.push(bytesIn([...writeAnswer(STREAMED, written, HEAD)]));
      const read = folding.end();
      expect(read.response?.message).toEqual(written.message);
      expect(read.response?.finish_reason).toBe(written.finish_reason);
      expect(read.response?.usage).toEqual(USAGE);
    }),
  );
});

test("writeAnswer() writes a plain body that a client reads as the same message", () => {
  fc.assert(
    fc.property(response, (written) => {
      const folding = plainFold(200);
      folding.push(bytesIn([...writeAnswer(ASKED, written, HEAD)]));
      expect(folding.end().response?.message).toEqual(written.message);
    }),
  );
});

test("writeAnswer() marks only the bytes with [DONE] as last, and ends once", () => {
  const written = { message: { role: "assistant", content: "x".repeat(200) }, finish_reason: "stop" };
  const events = [...writeAnswer(STREAMED, written, HEAD)];
  const marks = events.filter((event) => event.type === "answer-delta" && event.isLast);
  expect(marks.map((event) => event.type === "answer-delta" && Buffer.from(event.bytes).toString())).toEqual([
    "data: [DONE]\n\n",
  ]);
  expect(events.filter((event) => event.type === "answer-delta").length).toBeGreaterThan(4);
  expect(events.findIndex((event) => event.type === "answer-end")).toBe(events.length - 1);
});

test("writeAnswer() leaves usage out where it is unknown and where it was not asked for", () => {
  const known = { message: { role: "assistant", content: "x" }, finish_reason: "stop", usage: USAGE };
  const { usage: _, ...unknown } = known;
  const text = (request: ChatRequest, written: ChatResponse): string =>
    bytesIn([...writeAnswer(request, written, HEAD)]).toString();
  expect(text({ ...ASKED, stream: true }, known)).not.toContain("usage");
  expect(text(STREAMED, unknown)).not.toContain("tokens");
  expect(text(ASKED, unknown)).not.toContain("usage");
});
