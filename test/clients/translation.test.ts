import { describe, expect, test } from "vitest";
import type { ProtocolName } from "../../src/models/index.ts";
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
