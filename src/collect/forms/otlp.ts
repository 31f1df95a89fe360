import { finishOf, usageFrom } from "./answer.ts";
import { fieldsOf, given, isFields, isoTime, listOf, textIn, unpacked, type Fields } from "./fields.ts";
import { failedOr, OTHER, type Draft, type Form, type Found } from "./form.ts";
import { contentOf, type Content } from "./otlp-content.ts";
import { halvesOfLogs, keyOf, spanOf, type Half, type Span } from "./otlp-span.ts";
import { parametersFrom } from "./tools.ts";

/** OTLP JSON: an export request of spans or of log records (the events of the GenAI conventions), or one span. */
export const otlp: Form = {
  is: (record) => groupsOf(record).length > 0 || isSpan(record),
  read(record) {
    if (isSpan(record)) return withoutWrappers([spanOf(record)]);
    const found = groupsOf(record).flatMap(foundInGroup);
    return found.length === 0 ? OTHER : found;
  },
};

const GROUPS = ["resourceSpans", "resource_spans", "batches", "resourceLogs", "resource_logs"];

const groupsOf = (record: Fields): readonly Fields[] => GROUPS.flatMap((name) => listOf(record[name]));

const isSpan = (record: Fields): boolean =>
  ("spanId" in record || "span_id" in record) &&
  ("startTimeUnixNano" in record || "start_time_unix_nano" in record);

function foundInGroup(group: Fields): Found[] {
  const scopes = ["scopeSpans", "scope_spans", "instrumentationLibrarySpans"].flatMap((name) =>
    listOf(group[name]),
  );
  const logs = ["scopeLogs", "scope_logs"].flatMap((name) => listOf(group[name]));
  const records = logs.flatMap((scope) => listOf(scope["logRecords"] ?? scope["log_records"]));
  return [
    ...withoutWrappers(scopes.flatMap((scope) => listOf(scope["spans"]).map(spanOf))),
    ...halvesOfLogs(records).map((half): Found => ({ kind: "half", half })),
  ];
}

/** What a call is told twice, by a framework and by the client it calls, is one call: the inner span, which saw the wire. */
function withoutWrappers(spans: readonly Span[]): Found[] {
  const parents = new Map(spans.map(({ id, parent }) => [id, parent]));
  const found = spans.map((span) => ({ span, found: foundIn(span) }));
  const wrappers = new Set<string>();
  for (const { span, found: one } of found) {
    if (one.kind !== "call") continue;
    let { parent } = span;
    for (let steps = 0; parent !== undefined && parent !== "" && steps < MAX_NESTING; steps += 1) {
      wrappers.add(parent);
      parent = parents.get(parent);
    }
  }
  return found.map(({ span, found: one }) => (wrappers.has(span.id) ? { kind: "other" } : one));
}

/** Spans above a span that are looked at; deeper traces are loops. */
const MAX_NESTING = 200;

function foundIn(span: Span): Found {
  const { attributes } = span;
  if (!isModelCall(attributes)) return { kind: "other" };
  const content = contentOf(attributes, span.events);
  // The content may come in events of its own.
  if (content === null || content.messages.length === 0)
    return { kind: "half", half: { key: keyOf(span), span, events: [] } };
  return { kind: "call", draft: draftOf(span, content) };
}

/** True when a span and its events say all that was recorded of the call. */
export function isWhole({ span, events }: Half): boolean {
  if (span === null) return false;
  const content = contentOf(span.attributes, events);
  return content !== null && (content.answer !== null || errorOf(span) !== undefined);
}

/** The call in a span and its events, as far as they came. */
export function settled(half: Half): Found {
  const span = half.span ?? standIn(half);
  const content = contentOf(span.attributes, [...span.events, ...half.events]);
  if (content !== null && content.messages.length > 0) return { kind: "call", draft: draftOf(span, content) };
  const detail = `span "${span.id}" was recorded without messages: turn the capture of content on where it is traced`;
  return { kind: "no-content", detail };
}

/** Events whose span is not there say themselves whose they are. */
function standIn({ key, events }: Half): Span {
  const [first] = events;
  const [trace, id] = key.split(":");
  return {
    id,
    trace: trace === "" ? undefined : trace,
    parent: undefined,
    name: undefined,
    startMs: first.timeMs,
    endMs: undefined,
    attributes: { "gen_ai.operation.name": "chat", ...first.attributes },
    events: [],
    isFailed: first.attributes["error.type"] !== undefined,
    message: undefined,
  };
}

const CALLS = new Set(["chat", "generate_content", "text_completion", "completion"]);

function isModelCall(attributes: Fields): boolean {
  const operation = textIn(attributes, "gen_ai.operation.name");
  if (operation !== undefined) return CALLS.has(operation);
  const kind = textIn(attributes, "openinference.span.kind");
  if (kind !== undefined) return kind === "LLM";
  const sdk = textIn(attributes, "ai.operationId");
  if (sdk !== undefined) return sdk.endsWith(".doGenerate") || sdk.endsWith(".doStream");
  const type = textIn(attributes, "llm.request.type", "gen_ai.request.type");
  if (type !== undefined) return type === "chat" || type === "completion";
  return textIn(attributes, "gen_ai.request.model", "llm.request.model") !== undefined;
}

function draftOf(span: Span, content: Content): Draft {
  const { attributes } = span;
  const model = textIn(
    attributes,
    "gen_ai.request.model",
    "llm.request.model",
    "llm.request.model_name",
    "ai.model.id",
    "llm.model_name",
    "gen_ai.response.model",
  );
  const { startMs, endMs } = span;
  return {
    ...given({
      id: keyOf(span),
      session: textIn(attributes, ...SESSIONS) ?? span.trace,
      user: textIn(attributes, ...USERS),
      timestamp: isoTime(startMs),
      latency_ms:
        startMs !== undefined && endMs !== undefined && endMs >= startMs ? endMs - startMs : undefined,
      name: span.name,
    }),
    request: given({
      ...parametersFrom(content.parameters),
      ...parametersOf(attributes),
      model: model ?? textIn(fieldsOf(content.parameters), "model", "model_name") ?? "unknown",
      messages: content.messages,
      tools: content.tools,
    }),
    ...failedOr(answerOf(content, attributes), errorOf(span), statusOf(span)),
  };
}

const SESSIONS = [
  "gen_ai.conversation.id",
  "session.id",
  "langfuse.session.id",
  "traceloop.association.properties.session_id",
  "traceloop.association.properties.conversation_id",
  "traceloop.association.properties.thread_id",
  "ai.telemetry.metadata.sessionId",
];
const USERS = [
  "user.id",
  "enduser.id",
  "llm.user",
  "gen_ai.user",
  "langfuse.user.id",
  "traceloop.association.properties.user_id",
  "ai.telemetry.metadata.userId",
];

function parametersOf(attributes: Fields): Fields {
  const schema = unpacked(attributes["gen_ai.request.structured_output_schema"]);
  const one = (...names: string[]): unknown =>
    names.map((name) => attributes[name]).find((value) => value !== undefined);
  return parametersFrom({
    temperature: one("gen_ai.request.temperature", "llm.temperature"),
    top_p: one("gen_ai.request.top_p", "llm.top_p"),
    max_tokens: one("gen_ai.request.max_tokens", "llm.request.max_tokens"),
    seed: one("gen_ai.request.seed"),
    frequency_penalty: one("gen_ai.request.frequency_penalty", "llm.frequency_penalty"),
    presence_penalty: one("gen_ai.request.presence_penalty", "llm.presence_penalty"),
    stop: one("gen_ai.request.stop_sequences", "llm.chat.stop_sequences"),
    n: one("gen_ai.request.choice.count"),
    response_format: isFields(schema)
      ? { type: "json_schema", json_schema: { name: "answer", schema } }
      : attributes["gen_ai.output.type"] === "json"
        ? { type: "json_object" }
        : undefined,
  });
}

function answerOf(content: Content, attributes: Fields): Fields | null {
  if (content.answer === null) return null;
  const finishes = unpacked(attributes["gen_ai.response.finish_reasons"]);
  const told = Array.isArray(finishes)
    ? (finishes as readonly unknown[])[0]
    : attributes["gen_ai.response.finish_reason"];
  const prefixed = (prefix: string): Fields =>
    Object.fromEntries(COUNTS.map((name) => [name, attributes[`${prefix}.${name}`]]));
  const usage =
    usageFrom(prefixed("gen_ai.usage")) ??
    usageFrom(prefixed("llm.usage")) ??
    usageFrom({
      input: attributes["llm.token_count.prompt"],
      output: attributes["llm.token_count.completion"],
    }) ??
    usageFrom(prefixed("ai.usage"));
  return {
    ...given({
      usage,
      model: textIn(attributes, "gen_ai.response.model", "llm.response.model", "ai.response.model"),
    }),
    ...content.answer,
    finish_reason: content.answer["finish_reason"] ?? finishOf(told),
  };
}

const COUNTS = [
  "input_tokens",
  "output_tokens",
  "prompt_tokens",
  "completion_tokens",
  "inputTokens",
  "outputTokens",
  "promptTokens",
  "completionTokens",
];

function errorOf({ isFailed, message, attributes, events }: Span): unknown {
  const type = textIn(attributes, "error.type");
  if (!isFailed && type === undefined) return undefined;
  const exception = fieldsOf(events.find(({ name }) => name === "exception")?.attributes);
  return given({
    type: type ?? textIn(exception, "exception.type"),
    message: message ?? textIn(exception, "exception.message") ?? "The call failed",
  });
}

function statusOf({ attributes }: Span): number | undefined {
  const told = Number(attributes["http.response.status_code"] ?? attributes["error.type"]);
  return Number.isInteger(told) && told >= 100 && told <= 599 ? told : undefined;
}
