import { describe, expect, test } from "vitest";
import { AT, END, MESSAGES, TOLD, TOOL, callsIn, essence, kindsIn } from "../../../test/collect/told.ts";

describe("langfuse", () => {
  const api = {
    id: "i1",
    traceId: "t1",
    type: "GENERATION",
    name: "answer",
    startTime: AT,
    endTime: END,
    completionStartTime: null,
    model: "gpt-4o",
    modelParameters: { temperature: 0.5 },
    input: { messages: MESSAGES, tools: [TOOL] },
    output: { role: "assistant", content: "Rainy." },
    metadata: { secret: "m" },
    usage: { input: 52, output: 3, total: 55, unit: "TOKENS" },
    usageDetails: { input: 52, output: 3, total: 55 },
    level: "DEFAULT",
    statusMessage: null,
    parentObservationId: null,
  };
  const expected = { ...TOLD, session: "t1", origin: null, finish: null };

  test("reads an observation of the API", () => {
    expect(callsIn(api, "langfuse").map(essence)).toEqual([expected]);
  });

  test("reads a trace with its observations: session and user are the trace's", () => {
    const trace = {
      id: "t1",
      timestamp: AT,
      sessionId: "s1",
      userId: "jane",
      observations: [api, { ...api, id: "i2", type: "SPAN" }],
    };
    expect(callsIn(trace, "langfuse").map(essence)).toEqual([{ ...TOLD, finish: null }]);
    expect(kindsIn(trace, "langfuse")).toEqual(["call", "other"]);
  });

  test("reads a row of the database export, with JSON in text", () => {
    const row = {
      id: "i1",
      trace_id: "t1",
      project_id: "p",
      type: "GENERATION",
      start_time: "2026-03-02 10:00:00.000000",
      end_time: "2026-03-02 10:00:00.250000",
      provided_model_name: "gpt-4o",
      model_parameters: '{"temperature":0.5}',
      input: JSON.stringify(MESSAGES),
      output: JSON.stringify({ role: "assistant", content: "Rainy." }),
      tool_definitions: {
        get_weather: JSON.stringify({ description: "d", parameters: '{"type":"object"}' }),
      },
      usage_details: { input: 52, output: 3, total: 55 },
      level: "DEFAULT",
      status_message: "",
    };
    expect(callsIn(row, "langfuse").map(essence)).toEqual([expected]);
  });

  test("reads an ingestion event", () => {
    const { type: _, ...body } = api;
    expect(
      callsIn({ id: "e", type: "generation-create", timestamp: AT, body }, "langfuse").map(essence),
    ).toEqual([expected]);
  });

  test("takes an error as a failed call, a text as a text and a bare object as JSON", () => {
    const failed = { ...api, level: "ERROR", statusMessage: "429 Too many", output: null };
    const text = { ...api, output: "Rainy." };
    const json = { ...api, output: { weather: "rainy" } };
    const calls = [failed, text, json].flatMap((one) => callsIn(one, "langfuse"));
    expect(calls.map(({ status, error, response }) => [status, error, response?.message.content])).toEqual([
      [500, { message: "429 Too many" }, undefined],
      [200, null, "Rainy."],
      [200, null, '{"weather":"rainy"}'],
    ]);
  });
});
