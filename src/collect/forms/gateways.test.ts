import { describe, expect, test } from "vitest";
import {
  AT,
  COMPLETION,
  END,
  MESSAGES,
  TOLD,
  TOOL,
  callsIn,
  essence,
  kindsIn,
} from "../../../test/collect/told.ts";

describe("litellm", () => {
  const row = {
    request_id: "i1",
    call_type: "acompletion",
    api_key: "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
    spend: 0.001,
    prompt_tokens: 52,
    completion_tokens: 3,
    total_tokens: 55,
    startTime: "2026-03-02T10:00:00.000Z",
    endTime: END,
    model: "gpt-4o",
    custom_llm_provider: "openai",
    user: "default_user",
    end_user: "jane",
    metadata: { user_api_key_alias: "jane.doe" },
    session_id: "s1",
    status: "success",
    messages: MESSAGES,
    response: COMPLETION,
    proxy_server_request: JSON.stringify({
      model: "gpt-4o",
      temperature: 0.5,
      tools: [TOOL],
      messages: MESSAGES,
    }),
    requester_ip_address: "10.0.0.1",
  };

  test("reads a row of its spend logs", () => {
    expect(callsIn(row, "litellm").map(essence)).toEqual([TOLD]);
  });

  test("keeps neither keys nor addresses nor names", () => {
    const text = JSON.stringify(callsIn(row, "litellm"));
    expect(["88dc28", "10.0.0.1", "jane"].filter((secret) => text.includes(secret))).toEqual([]);
  });

  const payload = {
    id: "i1",
    trace_id: "s1",
    call_type: "completion",
    status: "success",
    prompt_tokens: 52,
    completion_tokens: 3,
    startTime: 1772445600,
    endTime: 1772445600.25,
    model: "gpt-4o",
    end_user: "jane",
    metadata: { user_api_key_hash: "h" },
    messages: MESSAGES,
    response: COMPLETION,
    model_parameters: { temperature: 0.5, tools: [TOOL], extra_body: {} },
  };

  test("reads a standard logging payload", () => {
    expect(callsIn(payload, "litellm").map(essence)).toEqual([TOLD]);
  });

  test("takes a failure as failed, with its status", () => {
    const failed = {
      ...payload,
      status: "failure",
      response: {},
      error_str: "RateLimitError",
      error_information: { error_code: "429", error_class: "RateLimitError" },
    };
    const [call] = callsIn(failed, "litellm");
    expect([call.response, call.status, call.error]).toEqual([
      null,
      429,
      { message: "RateLimitError", type: "RateLimitError" },
    ]);
  });

  test("passes embeddings, and tells rows that were logged without prompts", () => {
    expect(kindsIn({ ...row, call_type: "aembedding" }, "litellm")).toEqual(["other"]);
    expect(kindsIn({ ...row, messages: {}, proxy_server_request: {} }, "litellm")).toEqual(["no-content"]);
  });
});

describe("helicone", () => {
  const request = {
    request_id: "i1",
    request_created_at: AT,
    request_body: { model: "gpt-4o", temperature: 0.5, messages: MESSAGES, tools: [TOOL] },
    request_path: "https://api.openai.com/v1/chat/completions",
    request_user_id: "jane",
    request_properties: { "Helicone-Session-Id": "s1", team: "blue" },
    request_model: "gpt-4o",
    response_id: "r1",
    response_created_at: END,
    response_status: 200,
    response_body: COMPLETION,
    provider: "OPENAI",
    delay_ms: 250,
    prompt_tokens: 52,
    completion_tokens: 3,
    total_tokens: 55,
    country_code: "DE",
  };

  test("reads a request of its API and export tool", () => {
    expect(callsIn(request, "helicone").map(essence)).toEqual([TOLD]);
  });

  test("reads a row of its database, with JSON in text", () => {
    const row = {
      request_id: "i1",
      request_created_at: "2026-03-02 10:00:00.000",
      user_id: "jane",
      status: 200,
      latency: 250,
      model: "gpt-4o",
      properties: { "Helicone-Session-Id": "s1" },
      request_body: JSON.stringify(request.request_body),
      response_body: JSON.stringify(COMPLETION),
    };
    expect(callsIn(row, "helicone").map(essence)).toEqual([TOLD]);
  });

  test("reads Anthropic's bodies", () => {
    const anthropic = {
      ...request,
      request_body: {
        model: "claude-sonnet-4-5",
        max_tokens: 100,
        system: "Be brief",
        messages: [
          { role: "user", content: "Weather in Paris?" },
          {
            role: "assistant",
            content: [{ type: "tool_use", id: "call_1", name: "get_weather", input: { city: "Paris" } }],
          },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "call_1", content: [{ type: "text", text: "rainy" }] },
            ],
          },
        ],
        tools: [{ name: "get_weather", description: "d", input_schema: { type: "object" } }],
      },
      response_body: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "claude-sonnet-4-5-20250929",
        content: [{ type: "text", text: "Rainy." }],
        stop_reason: "end_turn",
        stop_sequence: null,
        usage: { input_tokens: 52, output_tokens: 3 },
      },
    };
    expect(callsIn(anthropic, "helicone").map(essence)).toEqual([
      {
        ...TOLD,
        request: { model: "claude-sonnet-4-5", max_tokens: 100, messages: MESSAGES, tools: [TOOL] },
      },
    ]);
  });

  test("takes an error with the provider's words, and tells requests without bodies", () => {
    const error = { message: "Slow down", type: "rate_limit" };
    const [call] = callsIn({ ...request, response_status: 429, response_body: { error } }, "helicone");
    expect([call.status, call.error, call.response]).toEqual([429, error, null]);
    const [cancelled] = callsIn({ ...request, response_status: -3, response_body: {} }, "helicone");
    expect([cancelled.status, cancelled.error, cancelled.response]).toEqual([
      500,
      { message: "Status -3" },
      null,
    ]);
    expect(kindsIn({ ...request, request_body: {} }, "helicone")).toEqual(["no-content"]);
  });
});

describe("portkey", () => {
  const log = {
    id: "i1",
    trace_id: "t1",
    created_at: "2026-03-02T10:00:00.000Z",
    request: { model: "gpt-4o", temperature: 0.5, messages: MESSAGES, tools: [TOOL] },
    response: COMPLETION,
    is_success: 1,
    ai_org: "openai",
    ai_model: "gpt-4o-2024-08-06",
    req_units: 52,
    res_units: 3,
    request_url: "https://api.openai.com/v1/chat/completions",
    response_time: 250,
    response_status_code: 200,
    metadata: { _user: "jane", session_id: "s1" },
  };

  test("reads a line of its log export, whichever way the bodies stand in it", () => {
    const { request, response, ...rest } = log;
    const lines = [
      log,
      { ...rest, request: { body: request }, response: { body: response } },
      { ...rest, "request.body": JSON.stringify(request), "response.body": JSON.stringify(response) },
    ];
    expect(lines.flatMap((line) => callsIn(line, "portkey").map(essence))).toEqual([TOLD, TOLD, TOLD]);
  });

  test("takes a failure as failed, and passes embeddings", () => {
    const error = { message: "no" };
    const [call] = callsIn(
      { ...log, is_success: 0, response_status_code: 401, response: { error } },
      "portkey",
    );
    expect([call.status, call.error, call.response]).toEqual([401, error, null]);
    expect(kindsIn({ ...log, request_url: "https://api.openai.com/v1/embeddings" }, "portkey")).toEqual([
      "other",
    ]);
  });
});
