import { answerFromBody, usageFrom, withDetails } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import { betweenMs, fieldsOf, given, isFields, isoTime, textIn, unpacked, type Fields } from "./fields.ts";
import { failedOr, withAnswer, OTHER, type Draft, type Form, type Found } from "./form.ts";

/** LiteLLM: rows of LiteLLM_SpendLogs (`request_id`), and the StandardLoggingPayload its callbacks write (`id`). */
export const litellm: Form = {
  is: (record) =>
    "call_type" in record && "startTime" in record && ("request_id" in record || "messages" in record),
  read(record) {
    const kind = textIn(record, "call_type") ?? "";
    return isChat(kind) ? [callIn(record)] : OTHER;
  },
};

const isChat = (kind: string): boolean =>
  kind === "" || /completion|responses|anthropic_messages|generate_content/.test(kind)
    ? !/text_completion/.test(kind)
    : false;

function callIn(record: Fields): Found {
  const id = textIn(record, "request_id", "id");
  const metadata = fieldsOf(unpacked(record["metadata"]));
  const sent = fieldsOf(unpacked(record["proxy_server_request"]));
  const body = isFields(sent["body"]) ? sent["body"] : sent;
  const parameters = fieldsOf(unpacked(record["model_parameters"]));
  const messages = unpacked(record["messages"]);
  const asked = hasContent(messages) ? { ...body, messages } : body;
  const request = requestFrom(asked, { ...parameters, ...given({ model: textIn(record, "model") }) });
  if (request === null) {
    const detail = `request "${id ?? ""}" was logged without its messages: set store_prompts_in_spend_logs in LiteLLM`;
    return { kind: "no-content", detail };
  }
  const answer = withDetails(answerFromBody(record["response"]), usageFrom(record), textIn(record, "model"));
  const isFailed = record["status"] === "failure";
  const details = fieldsOf(record["error_information"] ?? metadata["error_information"]);
  const message = textIn(record, "error_str") ?? textIn(details, "error_message");
  const code = Number(details["error_code"]);
  const error = given({ message, type: textIn(details, "error_class") });
  const draft: Draft = {
    ...given({
      id,
      session: textIn(record, "session_id", "trace_id"),
      user: textIn(record, "end_user", "user") ?? textIn(metadata, "user_api_key_end_user_id"),
      timestamp: isoTime(record["startTime"]),
      latency_ms: betweenMs(record["startTime"], record["endTime"]),
    }),
    request,
    ...failedOr(
      answer,
      isFailed ? error : undefined,
      isFailed && code >= 400 && code < 600 ? code : undefined,
    ),
  };
  return withAnswer(draft, record["response"]);
}

// Rows without prompts hold {} instead.
const hasContent = (value: unknown): boolean =>
  (typeof value === "string" && value !== "") || (Array.isArray(value) && value.length > 0);
