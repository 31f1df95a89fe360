import { describe, expect, test } from "vitest";
import type { Answer } from "../../src/core/index.ts";
import { openAgentGateway } from "./agent.ts";
import { QUESTION, SURFACES } from "./surfaces.ts";

// What a specialist says is read by each client with the code it reads its own provider with.

describe("a specialist's answer", () => {
  const TEXT: Answer = { type: "text", text: "lost_card" };
  const CALL: Answer = {
    type: "tool-calls",
    text: "",
    calls: [{ name: "get_weather", arguments: { city: "Paris" } }],
  };
  const JSON_ANSWER: Answer = { type: "json", value: { kind: "é", list: [1, null] } };

  test.each(SURFACES)("is read over %s", async (_, client, stream) => {
    for (const [answer, expected] of [
      [TEXT, { text: "lost_card", call: null }],
      [CALL, { text: "", call: 'get_weather {"city":"Paris"}' }],
      [JSON_ANSWER, { text: '{"kind":"é","list":[1,null]}', call: null }],
    ] as const) {
      const { url, calls, close } = await openAgentGateway({ answer: () => ({ answer, score: 1 }) });
      const turn = await client(url, { stream, hasResult: false, prompt: QUESTION });
      expect([{ ...turn, text: turn.text.replaceAll(/\s/g, "") }, calls()[0]?.servedBy]).toEqual([
        expected,
        "specialist",
      ]);
      await close();
    }
  });
});
