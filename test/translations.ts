import * as fc from "fast-check";
import type { ChatRequest, ChatResponse, Message } from "../src/core/index.ts";
import type { AnswerStep, Protocol } from "../src/models/protocol.ts";
import { fieldsOf, isFields, objects, without, type Fields } from "../src/models/protocols/fields.ts";
import { contentOf, partsOf } from "../src/models/protocols/parts.ts";
import { writeResponse } from "../src/models/protocols/writing.ts";

// What the tests of translation generate, and in which respect they compare.

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 120 });
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
const callId = fc.oneof(
  fc.stringMatching(/^call_[a-zA-Z0-9]{6,16}$/),
  fc.stringMatching(/^call_understudy_[a-f0-9]{6}$/),
);
const json = fc
  .dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((value) => JSON.stringify(JSON.parse(JSON.stringify(value))));

const call = fc
  .record({ id: callId, name, arguments: json })
  .map(({ id, ...named }) => ({ id, type: "function" as const, function: named }));
const calls = fc.uniqueArray(call, { minLength: 1, maxLength: 3, selector: ({ id }) => id });

const image = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => ({
  type: "image_url",
  image_url: { url: `data:image/png;base64,${Buffer.from(bytes).toString("base64")}` },
}));
const part = fc.oneof(
  { weight: 3, arbitrary: text.map((one) => ({ type: "text", text: one })) },
  { weight: 1, arbitrary: image },
);
const content = fc.oneof(text, fc.array(part, { minLength: 1, maxLength: 3 }));

const system = content.filter((one) => typeof one === "string" || one.every(({ type }) => type === "text"));
const turn = fc.oneof(
  fc.record({ user: content, said: text }).map(({ user, said }): Message[] => [
    { role: "user", content: user },
    { role: "assistant", content: said },
  ]),
  fc
    .record({ user: content, said: fc.option(text), calls, result: text })
    .map(({ user, said, calls, result }): Message[] => [
      { role: "user", content: user },
      { role: "assistant", content: said, tool_calls: calls },
      ...calls.map(({ id }, index) => ({ role: "tool", tool_call_id: id, content: `${result}${index}` })),
      { role: "assistant", content: "so" },
    ]),
);

const tool = fc.record({ name, description: text, property: name }).map(({ property, ...named }) => ({
  type: "function",
  function: { ...named, parameters: { type: "object", properties: { [property]: { type: "string" } } } },
}));

const settings = fc.record(
  {
    temperature: fc.constantFrom(0, 0.5, 1),
    top_p: fc.constantFrom(0.1, 1),
    max_tokens: fc.integer({ min: 16, max: 4000 }),
    stop: fc.array(text, { minLength: 1, maxLength: 2 }),
    seed: fc.nat(),
    user: name,
    stream: fc.boolean(),
    parallel_tool_calls: fc.constant(false),
    response_format: name.map((property) => ({
      type: "json_schema",
      json_schema: {
        name: "answer",
        schema: { type: "object", properties: { [property]: { type: "number" } } },
        strict: true,
      },
    })),
  },
  { requiredKeys: [] },
);

/** Requests that use what most protocols can say, and some of what not all can. */
export const anyRequest: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.option(system),
    turns: fc.array(turn, { maxLength: 2 }),
    last: content,
    tools: fc.uniqueArray(tool, { maxLength: 3, selector: (one) => one.function.name }),
    choice: fc.constantFrom(undefined, "auto", "required", "named"),
    settings,
  })
  .map(({ system, turns, last, tools, choice, settings }) => ({
    model: "m",
    messages: [
      ...(system === null ? [] : [{ role: "system", content: system }]),
      ...turns.flat(),
      { role: "user", content: last },
    ],
    ...(tools.length > 0 ? { tools } : {}),
    ...(tools.length > 0 && choice !== undefined ? { tool_choice: choiceOf(choice, tools) } : {}),
    ...(tools.length > 0 ? settings : without(settings, new Set(["parallel_tool_calls"]))),
  }));

function choiceOf(
  choice: string,
  tools: readonly { readonly function: { readonly name: string } }[],
): unknown {
  return choice === "named" ? { type: "function", function: { name: tools[0].function.name } } : choice;
}

/** A request in one form, where protocols have several for the same. */
export function plainRequest(request: ChatRequest): Fields {
  const { stream_options: _, max_completion_tokens, stream, tool_choice, ...rest } = request;
  const format = fieldsOf(request.response_format);
  return {
    ...rest,
    ...(stream === true ? { stream } : {}),
    ...(tool_choice === undefined || tool_choice === "auto" ? {} : { tool_choice }),
    ...(max_completion_tokens === undefined ? {} : { max_tokens: max_completion_tokens }),
    ...(isFields(format["json_schema"]) ? { response_format: format["json_schema"]["schema"] } : {}),
    messages: request.messages.map(plainMessage),
  };
}

function plainMessage(message: Message): Fields {
  const tool_calls = message.tool_calls?.map((one) => without(one, new Set(["extra_content"])));
  return {
    ...without(message, new Set(message.role === "tool" ? ["name"] : [])),
    content: contentOf(partsOf(message.content)),
    ...(tool_calls === undefined ? {} : { tool_calls }),
  };
}

const usage = fc
  .record({ input: fc.nat(5000), output: fc.nat(500), cached: fc.nat(100) })
  .map(({ input, output, cached }) => ({
    prompt_tokens: input + cached,
    completion_tokens: output,
    total_tokens: input + cached + output,
    prompt_tokens_details: { cached_tokens: cached },
  }));

/** Answers that every protocol can give. */
export const anyResponse: fc.Arbitrary<ChatResponse> = fc
  .record({
    said: fc.option(text),
    reasoning: fc.option(text),
    calls: fc.option(calls),
    reason: fc.constantFrom("stop", "length", "content_filter"),
    usage,
  })
  .map(({ said, reasoning, calls, reason, usage }) => ({
    message: {
      role: "assistant",
      content: calls === null ? (said ?? "") : said,
      ...(reasoning === null ? {} : { reasoning_content: reasoning }),
      ...(calls === null ? {} : { tool_calls: calls }),
    },
    finish_reason: calls === null ? reason : "tool_calls",
    usage,
  }));

/** What an answer says: its message, how it ended, and the counts that all protocols have. */
export function saidBy(response: ChatResponse | null): Fields {
  const { message, finish_reason } = response ?? { message: null, finish_reason: null };
  const { prompt_tokens, completion_tokens } = fieldsOf(response?.["usage"]);
  const bare = without(fieldsOf(message), new Set(["reasoning_details"]));
  return { message: bare, finish_reason, prompt_tokens, completion_tokens };
}

const IDENTITY = { id: "abc123", createdS: 5, model: "m" };

/** The request of a client that wants a plain answer or a stream. */
export function asking(isStream: boolean): ChatRequest {
  const messages = [{ role: "user", content: "?" }];
  return { model: "m", messages, stream: isStream, stream_options: { include_usage: true } };
}

export function bytesOf(protocol: Protocol, response: ChatResponse, isStream: boolean): Uint8Array {
  return Buffer.concat([...writeResponse(protocol, asking(isStream), response, IDENTITY)]);
}

/** All steps of an answer that comes in these pieces. */
export function stepsIn(
  protocol: Protocol,
  pieces: readonly Uint8Array[],
  isStream: boolean,
): readonly AnswerStep[] {
  const reader = protocol.reader(200, isStream);
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

/** The answer of one protocol written in another. */
export function translated(from: Protocol, to: Protocol, bytes: Uint8Array, isStream: boolean): Uint8Array {
  const writer = to.writer(asking(isStream), IDENTITY);
  return Buffer.concat(stepsIn(from, [bytes], isStream).map((step) => writer.push(step)));
}

/** What is wrong with the order of steps; empty when they keep their contract. */
export function breachesOf(steps: readonly AnswerStep[]): readonly string[] {
  const breaches: string[] = [];
  let open: number | null = null;
  let calls = 0;
  for (const [at, step] of steps.entries()) {
    const isLast = at === steps.length - 1;
    const isTerminal = step.type === "finish" || step.type === "error";
    if (isTerminal !== isLast) breaches.push(`${step.type} at ${at} of ${steps.length}`);
    if (at === 0 && step.type !== "start" && step.type !== "error") breaches.push(`${step.type} first`);
    if (at > 0 && step.type === "start") breaches.push("start again");
    if (step.type === "tool-call-start") {
      if (open !== null || step.index !== calls) breaches.push(`call ${step.index} begins out of turn`);
      open = step.index;
      calls += 1;
    } else if (step.type === "tool-call-delta" || step.type === "tool-call-end") {
      if (step.index !== open) breaches.push(`${step.type} of ${step.index} while ${open} is open`);
      if (step.type === "tool-call-end") open = null;
    } else if (open !== null) breaches.push(`${step.type} within a call`);
  }
  if (objects([...steps]).length === 0) breaches.push("no steps");
  return breaches;
}
