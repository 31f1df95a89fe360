import OpenAI from "openai";
import { expect, test } from "vitest";
import { createAnswerCache } from "../../src/gateway/index.ts";
import type { Answer } from "../../src/core/index.ts";
import { protocols, type MadeQuestion } from "../../src/models/index.ts";
import { ANSWER, CITY, GREETING, openAgentGateway, RAINY, weatherModel } from "./agent.ts";

// The official client goes on from answers that no provider knows, by `previous_response_id` alone.

type Settings = Parameters<typeof openAgentGateway>[0];

async function connect(setup: Settings = {}) {
  const gateway = await openAgentGateway(setup);
  const client = (apiKey = "sk-a"): OpenAI =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
  return { ...gateway, client };
}

const model = "m";
const OWN = /^resp_understudy_/;
const TOOLS = [
  { type: "function" as const, name: "get_weather", description: "d", parameters: CITY, strict: false },
];

/** A specialist that is certain at the first `sure` questions and of no other. */
function specialist(sure: number, answer: Answer = { type: "text", text: "lost_card" }) {
  let asked = 0;
  return () => {
    asked += 1;
    return { answer, score: asked <= sure ? 1 : 0 };
  };
}

/** One turn, plain or as a stream that the client's helper puts together. */
async function turn(
  client: OpenAI,
  isStream: boolean,
  body: OpenAI.Responses.ResponseCreateParamsNonStreaming,
): Promise<OpenAI.Responses.Response> {
  if (!isStream) return client.responses.create(body);
  const stream = await client.responses.create({ ...body, stream: true });
  for await (const event of stream) {
    if (event.type === "response.completed") return event.response;
  }
  throw new RangeError("the stream did not complete");
}

const bodyOf = ({ body }: MadeQuestion): unknown => JSON.parse(Buffer.from(body).toString());
const textOf = ({ output }: OpenAI.Responses.Response): string =>
  output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : ""))
    .join("");
const said = (text: string) => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
});

test.each([false, true])(
  "goes on from a specialist's answers at the provider (streamed: %s)",
  async (isStream) => {
    const { client, asked, calls } = await connect({ answer: specialist(2) });
    const one = await turn(client(), isStream, { model, instructions: "Old", input: "I lost it" });
    const two = await turn(client(), isStream, {
      model,
      input: [{ role: "user", content: "My card" }],
      previous_response_id: one.id,
    });
    const three = await turn(client(), isStream, {
      model,
      instructions: "New",
      input: "Hi",
      previous_response_id: two.id,
    });
    expect([one.id, two.id, three.id].map((id) => OWN.test(id))).toEqual([true, true, false]);
    expect(textOf(three)).toBe(GREETING);
    expect(asked.map(bodyOf)).toEqual([
      {
        model,
        instructions: "New",
        ...(isStream ? { stream: true } : {}),
        input: [
          { role: "user", content: "I lost it" },
          said("lost_card"),
          { role: "user", content: "My card" },
          said("lost_card"),
          { role: "user", content: "Hi" },
        ],
      },
    ]);
    // What was asked is recorded whole.
    expect(calls().map(({ request }) => request.messages.length)).toEqual([2, 3, 6]);
  },
);

test("answers a specialist's tool call by its response alone", async () => {
  const call: Answer = {
    type: "tool-calls",
    text: "",
    calls: [{ name: "get_weather", arguments: { city: "Paris" } }],
  };
  const { client, asked, calls } = await connect({ answer: specialist(1, call) });
  const first = await client().responses.create({ model, tools: TOOLS, input: "What is the weather?" });
  const [made] = first.output;
  if (made.type !== "function_call") throw new RangeError("expected a function call");
  const second = await client().responses.create({
    model,
    tools: TOOLS,
    previous_response_id: first.id,
    input: [{ type: "function_call_output", call_id: made.call_id, output: RAINY }],
  });
  expect(second.output_text).toBe(ANSWER);
  expect(new Set(calls().map(({ session }) => session)).size).toBe(1);
  expect(asked.map(bodyOf)).toMatchObject([
    {
      input: [
        { role: "user" },
        { type: "function_call", call_id: made.call_id, name: "get_weather", arguments: '{"city":"Paris"}' },
        { type: "function_call_output", call_id: made.call_id },
      ],
    },
  ]);
});

test.each([
  ["chat", false],
  ["chat", true],
  ["messages", false],
  ["messages", true],
] as const)("goes on from answers that were translated from %s (streamed: %s)", async (spoken, isStream) => {
  const provider = weatherModel([spoken]);
  const { client } = await connect({ provider });
  const ask = { model, tools: TOOLS };
  const one = await turn(client(), isStream, { ...ask, input: "What is the weather in Paris?" });
  const [made] = one.output;
  if (made.type !== "function_call") throw new RangeError("expected a function call");
  const two = await turn(client(), isStream, {
    ...ask,
    previous_response_id: one.id,
    input: [{ type: "function_call_output", call_id: made.call_id, output: RAINY }],
  });
  const three = await turn(client(), isStream, { ...ask, previous_response_id: two.id, input: "Thanks" });
  expect([one.id, two.id, three.id].every((id) => OWN.test(id))).toBe(true);
  const read = protocols.get(spoken)?.parse(provider.asked[2].body);
  const messages = read?.ok === true ? read.request.messages : [];
  expect(messages.map(({ role, content }) => [role, content])).toEqual([
    ["user", "What is the weather in Paris?"],
    ["assistant", null],
    ["tool", RAINY],
    ["assistant", ANSWER],
    ["user", "Thanks"],
  ]);
});

test("goes on from a kept answer to the provider's response that it had gone on from", async () => {
  const cache = createAnswerCache({ ttlMs: () => 60_000, nowMs: () => 0 });
  const { client, asked } = await connect({ taskId: "task_a", deps: { cache } });
  const ask = { model, input: "Hi", previous_response_id: "resp_of_the_provider" };
  await client().responses.create(ask);
  const kept = await client().responses.create(ask);
  await client().responses.create({ model, input: "And?", previous_response_id: kept.id });
  expect(OWN.test(kept.id)).toBe(true);
  expect(asked.map(bodyOf)).toEqual([
    ask,
    {
      model,
      previous_response_id: "resp_of_the_provider",
      input: [{ role: "user", content: "Hi" }, said(GREETING), { role: "user", content: "And?" }],
    },
  ]);
});

test("a conversation is always the provider's: what it is asked is not answered from the cache", async () => {
  const cache = createAnswerCache({ ttlMs: () => 60_000, nowMs: () => 0 });
  const { client, asked } = await connect({ taskId: "task_a", deps: { cache } });
  const ask = { model, input: "Hi", conversation: "conv_1" };
  await client().responses.create(ask);
  await client().responses.create(ask);
  expect(asked.map(bodyOf)).toEqual([ask, ask]);
});

test("an answer that is not held is not found, as OpenAI says it", async () => {
  const { client, asked } = await connect({ answer: specialist(3) });
  const error = {
    status: 400,
    code: "previous_response_not_found",
    param: "previous_response_id",
    type: "invalid_request_error",
  };
  const goOn = (id: string, apiKey?: string): Promise<unknown> =>
    client(apiKey).responses.create({ model, input: "And?", previous_response_id: id });
  // Of before a restart, of someone else, not to be kept.
  await expect(goOn("resp_understudy_call_old")).rejects.toMatchObject(error);
  const { id } = await client().responses.create({ model, input: "Hi" });
  await expect(goOn(id, "sk-b")).rejects.toMatchObject(error);
  const unkept = await client().responses.create({ model, input: "Hi", store: false });
  await expect(goOn(unkept.id)).rejects.toMatchObject(error);
  await goOn(id);
  expect(asked).toEqual([]);
});

test("a reference to an item of an answer is replaced by the item", async () => {
  const { client, asked } = await connect({ answer: specialist(1) });
  const { output } = await client().responses.create({ model, input: "Hi" });
  const id = output[0].id ?? "";
  const ask = (at: string): Promise<unknown> =>
    client().responses.create({
      model,
      input: [
        { role: "user", content: "Hi" },
        { type: "item_reference", id: at },
        { role: "user", content: "And?" },
      ],
    });
  await ask(id);
  await ask("msg_of_the_provider");
  await expect(ask("msg_understudy_call_old_0")).rejects.toMatchObject({ status: 400, param: "input" });
  expect(asked.map((one) => (bodyOf(one) as { input: unknown[] }).input[1])).toEqual([
    said("lost_card"),
    { type: "item_reference", id: "msg_of_the_provider" },
  ]);
});
