import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { ProtocolName } from "../../src/models/index.ts";
import { send } from "../open-gateway.ts";
import { ANSWER, GREETING, openAgentGateway, weatherModel } from "./agent.ts";
import { QUESTION, SURFACES } from "./surfaces.ts";

// A client gets answers of a provider that speaks another protocol, and reads them with the code it reads its own provider's with.

const PROTOCOLS: readonly ProtocolName[] = ["chat", "responses", "messages"];

describe.each(PROTOCOLS)("a model that speaks only %s", (spoken) => {
  test.each(SURFACES)("is an agent's over %s", async (_, client, stream) => {
    const provider = weatherModel([spoken]);
    const { url, calls } = await openAgentGateway({ provider });
    const greeted = await client(url, { stream, hasResult: false, prompt: "Hi" });
    const called = await client(url, { stream, hasResult: false, prompt: QUESTION });
    const answered = await client(url, { stream, hasResult: true, prompt: QUESTION });
    expect([greeted, called, answered]).toEqual([
      { text: GREETING, call: null },
      { text: "", call: 'get_weather {"city":"Paris"}' },
      { text: ANSWER, call: null },
    ]);
    expect(provider.asked.map(({ protocol }) => protocol)).toEqual([spoken, spoken, spoken]);
    expect(calls().map(({ response }) => response?.finish_reason)).toEqual(["stop", "tool_calls", "stop"]);
  });
});

const model = "m";
const clientOf = (url: string): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });

test("what a translation leaves out is said in a header", async () => {
  const { url, calls } = await openAgentGateway({ provider: weatherModel(["messages"]) });
  const { response } = await clientOf(url)
    .chat.completions.create({ model, seed: 7, n: 1, messages: [{ role: "user", content: "Hi" }] })
    .withResponse();
  expect(response.headers.get("x-understudy-lost")).toBe("seed, n");
  expect(calls()[0].foreign).toMatchObject({ lost: ["seed", "n"] });
  const untouched = await clientOf((await openAgentGateway()).url)
    .chat.completions.create({ model, seed: 7, messages: [{ role: "user", content: "Hi" }] })
    .withResponse();
  expect(untouched.response.headers.get("x-understudy-lost")).toBe(null);
});

test("of many odd fields some are named, in what a header can carry", async () => {
  const { url } = await openAgentGateway({ provider: weatherModel(["messages"]) });
  const odd = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`é,\r\n${at}${"x".repeat(99)}`, 1]));
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }], ...odd });
  const { status, headers } = await send(url, body);
  const names = String(headers["x-understudy-lost"]).split(", ");
  expect([status, names.length, names[20], names[0].slice(0, 8)]).toEqual([200, 21, "...", "____0xxx"]);
});
