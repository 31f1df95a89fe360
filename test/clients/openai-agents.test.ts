import {
  Agent,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  Runner,
  tool,
  type Model,
} from "@openai/agents";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ANSWER, openAgentGateway, RAINY } from "./agent.ts";

// OpenAI's agents, unmodified: what a run asks for comes through the gateway, call by call.

const WAYS: { readonly [name: string]: (client: OpenAI) => Model } = {
  responses: (client) => new OpenAIResponsesModel(client, "gpt-4o"),
  "chat completions": (client) => new OpenAIChatCompletionsModel(client, "gpt-4o"),
};
const getWeather = tool({
  name: "get_weather",
  description: "d",
  parameters: z.object({ city: z.string() }),
  execute: ({ city }) => Promise.resolve(city === "Paris" ? RAINY : "unknown"),
});

describe.each(Object.entries(WAYS))("@openai/agents over %s", (_, modelOf) => {
  test.each([false, true])("runs an agent with a tool (streamed: %s)", async (stream) => {
    const { url, calls } = await openAgentGateway();
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-client", maxRetries: 0 });
    const agent = new Agent({
      name: "weather",
      instructions: "Be brief",
      model: modelOf(client),
      tools: [getWeather],
    });
    const runner = new Runner({ tracingDisabled: true });
    const prompt = "What is the weather in Paris?";
    const run = stream ? await runner.run(agent, prompt, { stream: true }) : await runner.run(agent, prompt);
    if ("completed" in run) await run.completed;
    expect(run.finalOutput).toBe(ANSWER);
    expect(
      calls().map(({ request, response }) => [request.messages.length, response?.finish_reason]),
    ).toEqual([
      [2, "tool_calls"],
      [4, "stop"],
    ]);
  });
});
