import Anthropic, { BadRequestError, RateLimitError } from "@anthropic-ai/sdk";
import { expect, test } from "vitest";
import { ANSWER, CITY, GREETING, openAgentGateway, RAINY } from "./agent.ts";

// The official client, unmodified, with its default settings but for retries.

async function connect(): Promise<
  Awaited<ReturnType<typeof openAgentGateway>> & { readonly client: Anthropic }
> {
  const gateway = await openAgentGateway();
  return { ...gateway, client: new Anthropic({ baseURL: gateway.url, apiKey: "sk-client", maxRetries: 0 }) };
}

const asked = { model: "claude-of-tests", max_tokens: 200 };
const question = { role: "user" as const, content: "What is the weather in Paris?" };
const tools = [
  { name: "get_weather", description: "d", input_schema: CITY as unknown as Anthropic.Tool.InputSchema },
];

test("anthropic: plain, with system text", async () => {
  const { client, calls } = await connect();
  const message = await client.messages.create({
    ...asked,
    system: "Be brief",
    messages: [{ role: "user", content: "Hi" }],
  });
  expect([message.content, message.stop_reason, message.usage.output_tokens]).toEqual([
    [{ type: "text", text: GREETING }],
    "end_turn",
    5,
  ]);
  expect(calls().map(({ request, response }) => [request.messages[0], response?.message.content])).toEqual([
    [{ role: "system", content: "Be brief" }, GREETING],
  ]);
});

test("anthropic: streamed, put together by the client's helper", async () => {
  const { client, calls } = await connect();
  const stream = client.messages.stream({ ...asked, messages: [{ role: "user", content: "Hi" }] });
  const pieces: string[] = [];
  stream.on("text", (piece) => pieces.push(piece));
  const message = await stream.finalMessage();
  expect([pieces.join(""), pieces.length > 1, message.stop_reason]).toEqual([GREETING, true, "end_turn"]);
  expect(calls().map(({ response }) => response?.message.content)).toEqual([GREETING]);
});

test.each([false, true])("anthropic: a tool exchange (streamed: %s)", async (stream) => {
  const { client, calls } = await connect();
  const send = (messages: Anthropic.MessageParam[]): Promise<Anthropic.Message> =>
    stream
      ? client.messages.stream({ ...asked, tools, messages }).finalMessage()
      : client.messages.create({ ...asked, tools, messages });
  const first = await send([question]);
  const [call] = first.content;
  if (call.type !== "tool_use") throw new RangeError("expected a tool use");
  const result = { type: "tool_result" as const, tool_use_id: call.id, content: RAINY };
  const second = await send([
    question,
    { role: "assistant", content: first.content },
    { role: "user", content: [result] },
  ]);
  expect([call.name, call.input, second.content]).toEqual([
    "get_weather",
    { city: "Paris" },
    [{ type: "text", text: ANSWER }],
  ]);
  expect(calls().map(({ response }) => response?.finish_reason)).toEqual(["tool_calls", "stop"]);
});

test("anthropic: counts tokens", async () => {
  const { client } = await connect();
  const { input_tokens } = await client.messages.countTokens({ model: asked.model, messages: [question] });
  expect(input_tokens).toBe(14);
});

test("anthropic: errors arrive as the client's own classes", async () => {
  const { client } = await connect();
  const limited = client.messages.create({ ...asked, messages: [{ role: "user", content: "429" }] });
  await expect(limited).rejects.toBeInstanceOf(RateLimitError);
  await expect(client.messages.create({ ...asked, messages: [] })).rejects.toBeInstanceOf(BadRequestError);
});
