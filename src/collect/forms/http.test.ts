import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../../store/index.ts";
import { callsIn, kindsIn, MESSAGES, TOOL } from "../../../test/collect/told.ts";
import { importLogs } from "../import.ts";
import { callOf } from "../parse.ts";

const pseudonym = (kind: string, name: string): string => `${kind}:${name.length}`;
const exchange = (
  path: string,
  asked: object,
  body: unknown,
  status = 200,
): { [field: string]: unknown } => ({
  id: "x1",
  timestamp: "2026-03-02T10:00:00Z",
  request: { method: "POST", url: `https://api.example.com${path}`, body: asked },
  response: { status, headers: {}, body },
});

const ANTHROPIC = {
  model: "claude-sonnet-4-5",
  max_tokens: 100,
  system: "Be brief",
  messages: [
    { role: "user", content: "Weather in Paris?" },
    {
      role: "assistant",
      content: [{ type: "tool_use", id: "call_1", name: "get_weather", input: { city: "Paris" } }],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "rainy" }] },
  ],
  tools: [{ name: "get_weather", description: "d", input_schema: { type: "object" } }],
};
const RESPONSES = {
  model: "gpt-4o",
  instructions: "Be brief",
  input: [
    { role: "user", content: "Weather in Paris?" },
    { type: "function_call", call_id: "call_1", name: "get_weather", arguments: '{"city":"Paris"}' },
    { type: "function_call_output", call_id: "call_1", output: "rainy" },
  ],
  tools: [
    {
      type: "function",
      name: "get_weather",
      description: "d",
      parameters: { type: "object" },
      strict: false,
    },
  ],
};
const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-5",
  content: [{ type: "text", text: "Rainy." }],
  stop_reason: "end_turn",
  usage: { input_tokens: 52, output_tokens: 3 },
};
const RESPONSE = {
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "gpt-4o",
  output: [
    {
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "Rainy.", annotations: [] }],
    },
  ],
  usage: { input_tokens: 52, output_tokens: 3, total_tokens: 55 },
};
const events = (...all: object[]): string =>
  all
    .map((event) => `event: ${(event as { type?: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
const MESSAGE_STREAM = events(
  {
    type: "message_start",
    message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: 52, output_tokens: 1 } },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Rai" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "ny." } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } },
  { type: "message_stop" },
);
const CHAT_STREAM = [
  { choices: [{ index: 0, delta: { role: "assistant", content: "Rai" } }] },
  { choices: [{ index: 0, delta: { content: "ny." }, finish_reason: "stop" }] },
  { choices: [], usage: { prompt_tokens: 52, completion_tokens: 3 } },
]
  .map(
    (chunk) =>
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "gpt-4o", ...chunk })}\n\n`,
  )
  .concat("data: [DONE]\n\n")
  .join("");

const said = ({ request, response, usage }: ReturnType<typeof callOf>): object => ({
  messages: request.messages,
  tools: request.tools,
  answer: response?.message.content,
  finish: response?.finish_reason,
  usage: [usage.inputTokens, usage.outputTokens],
});
const TOLD = { messages: MESSAGES, tools: [TOOL], answer: "Rainy.", finish: "stop", usage: [52, 3] };

describe("http", () => {
  test.each([
    ["Anthropic Messages", exchange("/v1/messages", ANTHROPIC, MESSAGE)],
    [
      "Anthropic Messages, streamed",
      exchange("/v1/messages", { ...ANTHROPIC, stream: true }, MESSAGE_STREAM),
    ],
    [
      "Anthropic Messages at Bedrock",
      exchange("/model/anthropic.claude/invoke", { ...ANTHROPIC, model: undefined }, MESSAGE),
    ],
    ["OpenAI Responses", exchange("/v1/responses", RESPONSES, RESPONSE)],
    [
      "OpenAI Chat, streamed",
      exchange(
        "/v1/chat/completions",
        { model: "gpt-4o", messages: MESSAGES, tools: [TOOL], stream: true },
        CHAT_STREAM,
      ),
    ],
  ])("reads an exchange of %s", (_, record) => {
    expect(callsIn(record, "http").map(said)).toEqual([TOLD]);
  });

  test.each([
    ["Anthropic Messages", ANTHROPIC, MESSAGE],
    ["OpenAI Responses", RESPONSES, RESPONSE],
  ])("reads bodies of %s in the call form", (_, request, response) => {
    expect(said(callOf({ request, response }, pseudonym))).toEqual(TOLD);
  });

  test("takes errors as failed calls, names the model of the path, passes what is no chat", () => {
    const error = { message: "Slow down" };
    const [failed] = callsIn(exchange("/v1/messages", ANTHROPIC, { type: "error", error }, 429), "http");
    expect([failed.status, failed.error, failed.response]).toEqual([429, error, null]);
    const [named] = callsIn(
      exchange("/openai/deployments/gpt-4o-eu/chat/completions", { messages: MESSAGES }, CHAT_STREAM),
      "http",
    );
    expect(named.request.model).toBe("gpt-4o-eu");
    expect(kindsIn(exchange("/v1/embeddings", { model: "m", input: "text" }, {}), "http")).toEqual(["other"]);
  });

  test("does not take a body that it cannot read for an answer", () => {
    const unknown = exchange(
      "/v1/chat/completions",
      { model: "m", messages: MESSAGES },
      { generation: "Rainy." },
    );
    const cutOff = exchange("/v1/messages", ANTHROPIC, MESSAGE_STREAM.slice(0, 400));
    expect([...kindsIn(unknown, "http"), ...kindsIn(cutOff, "http")]).toEqual([
      "bad-response",
      "bad-response",
    ]);
  });

  const wire = resolve(import.meta.dirname, "../../../../shared/data/wire_openllmetry.jsonl.gz");
  test.skipIf(!existsSync(wire))(
    "reads recorded exchanges of many providers, or says which it cannot",
    async () => {
      const store = openStore({ dir: ":memory:", nowMs: () => 0 });
      const { taken, passed, refused, reasons, records } = await importLogs(store, [wire]);
      const unanswered = [...store.calls.iterate()].filter(
        ({ status, response }) => status < 400 && response === null,
      );
      store.close();
      expect(unanswered).toEqual([]);
      // Passed: Cohere's first API and Titan, whose requests have no messages. Refused: streams of Cohere, texts of old models.
      expect([taken >= 556, taken + passed + refused, records, Object.keys(reasons)]).toEqual([
        true,
        597,
        597,
        ["bad-response"],
      ]);
    },
  );
});
