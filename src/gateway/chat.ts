import type { IncomingMessage, ServerResponse } from "node:http";
import { answerCall, type CallDeps, type CallEvent, type CallInput } from "../call.ts";
import { contentHash, HouseError, type ChatRequest } from "../core/index.ts";
import { parseChatRequest } from "../models/index.ts";
import type { Decision } from "../route/index.ts";
import { readBody } from "./body.ts";
import { errorBody, replyError, replyHouseError } from "./reply.ts";

/** Longer session names are cut: they are ids, and each is kept with every call. */
const MAX_SESSION_CHARS = 200;

/** POST /v1/chat/completions: reads the request and sends the answer as it comes. `drain` aborts what is left at shutdown. */
export async function chat(
  request: IncomingMessage,
  response: ServerResponse,
  deps: CallDeps,
  drain: AbortSignal,
): Promise<void> {
  const body = await bodyOf(request, response);
  if (body === null) return;
  const parsed = parseChatRequest(body);
  if (!parsed.ok) {
    replyError(response, 400, errorBody("bad-input", parsed.message, parsed.param));
    return;
  }
  const id = deps.effects.newId("call");
  const session = sessionOf(request, parsed.request) ?? conversationOf(parsed.request);
  const input: CallInput = { id, session, request: parsed.request, body, headers: request.headers };
  const client = new AbortController();
  const leave = (): void => client.abort();
  response.once("close", leave);
  drain.addEventListener("abort", leave);
  try {
    // Read to the end also when the client has gone: the line records the call in any case.
    for await (const event of answerCall(input, deps, client.signal)) await send(event, id, response);
  } finally {
    response.off("close", leave);
    drain.removeEventListener("abort", leave);
  }
}

async function bodyOf(request: IncomingMessage, response: ServerResponse): Promise<Buffer | null> {
  try {
    return await readBody(request);
  } catch (error) {
    if (!(error instanceof HouseError)) throw error;
    // The rest of the body is not read: the connection cannot be used again.
    response.setHeader("connection", "close");
    replyHouseError(response, error.code, error.message);
    return null;
  }
}

/**
 * The turns of one conversation begin alike: with the same user, system text and first message. Two conversations that begin
 * alike become one session; the proof is then on fewer sessions, never on more than there are.
 */
function conversationOf({ messages, user }: ChatRequest): string {
  const first = messages.findIndex(({ role }) => role === "user");
  return `conversation_${contentHash([user, messages.slice(0, first + 1)], 24)}`;
}

function sessionOf(request: IncomingMessage, body: ChatRequest): string | null {
  const metadata = body["metadata"];
  const inMetadata =
    typeof metadata === "object" && metadata !== null
      ? (metadata as { session_id?: unknown }).session_id
      : undefined;
  const names = [request.headers["x-understudy-session"], inMetadata, body["session_id"]];
  const name = names.find((value) => typeof value === "string" && value !== "");
  return typeof name === "string" ? name.slice(0, MAX_SESSION_CHARS) : null;
}

async function send(event: CallEvent, callId: string, response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  switch (event.type) {
    case "call-start":
      setHeaders(response, callId, event.decision);
      return;
    case "answer-start":
      response.statusCode = event.status;
      for (const [name, value] of Object.entries(event.headers)) response.setHeader(name, value);
      // A plain answer's head waits for the record; a stream's goes out at once, so that the client knows it has begun.
      if (event.isStream) response.flushHeaders();
      return;
    case "answer-delta":
      if (!response.write(event.bytes)) await drained(response);
      return;
    case "call-end":
      response.end(event.bytes);
      return;
    case "call-error":
      fail(event, response);
      return;
  }
}

// A client that reads slowly holds its own upstream back; one that leaves holds nothing.
function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve);
  response.once("close", resolve);
  return promise.finally(() => {
    response.off("drain", resolve);
    response.off("close", resolve);
  });
}

function setHeaders(response: ServerResponse, callId: string, decision: Decision): void {
  response.setHeader("x-understudy-call", callId);
  response.setHeader("x-understudy-served-by", decision.servedBy);
  response.setHeader("x-understudy-reason", decision.reason);
  if (decision.taskId !== null) response.setHeader("x-understudy-task", encodeURIComponent(decision.taskId));
  if (decision.score !== null) response.setHeader("x-understudy-score", decision.score.toFixed(6));
}

function fail(event: Extract<CallEvent, { type: "call-error" }>, response: ServerResponse): void {
  if (!response.headersSent) {
    // What the answer had said of itself does not hold for the error.
    for (const name of response.getHeaderNames())
      if (!name.startsWith("x-understudy-")) response.removeHeader(name);
    replyHouseError(response, event.code, event.message);
    return;
  }
  // A stream has begun: the error is its last event, and [DONE] does not follow.
  const data = JSON.stringify({ error: errorBody(event.code, event.message) });
  response.end(`data: ${data}\n\n`);
}
