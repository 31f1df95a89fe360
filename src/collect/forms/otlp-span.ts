import { fieldsOf, listOf, textIn, type Fields } from "./fields.ts";
import { anyValue, attributesOf, nanoMs } from "./otlp-value.ts";

export type SpanEvent = {
  readonly name: string;
  readonly attributes: Fields;
  readonly body: unknown;
  readonly timeMs?: number | undefined;
};

export type Span = {
  readonly id: string;
  readonly trace: string | undefined;
  readonly parent: string | undefined;
  readonly name: string | undefined;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly attributes: Fields;
  readonly events: readonly SpanEvent[];
  readonly isFailed: boolean;
  readonly message: string | undefined;
};

/** What was told of one span apart from the rest: the span without its content, or events of it in the log. */
export type Half = {
  /** Trace and span. */
  readonly key: string;
  readonly span: Span | null;
  readonly events: readonly SpanEvent[];
};

export const keyOf = ({ trace, id }: Pick<Span, "trace" | "id">): string => `${trace ?? ""}:${id}`;

export function spanOf(span: Fields): Span {
  const status = fieldsOf(span["status"]);
  const trace = textIn(span, "traceId", "trace_id");
  return {
    id: textIn(span, "spanId", "span_id") ?? "",
    trace,
    parent: textIn(span, "parentSpanId", "parent_span_id"),
    name: textIn(span, "name"),
    startMs: nanoMs(span["startTimeUnixNano"] ?? span["start_time_unix_nano"]),
    endMs: nanoMs(span["endTimeUnixNano"] ?? span["end_time_unix_nano"]),
    attributes: attributesOf(span["attributes"]),
    events: eventsOf(span),
    isFailed: status["code"] === 2 || status["code"] === "STATUS_CODE_ERROR",
    message: textIn(status, "message"),
  };
}

const eventsOf = (span: Fields): SpanEvent[] =>
  listOf(span["events"]).map((event) => ({
    name: textIn(event, "name") ?? "",
    attributes: attributesOf(event["attributes"]),
    body: undefined,
  }));

/** Log records with events of the GenAI conventions, by the span they belong to. */
export function halvesOfLogs(records: readonly Fields[]): Half[] {
  const halves = new Map<string, SpanEvent[]>();
  for (const record of records) {
    const attributes = attributesOf(record["attributes"]);
    const name = textIn(record, "eventName", "event_name") ?? textIn(attributes, "event.name") ?? "";
    if (!name.startsWith("gen_ai.")) continue;
    const key = keyOf({
      trace: textIn(record, "traceId", "trace_id"),
      id: textIn(record, "spanId", "span_id") ?? "",
    });
    const timeMs = nanoMs(record["timeUnixNano"] ?? record["time_unix_nano"]);
    const events = halves.get(key) ?? [];
    halves.set(key, events);
    events.push({ name, attributes, body: anyValue(record["body"]), timeMs });
  }
  return [...halves].map(([key, events]) => ({ key, span: null, events }));
}
