import { expect } from "vitest";
import type { Call } from "../../src/core/index.ts";
import { formatOf } from "../../src/collect/formats.ts";
import { callOf } from "../../src/collect/parse.ts";
import { Halves, type Found } from "../../src/collect/forms/index.ts";
import { otlp } from "../../src/collect/forms/otlp.ts";

// Attribute names and shapes as in OpenTelemetry's semantic conventions for GenAI (1.27, 1.36, 1.38 and later), OpenLLMetry 0.4x,
// OpenInference and the AI SDK 5, read in November 2026.

export type Value = string | number | boolean | readonly string[];
const value = (one: Value): object =>
  typeof one === "string"
    ? { stringValue: one }
    : typeof one === "number"
      ? Number.isInteger(one)
        ? { intValue: String(one) }
        : { doubleValue: one }
      : typeof one === "boolean"
        ? { boolValue: one }
        : { arrayValue: { values: one.map((text) => ({ stringValue: text })) } };
export const attributes = (fields: { readonly [name: string]: Value }): object[] =>
  Object.entries(fields).map(([key, one]) => ({ key, value: value(one) }));
export const span = (fields: { readonly [name: string]: Value }, rest: object = {}): object => ({
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  name: "chat gpt-4o",
  kind: 3,
  startTimeUnixNano: "1772445600000000000",
  endTimeUnixNano: "1772445600250500000",
  attributes: attributes(fields),
  status: {},
  ...rest,
});
export const exported = (...spans: object[]): { [field: string]: unknown } => ({
  resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: "x" }, spans }] }],
});

type Records = readonly { readonly [field: string]: unknown }[];

/** What records hold, put together as an import does it. */
function foundIn(records: Records): Found[] {
  const halves = new Halves<null>();
  const found = records.flatMap((record): Found[] => {
    expect(formatOf(record)).toBe("otlp");
    return otlp
      .read(record)
      .flatMap((one) =>
        one.kind === "half" ? halves.add(one.half, null).map((whole) => whole.found) : [one],
      );
  });
  return [...found, ...halves.rest().map((one) => one.found)];
}

export const callsIn = (...records: Records): Call[] =>
  foundIn(records).flatMap((found) =>
    found.kind === "call" ? [callOf(found.draft, (kind, name) => `${kind}:${name.length}`)] : [],
  );
export const kindsIn = (...records: Records): string[] => foundIn(records).map(({ kind }) => kind);

export const WEATHER = {
  type: "function",
  function: { name: "get_weather", description: "d", parameters: { type: "object" } },
};
export const asked = [
  { role: "system", content: "Be brief" },
  { role: "user", content: "Weather in Paris?" },
  {
    role: "assistant",
    content: null,
    tool_calls: [
      { id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } },
    ],
  },
  { role: "tool", tool_call_id: "call_1", content: "rainy" },
];
export const answered = { role: "assistant", content: "Rainy." };
