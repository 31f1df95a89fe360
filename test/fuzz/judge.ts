import type { Reply } from "./exchange.ts";
import type { Case } from "./requests.ts";
import { endpointAt, type Endpoint } from "./surfaces.ts";

/** What is wrong with the answer to a case; null when it is as it must be. */
export function faultOf(one: Case, reply: Reply): string | null {
  if (one.expects === "leave") return null;
  if (reply.kind === "silent") return "no answer";
  if (reply.kind === "garbled") return `no HTTP: ${reply.detail}`;
  if (reply.kind !== "reply") return one.expects === "http" ? null : "closed without an answer";
  const { status, headers, body } = reply;
  // Full for a moment is an answer: it must say when to come back.
  if (status >= 500 && !(status === 503 && headers.has("retry-after")))
    return `status ${status}: ${body.toString().slice(0, 300)}`;
  if (headers.has("x-injected")) return "a header of the caller's making";
  if (one.expects === "http") return null;
  const endpoint = endpointAt(one.path);
  return status >= 400 ? errorFault(body, endpoint) : answerFault(reply, endpoint);
}

function errorFault(body: Buffer, { errors }: Endpoint): string | null {
  const value = parsed(body);
  const error = fieldsOf(fieldsOf(value)["error"]);
  const isTold = typeof error["message"] === "string" && typeof error["type"] === "string";
  const isRight = errors === "openai" ? isTold : isTold && fieldsOf(value)["type"] === "error";
  return isRight ? null : `an error that is not in the form of ${errors}: ${body.toString().slice(0, 300)}`;
}

function answerFault(
  { headers, body }: Extract<Reply, { kind: "reply" }>,
  endpoint: Endpoint,
): string | null {
  const type = headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) return streamFault(body.toString(), endpoint);
  if (type.startsWith("application/json"))
    return parsed(body) === undefined ? "an answer that is no JSON" : null;
  return endpoint.isGenerate ? `an answer of type "${type}"` : null;
}

function streamFault(text: string, { path }: Endpoint): string | null {
  const events = text.split("\n\n").filter((event) => event.trim() !== "");
  const last = events.at(-1) ?? "";
  const ends = path.startsWith("/v1/messages")
    ? /message_stop|event: error/
    : path.startsWith("/v1/responses")
      ? /response\.(completed|incomplete|failed)|"type":"error"/
      : /\[DONE\]|"error"/;
  return ends.test(last) ? null : `a stream that ends with ${last.slice(0, 200)}`;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

const fieldsOf = (value: unknown): { readonly [field: string]: unknown } =>
  typeof value === "object" && value !== null ? (value as { readonly [field: string]: unknown }) : {};
