import fc from "fast-check";
import type { Message, Tool, ToolCall } from "../../src/core/index.ts";
import { OTLP_WRITERS } from "./otlp-writers.ts";
import type { LogFormat } from "../../src/collect/formats.ts";

// Calls of ours, written as each product would export them.

export type Told = {
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly answer: Message;
  readonly usage: readonly [number, number];
};
export type Writer = (told: Told) => object;

const text = fc.oneof(
  fc.string({ minLength: 1, unit: "grapheme" }),
  fc.constantFrom(
    '{"label": "a"}',
    "[1, 2]",
    '[{"a": 1}]',
    "null",
    "12",
    '"quoted"',
    "<tag>\n\n- list",
    "user",
  ),
);
const word = fc.stringMatching(/^[a-z_]{1,12}$/);
const calls = fc.array(fc.record({ name: word, city: text }), { minLength: 1, maxLength: 2 });
const turn = fc.oneof(
  fc.record({ kind: fc.constant("user" as const), text }),
  fc.record({ kind: fc.constant("assistant" as const), text }),
  fc.record({ kind: fc.constant("tools" as const), calls, result: text }),
);

export const told = fc
  .record({
    system: fc.option(text),
    first: text,
    turns: fc.array(turn, { maxLength: 4 }),
    tools: fc.uniqueArray(fc.record({ name: word, description: text }), {
      maxLength: 3,
      selector: ({ name }) => name,
    }),
    answer: fc.oneof(fc.record({ text }), fc.record({ calls })),
    usage: fc.tuple(fc.nat(100_000), fc.integer({ min: 1, max: 10_000 })),
  })
  .map(({ system, first, turns, tools, answer, usage }): Told => ({
    messages: [
      ...(system === null ? [] : [{ role: "system", content: system }]),
      { role: "user", content: first },
      ...turns.flatMap((one, at): Message[] =>
        one.kind === "tools"
          ? [
              { role: "assistant", content: null, tool_calls: toolCalls(one.calls, `t${at}`) },
              ...one.calls.map((_, index) => ({
                role: "tool",
                tool_call_id: `t${at}_${index}`,
                content: one.result,
              })),
            ]
          : [{ role: one.kind, content: one.text }],
      ),
    ],
    tools: tools.map(({ name, description }) => ({
      type: "function",
      function: {
        name,
        description,
        parameters: { type: "object", properties: { city: { type: "string" } } },
      },
    })),
    answer:
      "text" in answer
        ? { role: "assistant", content: answer.text }
        : { role: "assistant", content: null, tool_calls: toolCalls(answer.calls, "a") },
    usage,
  }));

const toolCalls = (
  asked: readonly { readonly name: string; readonly city: string }[],
  id: string,
): ToolCall[] =>
  asked.map(({ name, city }, index) => ({
    id: `${id}_${index}`,
    type: "function",
    function: { name, arguments: JSON.stringify({ city }) },
  }));
const argumentsOf = (call: ToolCall): unknown => JSON.parse(call.function.arguments);
export const contentOf = ({ content }: Message): string => (typeof content === "string" ? content : "");

const completion = ({ answer, usage }: Told): object => ({
  model: "m",
  choices: [{ index: 0, message: answer, finish_reason: "stop" }],
  usage: { prompt_tokens: usage[0], completion_tokens: usage[1] },
});

const langchain = (message: Message): object => {
  const name = { system: "SystemMessage", user: "HumanMessage", assistant: "AIMessage", tool: "ToolMessage" }[
    message.role
  ];
  const tool_calls = message.tool_calls?.map((call) => ({
    name: call.function.name,
    args: argumentsOf(call),
    id: call.id,
  }));
  return {
    lc: 1,
    type: "constructor",
    id: ["langchain", "schema", "messages", name],
    kwargs: { content: message.content ?? "", tool_calls, tool_call_id: message.tool_call_id },
  };
};

const anthropicBlocks = (message: Message): object[] =>
  message.role === "tool"
    ? [{ type: "tool_result", tool_use_id: message.tool_call_id, content: message.content }]
    : [
        ...(typeof message.content === "string" ? [{ type: "text", text: message.content }] : []),
        ...(message.tool_calls ?? []).map((call) => ({
          type: "tool_use",
          id: call.id,
          name: call.function.name,
          input: argumentsOf(call),
        })),
      ];
const anthropicMessage = (message: Message): object => ({
  role: message.role === "assistant" ? "assistant" : "user",
  content: message.role === "user" ? message.content : anthropicBlocks(message),
});

export const WRITERS: { readonly [form: string]: { readonly format: LogFormat; readonly write: Writer } } = {
  ...OTLP_WRITERS,
  Langfuse: {
    format: "langfuse",
    write: (one) => ({
      id: "g",
      traceId: "t",
      type: "GENERATION",
      startTime: "2026-03-02T10:00:00.000Z",
      model: "m",
      input: { messages: one.messages, tools: one.tools },
      output: { ...one.answer, finish_reason: "stop" },
      usageDetails: { input: one.usage[0], output: one.usage[1] },
    }),
  },
  "Langfuse, its database": {
    format: "langfuse",
    write: (one) => ({
      id: "g",
      trace_id: "t",
      type: "GENERATION",
      start_time: "2026-03-02 10:00:00.000",
      provided_model_name: "m",
      input: JSON.stringify({ messages: one.messages, tools: one.tools }),
      output: JSON.stringify(completion(one)),
    }),
  },
  LiteLLM: {
    format: "litellm",
    write: (one) => ({
      request_id: "r",
      call_type: "acompletion",
      startTime: 1772445600,
      model: "m",
      messages: one.messages,
      response: completion(one),
      model_parameters: { tools: one.tools },
    }),
  },
  "Helicone with Anthropic's bodies": {
    format: "helicone",
    write: ({ messages, tools, answer, usage }) => ({
      request_id: "r",
      response_status: 200,
      request_body: {
        model: "m",
        ...(messages[0].role === "system" ? { system: contentOf(messages[0]) } : {}),
        messages: messages.filter(({ role }) => role !== "system").map(anthropicMessage),
        tools: tools.map(({ function: one }) => ({
          name: one.name,
          description: one.description,
          input_schema: one.parameters,
        })),
      },
      response_body: {
        type: "message",
        role: "assistant",
        model: "m",
        content: anthropicBlocks(answer),
        stop_reason: "end_turn",
        usage: { input_tokens: usage[0], output_tokens: usage[1] },
      },
    }),
  },
  Portkey: {
    format: "portkey",
    write: (one) => ({
      ai_org: "openai",
      request: { model: "m", messages: one.messages, tools: one.tools },
      response: completion(one),
      is_success: 1,
    }),
  },
  "LangSmith with LangChain's messages": {
    format: "langsmith",
    write: ({ messages, tools, answer, usage }) => ({
      id: "r",
      run_type: "llm",
      inputs: { messages: [messages.map(langchain)] },
      outputs: {
        generations: [
          [
            {
              text: contentOf(answer),
              generation_info: { finish_reason: "stop" },
              message: langchain(answer),
            },
          ],
        ],
        llm_output: { token_usage: { prompt_tokens: usage[0], completion_tokens: usage[1] } },
      },
      extra: { invocation_params: { model: "m", tools } },
    }),
  },
  "LangSmith, OpenAI wrapped": {
    format: "langsmith",
    write: (one) => ({
      id: "r",
      run_type: "llm",
      inputs: { model: "m", messages: one.messages, tools: one.tools },
      outputs: completion(one),
    }),
  },
  Braintrust: {
    format: "braintrust",
    write: ({ messages, tools, answer, usage }) => ({
      span_id: "s",
      root_span_id: "t",
      span_attributes: { type: "llm" },
      input: messages,
      output: [{ index: 0, message: answer, finish_reason: "stop" }],
      metadata: { model: "m", tools },
      metrics: { prompt_tokens: usage[0], completion_tokens: usage[1] },
    }),
  },
  TensorZero: {
    format: "tensorzero",
    write: ({ messages, tools, answer, usage }) => ({
      id: "i",
      function_name: "f",
      variant_name: "v",
      model_name: "m",
      finish_reason: "stop",
      input_tokens: usage[0],
      output_tokens: usage[1],
      input: JSON.stringify({
        system: messages[0].role === "system" ? contentOf(messages[0]) : undefined,
        messages: messages.filter(({ role }) => role !== "system").map(tensorMessage),
      }),
      output: JSON.stringify(tensorBlocks(answer)),
      tool_params: JSON.stringify({ tools_available: tools.map((tool) => tool.function) }),
    }),
  },
};

const tensorBlocks = (message: Message): object[] =>
  message.role === "tool"
    ? [{ type: "tool_result", id: message.tool_call_id, name: "x", result: message.content }]
    : [
        ...(typeof message.content === "string" ? [{ type: "text", text: message.content }] : []),
        ...(message.tool_calls ?? []).map((call) => ({
          type: "tool_call",
          id: call.id,
          name: call.function.name,
          arguments: call.function.arguments,
        })),
      ];
const tensorMessage = (message: Message): object => ({
  role: message.role === "assistant" ? "assistant" : "user",
  content: tensorBlocks(message),
});
