import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, isStepCount, Output, streamText, tool, type LanguageModel } from "ai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ANSWER, GREETING, openAgentGateway, RAINY } from "./agent.ts";

// The AI SDK, unmodified, over its three ways to an OpenAI-compatible server.

const WAYS: { readonly [name: string]: (url: string) => LanguageModel } = {
  "@ai-sdk/openai, responses": (url) => createOpenAI({ baseURL: `${url}/v1`, apiKey: "sk-client" })("gpt-4o"),
  "@ai-sdk/openai, chat": (url) => createOpenAI({ baseURL: `${url}/v1`, apiKey: "sk-client" }).chat("gpt-4o"),
  "@ai-sdk/openai-compatible": (url) =>
    createOpenAICompatible({
      name: "understudy",
      baseURL: `${url}/v1`,
      apiKey: "sk-client",
      supportsStructuredOutputs: true,
    })("gpt-4o"),
};
const tools = {
  get_weather: tool({
    description: "d",
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => (city === "Paris" ? RAINY : "unknown"),
  }),
};
const stopWhen = isStepCount(3);

describe.each(Object.entries(WAYS))("%s", (_, modelAt) => {
  test("generates text", async () => {
    const { url, calls } = await openAgentGateway();
    const { text, usage } = await generateText({
      model: modelAt(url),
      instructions: "Be brief",
      prompt: "Hi",
      maxRetries: 0,
    });
    expect([text, usage.totalTokens]).toEqual([GREETING, 25]);
    expect(calls().map(({ request }) => request.messages.map(({ role }) => role))).toEqual([
      ["system", "user"],
    ]);
  });

  test("streams text", async () => {
    const { url, calls } = await openAgentGateway();
    const pieces: string[] = [];
    const { textStream } = streamText({ model: modelAt(url), prompt: "Hi", maxRetries: 0 });
    for await (const piece of textStream) pieces.push(piece);
    expect([pieces.join(""), pieces.length > 1]).toEqual([GREETING, true]);
    expect(calls().map(({ response }) => response?.message.content)).toEqual([GREETING]);
  });

  test("runs an agent's tools", async () => {
    const { url, calls } = await openAgentGateway();
    const prompt = "What is the weather in Paris?";
    const plain = await generateText({ model: modelAt(url), tools, prompt, stopWhen, maxRetries: 0 });
    const streamed = streamText({ model: modelAt(url), tools, prompt, stopWhen, maxRetries: 0 });
    expect([plain.text, await streamed.text, plain.steps.length]).toEqual([ANSWER, ANSWER, 2]);
    expect(calls().map(({ response }) => response?.finish_reason)).toEqual([
      "tool_calls",
      "stop",
      "tool_calls",
      "stop",
    ]);
  });

  test("generates an object", async () => {
    const { url } = await openAgentGateway();
    const { output } = await generateText({
      model: modelAt(url),
      output: Output.object({ schema: z.object({ kind: z.string(), n: z.number() }) }),
      prompt: "as JSON",
      maxRetries: 0,
    });
    expect(output).toEqual({ kind: "greeting", n: 2 });
  });

  test("tells an error with its status", async () => {
    const { url } = await openAgentGateway();
    const failed = generateText({ model: modelAt(url), prompt: "429", maxRetries: 0 });
    await expect(failed).rejects.toMatchObject({ statusCode: 429, isRetryable: true });
  });
});
