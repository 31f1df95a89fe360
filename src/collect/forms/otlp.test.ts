import { describe, expect, test } from "vitest";
import {
  answered,
  asked,
  attributes,
  callsIn,
  exported,
  kindsIn,
  span,
  WEATHER,
  type Value,
} from "../../../test/collect/spans.ts";

describe("otlp", () => {
  test("reads messages, instructions and tools of the present conventions", () => {
    const [call] = callsIn(
      exported(
        span({
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "openai",
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.response.model": "gpt-4o-2024-08-06",
          "gen_ai.request.temperature": 0.5,
          "gen_ai.request.max_tokens": 200,
          "gen_ai.conversation.id": "conv_5",
          "gen_ai.usage.input_tokens": 52,
          "gen_ai.usage.output_tokens": 3,
          "gen_ai.response.finish_reasons": ["stop"],
          "user.id": "jane",
          "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: "Be brief" }]),
          "gen_ai.input.messages": JSON.stringify([
            { role: "user", parts: [{ type: "text", content: "Weather in Paris?" }] },
            {
              role: "assistant",
              parts: [{ type: "tool_call", id: "call_1", name: "get_weather", arguments: { city: "Paris" } }],
            },
            { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "rainy" }] },
          ]),
          "gen_ai.output.messages": JSON.stringify([
            { role: "assistant", parts: [{ type: "text", content: "Rainy." }], finish_reason: "stop" },
          ]),
          "gen_ai.tool.definitions": JSON.stringify([{ type: "function", ...WEATHER.function }]),
        }),
      ),
    );
    expect(call).toEqual({
      id: "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7",
      session: "conv_5",
      at: "2026-03-02T10:00:00.000Z",
      origin: "user:4",
      source: "import",
      request: { model: "gpt-4o", temperature: 0.5, max_tokens: 200, messages: asked, tools: [WEATHER] },
      response: {
        model: "gpt-4o-2024-08-06",
        usage: { prompt_tokens: 52, completion_tokens: 3 },
        message: answered,
        finish_reason: "stop",
      },
      status: 200,
      error: null,
      latencyMs: 250.5,
      usage: { inputTokens: 52, outputTokens: 3 },
      servedBy: "provider",
      taskId: null,
      foreign: { name: "chat gpt-4o", user: "user:4" },
    });
  });

  test("reads the details event, and messages that are structured values", () => {
    const parts = (text: string): object => ({
      kvlistValue: {
        values: [
          { key: "role", value: { stringValue: "user" } },
          {
            key: "parts",
            value: {
              arrayValue: {
                values: [
                  {
                    kvlistValue: {
                      values: [
                        { key: "type", value: { stringValue: "text" } },
                        { key: "content", value: { stringValue: text } },
                      ],
                    },
                  },
                ],
              },
            },
          },
        ],
      },
    });
    const event = {
      name: "gen_ai.client.inference.operation.details",
      attributes: [
        { key: "gen_ai.input.messages", value: { arrayValue: { values: [parts("Hi")] } } },
        ...attributes({
          "gen_ai.output.messages":
            '[{"role":"assistant","parts":[{"type":"text","content":"Ho"}],"finish_reason":"length"}]',
        }),
      ],
    };
    const [call] = callsIn(
      exported(span({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" }, { events: [event] })),
    );
    expect([call.request.messages, call.response?.message.content, call.response?.finish_reason]).toEqual([
      [{ role: "user", content: "Hi" }],
      "Ho",
      "length",
    ]);
  });

  test("reads the same event from log records", () => {
    const logs = {
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: "1772445600000000000",
                  eventName: "gen_ai.client.inference.operation.details",
                  traceId: "t",
                  spanId: "s",
                  attributes: attributes({
                    "gen_ai.request.model": "m",
                    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
                    "gen_ai.output.messages":
                      '[{"role":"assistant","parts":[{"type":"text","content":"Ho"}]}]',
                  }),
                },
                { timeUnixNano: "1", eventName: "other", attributes: [] },
              ],
            },
          ],
        },
      ],
    };
    const calls = callsIn(logs);
    expect(
      calls.map(({ id, session, request, response }) => [
        id,
        session,
        request.model,
        response?.message.content,
      ]),
    ).toEqual([["t:s", "t", "m", "Ho"]]);
  });

  test("reads the older event per message, of a span and of log records", () => {
    const body = (fields: object): object => ({
      kvlistValue: { values: Object.entries(fields).map(([key, one]) => ({ key, value: one as object })) },
    });
    const inSpan = exported(
      span(
        { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" },
        {
          events: [
            { name: "gen_ai.system.message", attributes: attributes({ content: "Be brief" }) },
            { name: "gen_ai.user.message", attributes: attributes({ content: "Hi" }) },
            {
              name: "gen_ai.choice",
              attributes: attributes({
                index: 0,
                finish_reason: "stop",
                message: '{"role":"assistant","content":"Ho"}',
              }),
            },
          ],
        },
      ),
    );
    const record = (name: string, fields: object): object => ({
      timeUnixNano: "1772445600000000000",
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      attributes: attributes({ "event.name": name, "gen_ai.system": "openai" }),
      body: body(fields),
    });
    const inLogs = {
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                record("gen_ai.system.message", { content: { stringValue: "Be brief" } }),
                record("gen_ai.user.message", { content: { stringValue: "Hi" } }),
                record("gen_ai.choice", {
                  finish_reason: { stringValue: "stop" },
                  message: body({ content: { stringValue: "Ho" } }),
                }),
              ],
            },
          ],
        },
      ],
    };
    const said = [inSpan, inLogs].map((one) =>
      callsIn(one).map(({ request, response }) => [
        request.messages,
        response?.message,
        response?.finish_reason,
      ]),
    );
    const expected = [
      [
        [
          { role: "system", content: "Be brief" },
          { role: "user", content: "Hi" },
        ],
        { role: "assistant", content: "Ho" },
        "stop",
      ],
    ];
    expect(said).toEqual([expected, expected]);
  });

  test("puts a span and its events together that come in records apart, in any order", () => {
    const body = (fields: object): object => ({
      kvlistValue: {
        values: Object.entries(fields).map(([key, text]) => ({
          key,
          value: { stringValue: text as string },
        })),
      },
    });
    const event = (name: string, fields: object): { [field: string]: unknown } => ({
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: "1772445600000000000",
                  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
                  spanId: "00f067aa0ba902b7",
                  eventName: name,
                  attributes: attributes({ "gen_ai.system": "openai" }),
                  body: body(fields),
                },
              ],
            },
          ],
        },
      ],
    });
    const asking = event("gen_ai.user.message", { content: "Hi" });
    const answering = event("gen_ai.choice", { content: "Ho", finish_reason: "stop" });
    const told = exported(
      span({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 3 }),
    );
    const orders = [
      [asking, answering, told],
      [told, asking, answering],
      [asking, told, answering],
    ];
    const expected = ["m", "Hi", "Ho", 3, 250.5];
    expect(
      orders.map((records) =>
        callsIn(...records).map(({ request, response, usage, latencyMs }) => [
          request.model,
          request.messages[0].content,
          response?.message.content,
          usage.inputTokens,
          latencyMs,
        ]),
      ),
    ).toEqual([[expected], [expected], [expected]]);
    // Without the span the events are the call; without events the span has no content.
    expect(callsIn(asking, answering).map(({ request }) => request.model)).toEqual(["unknown"]);
    expect(kindsIn(told)).toEqual(["no-content"]);
  });

  test("takes a failed call as failed, with its status and its message", () => {
    const [call] = callsIn(
      exported(
        span(
          {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
            "error.type": "429",
          },
          { status: { code: 2, message: "Rate limit" } },
        ),
      ),
    );
    expect([call.response, call.status, call.error]).toEqual([
      null,
      429,
      { type: "429", message: "Rate limit" },
    ]);
  });

  test("passes spans that are no call of a model, and tells those that were recorded without content", () => {
    const record = exported(
      span({ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather" }),
      span({ "openinference.span.kind": "CHAIN" }),
      span({ "http.request.method": "POST" }),
      span({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" }),
    );
    expect(kindsIn(record)).toEqual(["other", "other", "other", "no-content"]);
  });

  test("takes a call that a framework and its client tell both only once: the inner span", () => {
    const said = (model: string): { [name: string]: Value } => ({
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": model,
      "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
    });
    const calls = callsIn(
      exported(
        span(said("outer"), { spanId: "a" }),
        span({ "gen_ai.operation.name": "execute_tool" }, { spanId: "b", parentSpanId: "a" }),
        span(said("inner"), { spanId: "c", parentSpanId: "b" }),
        span(said("alone"), { spanId: "d" }),
      ),
    );
    expect(calls.map(({ request }) => request.model)).toEqual(["inner", "alone"]);
  });

  test("reads snake case, bare spans and spans whose parents go in a circle", () => {
    const messages = '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]';
    const bare = {
      trace_id: "t",
      span_id: "s",
      parent_span_id: "s",
      start_time_unix_nano: 1772445600000000000,
      attributes: { "gen_ai.operation.name": "chat", "gen_ai.input.messages": messages },
    };
    const snake = { resource_spans: [{ scope_spans: [{ spans: [{ ...bare, parent_span_id: "" }] }] }] };
    expect(callsIn(snake).map(({ id, at }) => [id, at])).toEqual([["t:s", "2026-03-02T10:00:00.000Z"]]);
    expect(kindsIn(bare)).toEqual(["other"]);
  });

  test("holds names that JavaScript treats in its own way for names", () => {
    const [call] = callsIn(
      exported(
        span({
          "llm.request.type": "chat",
          "gen_ai.prompt.0.content": "Hi",
          "gen_ai.prompt.0.__proto__": "x",
          __proto__: "y",
          "gen_ai.prompt.999999999999.content": "far",
        }),
      ),
    );
    expect(call.request.messages).toEqual([{ role: "user", content: "Hi" }]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
