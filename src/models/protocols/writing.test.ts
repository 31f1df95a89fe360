import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatRequest, ChatResponse } from "../../core/index.ts";
import { chat } from "./chat/chat.ts";
import { plainFold, streamFold } from "./chat/fold.ts";
import { writeResponse } from "./writing.ts";

const HEAD = { id: "chatcmpl-1", createdS: 5, model: "m" };
const USAGE = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 };
const ASKED: ChatRequest = { model: "m", messages: [{ role: "user", content: "?" }] };
const STREAMED: ChatRequest = { ...ASKED, stream: true, stream_options: { include_usage: true } };

const bytesOf = (request: ChatRequest, response: ChatResponse): Buffer =>
  Buffer.concat([...writeResponse(chat, request, response, HEAD)]);

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

test("writeResponse() streams what a client folds into the same message, finish reason and usage", () => {
  fc.assert(
    fc.property(response, (written) => {
      const folding = streamFold();
      folding.push(bytesOf(STREAMED, written));
      const read = folding.end();
      expect(read.response?.message).toEqual(written.message);
      expect(read.response?.finish_reason).toBe(written.finish_reason);
      expect(read.response?.usage).toEqual(USAGE);
    }),
  );
});

test("writeResponse() writes a plain body that a client reads as the same message", () => {
  fc.assert(
    fc.property(response, (written) => {
      const folding = plainFold(200);
      folding.push(bytesOf(ASKED, written));
      expect(folding.end().response?.message).toEqual(written.message);
    }),
  );
});
