import { describe, expect, test } from "vitest";
import { formatOf, type LogFormat } from "../formats.ts";
import { callsOfFinetune } from "../parse.ts";
import { asFinetune } from "./index.ts";
import { CALLED, TOOL, pseudonym } from "../../../test/collect/told.ts";

describe("sharegpt", () => {
  test("makes a call of every answer, tool calls included", () => {
    const record = {
      id: "s1",
      system: "Be brief",
      tools: JSON.stringify([{ name: "get_weather", description: "d", parameters: { type: "object" } }]),
      conversations: [
        { from: "human", value: "Weather in Paris?" },
        { from: "function_call", value: '{"name":"get_weather","arguments":{"city":"Paris"}}' },
        { from: "observation", value: "rainy" },
        { from: "gpt", value: "Rainy." },
      ],
    };
    const format: LogFormat | null = formatOf(record);
    const calls = callsOfFinetune(asFinetune(record), pseudonym);
    expect([
      format,
      ...calls.map(({ session, request, response }) => [
        session,
        request.messages.length,
        request.tools,
        response?.message,
      ]),
    ]).toEqual([
      "sharegpt",
      [
        "s1",
        2,
        [TOOL],
        { role: "assistant", content: null, tool_calls: [{ ...CALLED.tool_calls[0], id: undefined }] },
      ],
      ["s1", 4, [TOOL], { role: "assistant", content: "Rainy." }],
    ]);
  });

  test("refuses a speaker it does not know", () => {
    const record = {
      conversations: [
        { from: "narrator", value: "x" },
        { from: "gpt", value: "y" },
      ],
    };
    expect(() => callsOfFinetune(asFinetune(record), pseudonym)).toThrow(/messages\[0\]\.role/);
  });
});
