import OpenAI, { BadRequestError, NotFoundError, RateLimitError } from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ANSWER, CITY, GREETING, openAgentGateway, RAINY } from "./agent.ts";

// The official client, unmodified, with its default settings but for retries.

async function connect(): Promise<
  Awaited<ReturnType<typeof openAgentGateway>> & { readonly client: OpenAI }
> {
  const gateway = await openAgentGateway();
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "sk-client", maxRetries: 0 });
  return { ...gateway, client };
}

const model = "gpt-4o";
const question = { role: "user" as const, content: "What is the weather in Paris?" };
const tool = {
  type: "function" as const,
  function: { name: "get_weather", description: "d", parameters: CITY },
};
const Greeting = z.object({ kind: z.string(), n: z.number() });

describe("openai, chat completions", () => {
  test("plain, with its request id", async () => {
    const { client } = await connect();
    const { data, response } = await client.chat.completions
      .create({ model, messages: [{ role: "user", content: "Hi" }] })
      .withResponse();
    expect([data.choices[0].message.content, data.usage?.total_tokens, data.service_tier]).toEqual([
      GREETING,
      25,
      "default",
    ]);
    expect(response.headers.get("x-understudy-served-by")).toBe("provider");
  });

  test("streamed", async () => {
    const { client, calls } = await connect();
    const stream = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let tokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      tokens = chunk.usage?.total_tokens ?? tokens;
    }
    expect([text, tokens]).toEqual([GREETING, 25]);
    expect(calls().map(({ response }) => response?.message.content)).toEqual([GREETING]);
  });

  test("a tool exchange, by the client's own runner", async () => {
    const { client, calls } = await connect();
    const runner = client.chat.completions.runTools({
      model,
      messages: [question],
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "d",
            parameters: { ...CITY, required: [...CITY.required] },
            parse: (text: string) => JSON.parse(text) as { city: string },
            function: ({ city }: { city: string }) => (city === "Paris" ? RAINY : "unknown"),
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe(ANSWER);
    expect(calls().map(({ response }) => response?.finish_reason)).toEqual(["tool_calls", "stop"]);
    expect(new Set(calls().map(({ session }) => session)).size).toBe(1);
  });

  test("a tool call in a stream, put together by the client's helper", async () => {
    const { client } = await connect();
    const stream = client.chat.completions.stream({ model, messages: [question], tools: [tool] });
    const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
    const [call] = message.tool_calls ?? [];
    expect([finish_reason, call?.type === "function" && call.function.arguments]).toEqual([
      "tool_calls",
      '{"city":"Paris"}',
    ]);
  });

  test("structured output", async () => {
    const { client } = await connect();
    const { choices } = await client.chat.completions.parse({
      model,
      messages: [{ role: "user", content: "as JSON" }],
      response_format: zodResponseFormat(Greeting, "greeting"),
    });
    expect(choices[0].message.parsed).toEqual({ kind: "greeting", n: 2 });
  });

  test("errors arrive as the client's own classes", async () => {
    const { client } = await connect();
    const limited = client.chat.completions.create({ model, messages: [{ role: "user", content: "429" }] });
    await expect(limited).rejects.toBeInstanceOf(RateLimitError);
    const bad = client.chat.completions.create({ model, messages: [] });
    await expect(bad).rejects.toBeInstanceOf(BadRequestError);
    await expect(client.get("/nowhere")).rejects.toBeInstanceOf(NotFoundError);
  });

  test("lists models, and stops a stream in the middle", async () => {
    const { client } = await connect();
    const names = [];
    for await (const one of client.models.list()) names.push(one.id);
    expect(names).toEqual(["scripted"]);
    const stream = await client.chat.completions.create({ model, messages: [question], stream: true });
    for await (const _ of stream) break;
    expect(stream.controller.signal.aborted).toBe(true);
  });
});

describe("openai, responses", () => {
  test("plain", async () => {
    const { client, calls } = await connect();
    const response = await client.responses.create({ model, instructions: "Be brief", input: "Hi" });
    expect([response.output_text, response.usage?.total_tokens]).toEqual([GREETING, 25]);
    expect(calls().map(({ request }) => request.messages)).toEqual([
      [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hi" },
      ],
    ]);
  });

  test("streamed", async () => {
    const { client, calls } = await connect();
    const stream = await client.responses.create({ model, input: "Hi", stream: true });
    let text = "";
    const types = [];
    for await (const one of stream) {
      types.push(one.type);
      if (one.type === "response.output_text.delta") text += one.delta;
    }
    expect([text, types.at(0), types.at(-1)]).toEqual([GREETING, "response.created", "response.completed"]);
    expect(calls().map(({ response }) => response?.message.content)).toEqual([GREETING]);
  });

  test("a tool exchange", async () => {
    const { client, calls } = await connect();
    const tools = [
      { type: "function" as const, name: "get_weather", description: "d", parameters: CITY, strict: false },
    ];
    const first = await client.responses.create({ model, input: [question], tools });
    const [call] = first.output;
    if (call.type !== "function_call") throw new RangeError("expected a function call");
    const second = await client.responses.create({
      model,
      tools,
      input: [question, call, { type: "function_call_output", call_id: call.call_id, output: RAINY }],
    });
    expect([call.arguments, second.output_text]).toEqual(['{"city":"Paris"}', ANSWER]);
    expect(calls().map(({ response }) => response?.finish_reason)).toEqual(["tool_calls", "stop"]);
  });

  test("a stream put together by the client's helper, structured output", async () => {
    const { client } = await connect();
    const stream = client.responses.stream({
      model,
      input: "as JSON",
      text: { format: zodTextFormat(Greeting, "greeting") },
    });
    expect((await stream.finalResponse()).output_parsed).toEqual({ kind: "greeting", n: 2 });
  });

  test("errors arrive as the client's own classes", async () => {
    const { client } = await connect();
    await expect(client.responses.create({ model, input: "429" })).rejects.toBeInstanceOf(RateLimitError);
    // A wrong type on purpose.
    const bad = client.responses.create({ model, input: 7 as unknown as string });
    await expect(bad).rejects.toBeInstanceOf(BadRequestError);
  });
});
