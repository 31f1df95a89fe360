import { answerFromBody, usageFrom, withDetails } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import { countIn, fieldsOf, given, isFields, isoTime, textIn, unpacked, type Fields } from "./fields.ts";
import { failedOr, withAnswer, OTHER, type Draft, type Form, type Found } from "./form.ts";

/** Portkey's log export: `request` and `response` are the bodies, or hold them as `body`. */
export const portkey: Form = {
  is: (record) =>
    ("ai_org" in record || "ai_model" in record) &&
    ("request" in record || "request.body" in record || "is_success" in record),
  read(record) {
    const url = textIn(record, "request_url") ?? "";
    return /embeddings|images|audio|moderations|rerank/.test(url) ? OTHER : [callIn(record)];
  },
};

function callIn(record: Fields): Found {
  const id = textIn(record, "id");
  const body = bodyOf(record, "request");
  const request = requestFrom(body, given({ model: textIn(record, "ai_model") }));
  if (request === null)
    return {
      kind: "no-content",
      detail: `log "${id ?? ""}" has no request body: export the field "request"`,
    };
  const status = countIn(record, "response_status_code");
  const reply = bodyOf(record, "response");
  const usage = usageFrom({ input: record["req_units"], output: record["res_units"] });
  const answer = withDetails(answerFromBody(reply), usage, undefined);
  const metadata = fieldsOf(unpacked(record["metadata"]));
  const isFailed = record["is_success"] === 0 || record["is_success"] === false || (status ?? 200) >= 400;
  const draft: Draft = {
    ...given({
      id,
      session:
        textIn(metadata, "session_id", "_session", "conversation_id", "thread_id") ??
        textIn(record, "trace_id"),
      user: textIn(metadata, "_user", "user", "user_id") ?? textIn(fieldsOf(body), "user"),
      timestamp: isoTime(record["created_at"] ?? record["time_of_generation"]),
      latency_ms: countIn(record, "response_time"),
      name: textIn(record, "prompt_slug"),
    }),
    request,
    ...failedOr(answer, isFailed ? (fieldsOf(reply)["error"] ?? reply) : undefined, status),
  };
  return withAnswer(draft, reply);
}

function bodyOf(record: Fields, name: "request" | "response"): unknown {
  const value = unpacked(record[name] ?? record[`${name}.body`]);
  return isFields(value) && "body" in value ? unpacked(value["body"]) : value;
}
