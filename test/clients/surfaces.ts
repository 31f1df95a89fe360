import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { CITY, RAINY } from "./agent.ts";

type Turn = { readonly text: string; readonly call: string | null };
/** One turn of an agent over one surface: what was said, and the tool call with its arguments. */
type Client = (
  url: string,
  wants: { readonly stream: boolean; readonly hasResult: boolean; readonly prompt: string },
) => Promise<Turn>;

export const QUESTION = "What is the weather in Paris?";
const tool = { name: "get_weather", description: "d" };

const CLIENTS: { readonly [protocol: string]: Client } = {
  chat: async (url, { stream, hasResult, prompt }) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });
    const call = {
      id: "call_1",
      type: "function" as const,
      function: { name: "get_weather", arguments: '{"city":"Paris"}' },
    };
    const asked = {
      model: "m",
      tools: [{ type: "function" as const, function: { ...tool, parameters: CITY } }],
      messages: [
        { role: "user" as const, content: prompt },
        ...(hasResult
          ? [
              { role: "assistant" as const, tool_calls: [call] },
              { role: "tool" as const, tool_call_id: "call_1", content: RAINY },
            ]
          : []),
      ],
    };
    const answer = stream
      ? await client.chat.completions.stream(asked).finalChatCompletion()
      : await client.chat.completions.create(asked);
    const { content, tool_calls } = answer.choices[0].message;
    const [made] = tool_calls ?? [];
    return {
      text: content ?? "",
      call: made?.type === "function" ? `${made.function.name} ${made.function.arguments}` : null,
    };
  },
  responses: async (url, { stream, hasResult, prompt }) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });
    const asked = {
      model: "m",
      tools: [{ type: "function" as const, ...tool, parameters: CITY, strict: false }],
      input: [
        { role: "user" as const, content: prompt },
        ...(hasResult
          ? [
              {
                type: "function_call" as const,
                call_id: "call_1",
                name: "get_weather",
                arguments: '{"city":"Paris"}',
              },
              { type: "function_call_output" as const, call_id: "call_1", output: RAINY },
            ]
          : []),
      ],
    };
    const answer = stream
      ? await client.responses.stream(asked).finalResponse()
      : await client.responses.create(asked);
    const [made] = answer.output.flatMap((item) => (item.type === "function_call" ? [item] : []));
    return { text: answer.output_text, call: made === undefined ? null : `${made.name} ${made.arguments}` };
  },
  messages: async (url, { stream, hasResult, prompt }) => {
    const client = new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 0 });
    const asked: Anthropic.MessageCreateParamsNonStreaming = {
      model: "m",
      max_tokens: 100,
      tools: [{ ...tool, input_schema: CITY as unknown as Anthropic.Tool.InputSchema }],
      messages: [
        { role: "user", content: prompt },
        ...(hasResult
          ? [
              {
                role: "assistant" as const,
                content: [
                  { type: "tool_use" as const, id: "call_1", name: "get_weather", input: { city: "Paris" } },
                ],
              },
              {
                role: "user" as const,
                content: [{ type: "tool_result" as const, tool_use_id: "call_1", content: RAINY }],
              },
            ]
          : []),
      ],
    };
    const answer = stream
      ? await client.messages.stream(asked).finalMessage()
      : await client.messages.create(asked);
    const text = answer.content.map((block) => (block.type === "text" ? block.text : "")).join("");
    const made = answer.content.find((block) => block.type === "tool_use");
    return { text, call: made === undefined ? null : `${made.name} ${JSON.stringify(made.input)}` };
  },
};

/** Every surface, plain and streamed, with its official client. */
export const SURFACES = Object.entries(CLIENTS).flatMap(([name, client]) =>
  [false, true].map((stream) => [stream ? `${name}, streamed` : name, client, stream] as const),
);
