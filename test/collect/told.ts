import { expect } from "vitest";
import type { Call } from "../../src/core/index.ts";
import { formatOf } from "../../src/collect/formats.ts";
import { callOf } from "../../src/collect/parse.ts";
import { FORMS, type ExportFormat } from "../../src/collect/forms/index.ts";

// What the tests of the forms share. Their records are as each product exports them, written after its published schema (read in November 2026): Langfuse's public API and database export, LiteLLM's
// LiteLLM_SpendLogs and StandardLoggingPayload, Helicone's request query, Portkey's log export, LangSmith's run schema with
// LangChain's serialised messages, Braintrust's spans, TensorZero's ChatInference and JsonInference, ShareGPT.

type Fields = { readonly [field: string]: unknown };
export const pseudonym = (kind: string, name: string): string => `${kind}:${name.length}`;

export function callsIn(record: Fields, format: ExportFormat): Call[] {
  expect(formatOf(record)).toBe(format);
  return FORMS[format]
    .read(record)
    .flatMap((found) => (found.kind === "call" ? [callOf(found.draft, pseudonym)] : []));
}
export const kindsIn = (record: Fields, format: ExportFormat): string[] =>
  FORMS[format].read(record).map(({ kind }) => kind);

/** What every form is asked for. */
export const essence = ({
  id,
  session,
  at,
  origin,
  status,
  error,
  latencyMs,
  usage,
  request,
  response,
}: Call): object => ({
  id,
  session,
  at,
  origin,
  status,
  error,
  latencyMs,
  usage: [usage.inputTokens, usage.outputTokens],
  request,
  answer: response?.message ?? null,
  finish: response?.finish_reason ?? null,
});

export const TOOL = {
  type: "function",
  function: { name: "get_weather", description: "d", parameters: { type: "object" } },
};
export const CALLED = {
  role: "assistant",
  content: null,
  tool_calls: [
    { id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } },
  ],
};
export const MESSAGES = [
  { role: "system", content: "Be brief" },
  { role: "user", content: "Weather in Paris?" },
  CALLED,
  { role: "tool", tool_call_id: "call_1", content: "rainy" },
];
export const COMPLETION = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1772445600,
  model: "gpt-4o-2024-08-06",
  choices: [
    { index: 0, message: { role: "assistant", content: "Rainy." }, finish_reason: "stop", logprobs: null },
  ],
  usage: { prompt_tokens: 52, completion_tokens: 3, total_tokens: 55 },
};
export const AT = "2026-03-02T10:00:00.000Z";
export const END = "2026-03-02T10:00:00.250Z";
/** The call that most fixtures below tell. */
export const TOLD = {
  id: "i1",
  session: "s1",
  at: AT,
  origin: "user:4",
  status: 200,
  error: null,
  latencyMs: 250,
  usage: [52, 3],
  request: { model: "gpt-4o", temperature: 0.5, messages: MESSAGES, tools: [TOOL] },
  answer: { role: "assistant", content: "Rainy." },
  finish: "stop",
};
