import { answerFrom, usageFrom, withDetails } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import { betweenMs, countIn, fieldsOf, given, isoTime, textIn, unpacked, type Fields } from "./fields.ts";
import { failedOr, OTHER, type Draft, type Form, type Found } from "./form.ts";

/** Braintrust spans: those of type `llm` are calls. */
export const braintrust: Form = {
  is: (record) => "span_attributes" in record || ("root_span_id" in record && "input" in record),
  read(record) {
    const { type } = fieldsOf(unpacked(record["span_attributes"]));
    return type === "llm" ? [callIn(record)] : OTHER;
  },
};

function callIn(span: Fields): Found {
  const id = textIn(span, "span_id", "id");
  const metadata = fieldsOf(unpacked(span["metadata"]));
  const metrics = fieldsOf(unpacked(span["metrics"]));
  const request = requestFrom(span["input"], metadata);
  if (request === null)
    return { kind: "no-content", detail: `span "${id ?? ""}" has no messages in its input` };
  const answer = withDetails(answerFrom(span["output"]), usageFrom(metrics), undefined);
  const error = unpacked(span["error"]);
  const start = countIn(metrics, "start") ?? span["created"];
  const duration = countIn(metrics, "duration");
  const draft: Draft = {
    ...given({
      id,
      session: textIn(metadata, "session_id", "thread_id", "conversation_id") ?? textIn(span, "root_span_id"),
      user: textIn(metadata, "user_id", "user"),
      timestamp: isoTime(start),
      latency_ms: betweenMs(start, metrics["end"]) ?? (duration === undefined ? undefined : duration * 1000),
      name: textIn(fieldsOf(span["span_attributes"]), "name"),
    }),
    request,
    ...failedOr(answer, typeof error === "string" && error !== "" ? { message: error } : error),
  };
  return { kind: "call", draft };
}
