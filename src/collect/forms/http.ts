import { answerFromBody } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import { countIn, fieldsOf, given, isFields, isoTime, textIn, unpacked, type Fields } from "./fields.ts";
import { failedOr, withAnswer, OTHER, type Draft, type Form, type Found } from "./form.ts";
import { answerIn, protocolOfPath, requestIn } from "./protocol-bodies.ts";

/**
 * Exchanges over HTTP, as proxies and test recorders keep them: `{request: {url, body}, response: {status, body}}`. Bodies are
 * objects or texts, streams of events too, in any protocol that the gateway speaks.
 */
export const http: Form = {
  is({ request, response }) {
    return (
      isFields(request) &&
      "body" in request &&
      isFields(response) &&
      "body" in response &&
      "status" in response
    );
  },
  read: (record) => [exchange(record)],
};

function exchange(record: Fields): Found {
  const request = fieldsOf(record["request"]);
  const response = fieldsOf(record["response"]);
  const path = textIn(request, "url", "path") ?? textIn(record, "url", "path") ?? "";
  const body = unpacked(request["body"]);
  if (!isFields(body) || NO_CHAT.test(path)) return OTHER[0];
  const protocol = protocolOfPath(path);
  const model = /\/(?:models?|deployments)\/([^/:?]+)/.exec(path)?.[1];
  const said = given({ model: model === undefined ? undefined : decoded(model) });
  const asked = (protocol === null ? null : requestIn(protocol, body, said)) ?? requestFrom(body, said);
  if (asked === null) return OTHER[0];
  const status = countIn(response, "status") ?? 200;
  const reply = response["body"];
  const answer =
    status >= 400 ? null : ((protocol === null ? null : answerIn(protocol, reply)) ?? answerFromBody(reply));
  const told = fieldsOf(unpacked(reply))["error"] ?? undefined;
  const error = status >= 400 ? (told ?? reply ?? {}) : told;
  const metadata = fieldsOf(body["metadata"]);
  const draft: Draft = {
    ...given({
      id: textIn(record, "id"),
      session: textIn(record, "session", "session_id", "trace_id") ?? textIn(metadata, "session_id"),
      user: textIn(record, "user", "user_id") ?? textIn(body, "user") ?? textIn(metadata, "user_id"),
      timestamp: isoTime(record["timestamp"] ?? record["created_at"] ?? record["startedDateTime"]),
      latency_ms: countIn(record, "latency_ms", "time"),
    }),
    request: asked,
    ...failedOr(answer, error, status),
  };
  return withAnswer(draft, reply);
}

const NO_CHAT = /\/(embeddings|rerank|images|audio|moderations|files|batches|assistants|threads)\b/;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
