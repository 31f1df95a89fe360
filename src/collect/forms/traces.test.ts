import { describe, expect, test } from "vitest";
import {
  AT,
  CALLED,
  COMPLETION,
  MESSAGES,
  TOLD,
  TOOL,
  callsIn,
  essence,
  kindsIn,
} from "../../../test/collect/told.ts";

describe("langsmith", () => {
  const message = (name: string, kwargs: object): object => ({
    lc: 1,
    type: "constructor",
    id: ["langchain", "schema", "messages", name],
    kwargs,
  });
  const run = {
    id: "i1",
    name: "ChatOpenAI",
    run_type: "llm",
    start_time: "2026-03-02T10:00:00.000000",
    end_time: "2026-03-02T10:00:00.250000",
    trace_id: "t1",
    session_id: "0c9b7a66-project",
    error: null,
    extra: {
      invocation_params: {
        model: "gpt-4o",
        model_name: "gpt-4o",
        temperature: 0.5,
        _type: "openai-chat",
        stop: null,
        tools: [TOOL],
      },
      metadata: { ls_model_name: "gpt-4o", thread_id: "s1", user_id: "jane" },
    },
    inputs: {
      messages: [
        [
          message("SystemMessage", { content: "Be brief", type: "system" }),
          message("HumanMessage", { content: "Weather in Paris?", type: "human" }),
          message("AIMessage", {
            content: "",
            type: "ai",
            tool_calls: [{ name: "get_weather", args: { city: "Paris" }, id: "call_1", type: "tool_call" }],
          }),
          message("ToolMessage", {
            content: "rainy",
            type: "tool",
            tool_call_id: "call_1",
            status: "success",
          }),
        ],
      ],
    },
    outputs: {
      generations: [
        [
          {
            text: "Rainy.",
            generation_info: { finish_reason: "stop" },
            type: "ChatGeneration",
            message: message("AIMessage", {
              content: "Rainy.",
              type: "ai",
              response_metadata: { finish_reason: "stop", model_name: "gpt-4o-2024-08-06" },
              usage_metadata: { input_tokens: 52, output_tokens: 3, total_tokens: 55 },
            }),
          },
        ],
      ],
      llm_output: {
        token_usage: { prompt_tokens: 52, completion_tokens: 3 },
        model_name: "gpt-4o-2024-08-06",
      },
    },
  };

  test("reads a run of a LangChain chat model; its session_id is a project and no session", () => {
    const told = structuredClone(TOLD) as { request: { messages: { content: unknown }[] } };
    // LangChain writes the empty text beside tool calls.
    told.request.messages[2].content = "";
    expect(callsIn(run, "langsmith").map(essence)).toEqual([told]);
  });

  test("reads a run of a wrapped OpenAI client", () => {
    const wrapped = {
      ...run,
      extra: { metadata: { session_id: "s1", user_id: "jane" } },
      inputs: { model: "gpt-4o", temperature: 0.5, messages: MESSAGES, tools: [TOOL] },
      outputs: COMPLETION,
      prompt_tokens: 52,
      completion_tokens: 3,
    };
    expect(callsIn(wrapped, "langsmith").map(essence)).toEqual([TOLD]);
  });

  test("reads nested runs, passes chains and tools, takes errors", () => {
    const tree = {
      ...run,
      id: "c",
      run_type: "chain",
      inputs: {},
      child_runs: [run, { ...run, run_type: "tool" }],
    };
    expect(kindsIn(tree, "langsmith")).toEqual(["call", "other", "other"]);
    const [call] = callsIn({ ...run, outputs: null, error: "RateLimitError('429')" }, "langsmith");
    expect([call.status, call.error, call.response]).toEqual([
      500,
      { message: "RateLimitError('429')" },
      null,
    ]);
  });
});

describe("braintrust", () => {
  const span = {
    id: "row1",
    span_id: "i1",
    root_span_id: "s1",
    span_parents: ["s1"],
    created: "2026-03-02T10:00:00.100Z",
    input: MESSAGES,
    output: COMPLETION.choices,
    metadata: { model: "gpt-4o", temperature: 0.5, tools: [TOOL], user_id: "jane" },
    metrics: { start: 1772445600, end: 1772445600.25, prompt_tokens: 52, completion_tokens: 3, tokens: 55 },
    span_attributes: { name: "Chat Completion", type: "llm" },
    error: null,
  };

  test("reads a span of type llm", () => {
    expect(callsIn(span, "braintrust").map(essence)).toEqual([TOLD]);
  });

  test("passes others, takes errors, tells spans without messages", () => {
    expect(kindsIn({ ...span, span_attributes: { type: "tool" } }, "braintrust")).toEqual(["other"]);
    expect(kindsIn({ ...span, input: { question: 1 } }, "braintrust")).toEqual(["no-content"]);
    const [call] = callsIn({ ...span, output: null, error: "boom" }, "braintrust");
    expect([call.status, call.error]).toEqual([500, { message: "boom" }]);
  });
});

describe("tensorzero", () => {
  const row = {
    id: "019cadfd-8900-7000-8000-000000000001",
    function_name: "weather",
    variant_name: "gpt_4o",
    episode_id: "s1",
    input: JSON.stringify({
      system: "Be brief",
      messages: [
        { role: "user", content: [{ type: "text", text: "Weather in Paris?" }] },
        {
          role: "assistant",
          content: [{ type: "tool_call", id: "call_1", name: "get_weather", arguments: '{"city":"Paris"}' }],
        },
        {
          role: "user",
          content: [{ type: "tool_result", id: "call_1", name: "get_weather", result: "rainy" }],
        },
      ],
    }),
    output: JSON.stringify([{ type: "text", text: "Rainy." }]),
    tool_params: JSON.stringify({
      tools_available: [
        { name: "get_weather", description: "d", parameters: { type: "object" }, strict: false },
      ],
      tool_choice: "auto",
    }),
    inference_params: '{"chat_completion":{"temperature":0.5}}',
    processing_time_ms: 250,
    tags: { user_id: "jane" },
  };
  const expected = {
    ...TOLD,
    id: row.id,
    at: "2026-03-02T10:00:00.000Z",
    usage: [null, null],
    request: {
      model: "weather/gpt_4o",
      temperature: 0.5,
      messages: MESSAGES,
      tools: [{ ...TOOL, function: { ...TOOL.function, strict: false } }],
      tool_choice: "auto",
    },
    finish: null,
  };

  test("reads a chat inference of the database dump; the time is in its id", () => {
    expect(callsIn(row, "tensorzero").map(essence)).toEqual([expected]);
  });

  test("reads one that the API lists, with an answer of tool calls", () => {
    const listed = {
      ...row,
      type: "chat",
      timestamp: AT,
      input: JSON.parse(row.input) as unknown,
      output: [
        {
          type: "tool_call",
          id: "call_1",
          name: "get_weather",
          raw_name: "get_weather",
          arguments: { city: "Paris" },
          raw_arguments: '{"city":"Paris"}',
        },
      ],
      tool_params: JSON.parse(row.tool_params) as unknown,
      inference_params: { chat_completion: { temperature: 0.5 } },
    };
    expect(callsIn(listed, "tensorzero").map(essence)).toEqual([{ ...expected, answer: CALLED }]);
  });

  test("reads a JSON inference: the answer as it was written, the schema as response_format", () => {
    const schema = { type: "object", properties: { weather: { type: "string" } } };
    const json = {
      ...row,
      output: '{"raw":"{ \\"weather\\": 1 }","parsed":null}',
      output_schema: JSON.stringify(schema),
      tool_params: undefined,
    };
    const [call] = callsIn(json, "tensorzero");
    expect([call.response?.message.content, call.request.response_format]).toEqual([
      '{ "weather": 1 }',
      { type: "json_schema", json_schema: { name: "answer", schema } },
    ]);
  });
});
