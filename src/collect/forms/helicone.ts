import { answerFromBody, usageFrom, withDetails } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import { countIn, fieldsOf, given, isoTime, textIn, unpacked, betweenMs, type Fields } from "./fields.ts";
import { failedOr, withAnswer, type Draft, type Form, type Found } from "./form.ts";

/** Helicone requests: as its query API and export tool give them (`request_body`), and rows of its database. */
export const helicone: Form = {
  is: (record) => "request_id" in record && ("request_body" in record || "response_body" in record),
  read: (record) => [callIn(record)],
};

function callIn(record: Fields): Found {
  const id = textIn(record, "request_id");
  const model = textIn(record, "request_model", "model_override", "model", "response_model");
  const body = fieldsOf(unpacked(record["request_body"]));
  const request = requestFrom(body, given({ model }));
  if (request === null)
    return { kind: "no-content", detail: `request "${id ?? ""}" has no body: export it with its bodies` };
  const status = countIn(record, "response_status", "status");
  const reply = unpacked(record["response_body"]);
  const answer = withDetails(answerFromBody(reply), usageFrom(record), undefined);
  const properties = {
    ...fieldsOf(unpacked(record["properties"])),
    ...fieldsOf(unpacked(record["request_properties"])),
  };
  const at = record["request_created_at"];
  const draft: Draft = {
    ...given({
      id,
      session: textIn(properties, "Helicone-Session-Id", "helicone-session-id"),
      user: textIn(record, "request_user_id", "user_id", "helicone_user") ?? textIn(body, "user"),
      timestamp: isoTime(at),
      latency_ms: countIn(record, "delay_ms", "latency") ?? betweenMs(at, record["response_created_at"]),
      name: textIn(properties, "Helicone-Session-Path", "Helicone-Session-Name"),
    }),
    request,
    // Below 0 are Helicone's own: cancelled, timed out. Both were no answer.
    ...failedOr(
      answer,
      errorIn(record, reply),
      status !== undefined && status >= 100 ? Math.trunc(status) : undefined,
    ),
  };
  return withAnswer(draft, reply);
}

function errorIn(record: Fields, reply: unknown): unknown {
  const status = Number(record["response_status"] ?? record["status"] ?? 200);
  if (status >= 0 && status < 400) return undefined;
  const body = fieldsOf(reply);
  return body["error"] ?? body["heliconeError"] ?? { message: `Status ${status}` };
}
