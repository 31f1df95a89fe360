import type { Message } from "../../src/core/index.ts";
import type { LogFormat } from "../../src/collect/formats.ts";
import type { Writer } from "./writers.ts";

// Calls of ours as spans, in the habits of three instrumentations.

const argumentsOf = (call: { readonly function: { readonly arguments: string } }): unknown =>
  JSON.parse(call.function.arguments);

const attributes = (fields: object): object[] =>
  Object.entries(fields).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value as string },
  }));
const exported = (fields: object): object => ({
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: "t",
              spanId: "s",
              startTimeUnixNano: "1",
              endTimeUnixNano: "2",
              attributes: attributes(fields),
            },
          ],
        },
      ],
    },
  ],
});

const otelMessage = (message: Message): object => ({
  role: message.role,
  parts:
    message.role === "tool"
      ? [{ type: "tool_call_response", id: message.tool_call_id, response: message.content }]
      : [
          ...(typeof message.content === "string" ? [{ type: "text", content: message.content }] : []),
          ...(message.tool_calls ?? []).map((call) => ({
            type: "tool_call",
            id: call.id,
            name: call.function.name,
            arguments: argumentsOf(call),
          })),
        ],
});

const indexedMessage = (prefix: string, message: Message): object => ({
  [`${prefix}.role`]: message.role,
  ...(typeof message.content === "string" ? { [`${prefix}.content`]: message.content } : {}),
  ...(message.tool_call_id === undefined ? {} : { [`${prefix}.tool_call_id`]: message.tool_call_id }),
  ...Object.assign(
    {},
    ...(message.tool_calls ?? []).map((call, at) => ({
      [`${prefix}.tool_calls.${at}.id`]: call.id,
      [`${prefix}.tool_calls.${at}.name`]: call.function.name,
      [`${prefix}.tool_calls.${at}.arguments`]: call.function.arguments,
    })),
  ),
});

const inferenceMessage = (prefix: string, message: Message): object => ({
  [`${prefix}.message.role`]: message.role,
  ...(typeof message.content === "string" ? { [`${prefix}.message.content`]: message.content } : {}),
  ...(message.tool_call_id === undefined ? {} : { [`${prefix}.message.tool_call_id`]: message.tool_call_id }),
  ...Object.assign(
    {},
    ...(message.tool_calls ?? []).map((call, at) => ({
      [`${prefix}.message.tool_calls.${at}.tool_call.id`]: call.id,
      [`${prefix}.message.tool_calls.${at}.tool_call.function.name`]: call.function.name,
      [`${prefix}.message.tool_calls.${at}.tool_call.function.arguments`]: call.function.arguments,
    })),
  ),
});

export const OTLP_WRITERS: {
  readonly [form: string]: { readonly format: LogFormat; readonly write: Writer };
} = {
  "OpenTelemetry messages": {
    format: "otlp",
    write: ({ messages, tools, answer, usage }) =>
      exported({
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": usage[0],
        "gen_ai.usage.output_tokens": usage[1],
        "gen_ai.input.messages": JSON.stringify(messages.map(otelMessage)),
        "gen_ai.output.messages": JSON.stringify([{ ...otelMessage(answer), finish_reason: "stop" }]),
        "gen_ai.tool.definitions": JSON.stringify(
          tools.map((tool) => ({ type: "function", ...tool.function })),
        ),
      }),
  },
  OpenLLMetry: {
    format: "otlp",
    write: ({ messages, tools, answer, usage }) =>
      exported({
        "llm.request.type": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.prompt_tokens": usage[0],
        "gen_ai.usage.completion_tokens": usage[1],
        ...Object.assign(
          {},
          ...messages.map((message, at) => indexedMessage(`gen_ai.prompt.${at}`, message)),
        ),
        ...indexedMessage("gen_ai.completion.0", answer),
        "gen_ai.completion.0.finish_reason": "stop",
        ...Object.assign(
          {},
          ...tools.map((tool, at) => ({
            [`llm.request.functions.${at}.name`]: tool.function.name,
            [`llm.request.functions.${at}.description`]: tool.function.description,
            [`llm.request.functions.${at}.parameters`]: JSON.stringify(tool.function.parameters),
          })),
        ),
      }),
  },
  OpenInference: {
    format: "otlp",
    write: ({ messages, tools, answer, usage }) =>
      exported({
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "llm.token_count.prompt": usage[0],
        "llm.token_count.completion": usage[1],
        "llm.finish_reason": "stop",
        ...Object.assign(
          {},
          ...messages.map((message, at) => inferenceMessage(`llm.input_messages.${at}`, message)),
        ),
        ...inferenceMessage("llm.output_messages.0", answer),
        ...Object.assign(
          {},
          ...tools.map((tool, at) => ({ [`llm.tools.${at}.tool.json_schema`]: JSON.stringify(tool) })),
        ),
      }),
  },
};
