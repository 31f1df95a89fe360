import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { createGunzip } from "node:zlib";
import { describe, expect, test } from "vitest";
import { plainFold, streamFold } from "./fold.ts";
import type { FoldedAnswer } from "../../provider.ts";

const chunk = (choices: unknown, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m", choices, ...more })}\n\n`;
const delta = (fields: object, finish_reason: string | null = null): string =>
  chunk([{ index: 0, delta: fields, finish_reason }]);
const DONE = "data: [DONE]\n\n";

const TOOL_STREAM = [
  delta({ role: "assistant", content: null }),
  delta({
    tool_calls: [{ index: 0, id: "call_a", type: "function", function: { name: "find", arguments: "" } }],
  }),
  delta({ tool_calls: [{ index: 0, function: { arguments: '{"q":"caf' } }] }),
  delta({
    tool_calls: [{ index: 1, id: "call_b", type: "function", function: { name: "book", arguments: "{}" } }],
  }),
  delta({ tool_calls: [{ index: 0, function: { arguments: 'é 😀"}' } }] }),
  delta({}, "tool_calls"),
  chunk([], { usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } }),
  DONE,
].join("");

const TOOL_ANSWER: FoldedAnswer = {
  response: {
    id: "chatcmpl-1",
    created: 1,
    model: "m",
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    message: {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "call_a", type: "function", function: { name: "find", arguments: '{"q":"café 😀"}' } },
        { id: "call_b", type: "function", function: { name: "book", arguments: "{}" } },
      ],
    },
    finish_reason: "tool_calls",
  },
  usage: { inputTokens: 7, outputTokens: 3 },
  error: null,
};

function fold(...pieces: readonly (string | Uint8Array)[]): FoldedAnswer {
  const folding = streamFold();
  for (const piece of pieces) folding.push(typeof piece === "string" ? Buffer.from(piece) : piece);
  return folding.end();
}

describe("streamFold()", () => {
  test("puts tool calls together by index, with the usage chunk", () => {
    expect(fold(TOOL_STREAM)).toEqual(TOOL_ANSWER);
  });

  test("gives the same answer for bytes cut at every position", () => {
    const bytes = Buffer.from(TOOL_STREAM);
    const whole = JSON.stringify(fold(bytes));
    const positions = Array.from({ length: bytes.length }, (_, at) => at);
    const different = positions.filter(
      (at) => JSON.stringify(fold(bytes.subarray(0, at), bytes.subarray(at))) !== whole,
    );
    expect(different).toEqual([]);
  });

  test("joins content and other text fields, reasoning included", () => {
    const stream = [
      delta({ role: "assistant", reasoning_content: "be" }),
      delta({ reasoning_content: "cause" }),
      delta({ content: "Hel" }),
      delta({ content: "lo" }),
      delta({}, "stop"),
      DONE,
    ];
    expect(fold(...stream).response?.message).toEqual({
      role: "assistant",
      content: "Hello",
      reasoning_content: "because",
    });
  });

  test("starts a new tool call with each new id where the index is missing", () => {
    const call = (id: string, text: string): string =>
      delta({ tool_calls: [{ id, type: "function", function: { name: "f", arguments: text } }] });
    const message = fold(call("a", "{}"), call("b", "[]"), delta({}, "stop"), DONE).response?.message;
    expect(message?.tool_calls?.map((one) => [one.id, one.function.arguments])).toEqual([
      ["a", "{}"],
      ["b", "[]"],
    ]);
  });

  test("keeps an error in the stream as the error, without a response", () => {
    const answer = fold(delta({ content: "Hel" }), 'data: {"error":{"message":"overloaded"}}\n\n');
    expect(answer).toMatchObject({ response: null, error: { message: "overloaded" } });
  });

  test("does not take a stream for an answer that ended before it", () => {
    expect(fold(delta({ content: "Hel" }))).toMatchObject({
      response: null,
      error: { type: "upstream_broken" },
    });
  });

  test("says with which bytes the client has the whole answer", () => {
    const folding = streamFold();
    const said = [delta({ content: "a" }), delta({}, "stop"), "data: [DO", "NE]\n\n"].map((piece) =>
      folding.push(Buffer.from(piece)),
    );
    expect(said).toEqual([false, false, false, true]);
  });
});

describe("plainFold()", () => {
  const plain = (status: number, body: string): FoldedAnswer => {
    const folding = plainFold(status);
    folding.push(Buffer.from(body));
    return folding.end();
  };

  test("reads the first choice and the counts", () => {
    const choices = [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }];
    const body = JSON.stringify({ model: "m", choices, usage: { prompt_tokens: 2, completion_tokens: 1 } });
    expect(plain(200, body)).toEqual({
      response: {
        model: "m",
        usage: { prompt_tokens: 2, completion_tokens: 1 },
        message: { role: "assistant", content: "Hi" },
        finish_reason: "stop",
      },
      usage: { inputTokens: 2, outputTokens: 1 },
      error: null,
    });
  });

  test("keeps the error of an error body, and the text of an error page", () => {
    expect(plain(429, '{"error":{"code":"slow_down"}}').error).toEqual({ code: "slow_down" });
    expect(plain(502, "<h1>Bad Gateway</h1>").error).toBe("<h1>Bad Gateway</h1>");
  });
});

// Recorded exchanges of real providers; their licence keeps them out of the repository.
const RECORDED = resolve(import.meta.dirname, "../../../../../shared/data/wire_openllmetry.jsonl.gz");

describe.skipIf(!existsSync(RECORDED))("streamFold() on recorded streams", () => {
  test("folds every chat stream of OpenAI's form into a message and a finish reason", async () => {
    const lines = createInterface({ input: createReadStream(RECORDED).pipe(createGunzip()) });
    const failures: string[] = [];
    let streams = 0;
    for await (const line of lines) {
      const { id, stream, path, request, response } = JSON.parse(line) as {
        id: string;
        stream: boolean;
        path: string;
        request: { body: { messages?: unknown } };
        response: { status: number; body: string };
      };
      const isChat = stream && path.includes("/chat/completions") && Array.isArray(request.body.messages);
      if (!isChat || response.status !== 200 || typeof response.body !== "string") continue;
      streams += 1;
      const answer = fold(response.body);
      const message = answer.response?.message;
      const said = (message?.content ?? "") !== "" || (message?.tool_calls?.length ?? 0) > 0;
      if (!said || answer.response?.finish_reason === null) failures.push(id);
    }
    expect(failures).toEqual([]);
    expect(streams).toBeGreaterThan(50);
  });
});
