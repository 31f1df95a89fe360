import { describe, expect, test } from "vitest";
import { answered, asked, callsIn, exported, span, WEATHER } from "../../../test/collect/spans.ts";

describe("otlp, by the habits of others", () => {
  test.each([
    ["gen_ai.prompt", "gen_ai.completion"],
    ["llm.prompts", "llm.completions"],
  ])("reads OpenLLMetry's %s.N", (prompt, completion) => {
    const [call] = callsIn(
      exported(
        span({
          "llm.request.type": "chat",
          "gen_ai.system": "OpenAI",
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.usage.prompt_tokens": 9,
          "gen_ai.usage.completion_tokens": 2,
          "traceloop.association.properties.session_id": "s1",
          [`${prompt}.0.role`]: "system",
          [`${prompt}.0.content`]: "Be brief",
          [`${prompt}.1.role`]: "user",
          [`${prompt}.1.content`]: "Weather in Paris?",
          [`${prompt}.2.role`]: "assistant",
          [`${prompt}.2.tool_calls.0.id`]: "call_1",
          [`${prompt}.2.tool_calls.0.name`]: "get_weather",
          [`${prompt}.2.tool_calls.0.arguments`]: '{"city":"Paris"}',
          [`${prompt}.3.role`]: "tool",
          [`${prompt}.3.tool_call_id`]: "call_1",
          [`${prompt}.3.content`]: "rainy",
          "llm.request.functions.0.name": "get_weather",
          "llm.request.functions.0.description": "d",
          "llm.request.functions.0.parameters": '{"type":"object"}',
          [`${completion}.0.role`]: "assistant",
          [`${completion}.0.content`]: "Rainy.",
          [`${completion}.0.finish_reason`]: "stop",
        }),
      ),
    );
    expect([
      call.session,
      call.request.messages,
      call.request.tools,
      call.response?.message,
      call.response?.finish_reason,
    ]).toEqual(["s1", asked, [WEATHER], answered, "stop"]);
    expect(call.usage).toEqual({ inputTokens: 9, outputTokens: 2 });
  });

  test("reads more than ten indexed messages in their order", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [`gen_ai.prompt.${at}.content`, `m${at}`]).toReversed(),
    );
    const [call] = callsIn(exported(span({ "llm.request.type": "chat", ...fields })));
    expect(call.request.messages.map(({ content }) => content)).toEqual(
      Array.from({ length: 12 }, (_, at) => `m${at}`),
    );
  });

  test("reads OpenInference", () => {
    const prefix = "llm.input_messages";
    const [call] = callsIn(
      exported(
        span({
          "openinference.span.kind": "LLM",
          "llm.model_name": "gpt-4o",
          "llm.invocation_parameters": '{"model":"gpt-4o","temperature":0.5,"max_tokens":200}',
          "session.id": "s2",
          "llm.token_count.prompt": 7,
          "llm.token_count.completion": 1,
          "llm.finish_reason": "tool_calls",
          [`${prefix}.0.message.role`]: "system",
          [`${prefix}.0.message.content`]: "Be brief",
          [`${prefix}.1.message.role`]: "user",
          [`${prefix}.1.message.contents.0.message_content.type`]: "text",
          [`${prefix}.1.message.contents.0.message_content.text`]: "What is this?",
          [`${prefix}.1.message.contents.1.message_content.type`]: "image",
          [`${prefix}.1.message.contents.1.message_content.image.image.url`]: "https://example.org/a.png",
          "llm.tools.0.tool.json_schema": JSON.stringify(WEATHER),
          "llm.output_messages.0.message.role": "assistant",
          "llm.output_messages.0.message.tool_calls.0.tool_call.id": "call_1",
          "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "get_weather",
          "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city":"Paris"}',
        }),
      ),
    );
    expect({ ...call.request, session: call.session, ...call.response, usage: call.usage }).toEqual({
      model: "gpt-4o",
      temperature: 0.5,
      max_tokens: 200,
      messages: [
        { role: "system", content: "Be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: "https://example.org/a.png" } },
          ],
        },
      ],
      tools: [WEATHER],
      session: "s2",
      message: { role: "assistant", content: null, tool_calls: asked[2]?.tool_calls },
      finish_reason: "tool_calls",
      usage: { inputTokens: 7, outputTokens: 1 },
    });
  });

  test("reads the AI SDK's spans", () => {
    const [call] = callsIn(
      exported(
        span({
          "ai.operationId": "ai.generateText.doGenerate",
          "ai.model.id": "gpt-4o",
          "ai.prompt.messages": JSON.stringify([
            { role: "system", content: "Be brief" },
            { role: "user", content: [{ type: "text", text: "Weather in Paris?" }] },
            {
              role: "assistant",
              content: [
                {
                  type: "tool-call",
                  toolCallId: "call_1",
                  toolName: "get_weather",
                  input: { city: "Paris" },
                },
              ],
            },
            {
              role: "tool",
              content: [
                {
                  type: "tool-result",
                  toolCallId: "call_1",
                  toolName: "get_weather",
                  output: { type: "text", value: "rainy" },
                },
              ],
            },
          ]),
          "ai.prompt.tools": [
            JSON.stringify({
              type: "function",
              name: "get_weather",
              description: "d",
              inputSchema: { type: "object" },
            }),
          ],
          "ai.response.text": "Rainy.",
          "ai.response.finishReason": "stop",
          "ai.usage.promptTokens": 5,
          "ai.usage.completionTokens": 2,
        }),
      ),
    );
    expect([
      call.request.messages,
      call.request.tools,
      call.response?.message,
      call.usage.inputTokens,
    ]).toEqual([asked, [WEATHER], answered, 5]);
  });
});
