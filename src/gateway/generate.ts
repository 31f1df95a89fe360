import { answerCall, type CallDeps, type CallInput } from "../call.ts";
import { Session, type ChatRequest, type ErrorCode } from "../core/index.ts";
import type { Protocol } from "../models/index.ts";
import { MAX_BODY_BYTES } from "./body.ts";
import { HttpClient, replyIn } from "./client.ts";
import { estimateOf } from "./estimate.ts";
import { factsOf } from "./facts.ts";
import type { Arrival, Parts } from "./parts.ts";
import type { Asked } from "./exchange.ts";
import { protocolOf } from "./surfaces.ts";
import { withBody } from "./with-body.ts";

/** Longer session names are cut: they are ids, and each is kept with every call. */
const MAX_SESSION_CHARS = 200;

/** A call to a model, on any surface: reads the request and sends it down the line. `done` is called once, when all is over. */
export function generate(arrival: Arrival, parts: Parts, done: () => void): void {
  withBody(arrival, parts, done, (body) => {
    const input = inputOf(arrival, protocolOf(arrival.surface.protocol), body.bytes, parts);
    if (input === null) {
      body.free();
      return;
    }
    // A request that goes on from an answer of ours has grown.
    body.grow(input.question.body.length);
    answer(input, arrival, parts).then(body.free, body.free);
  });
}

function inputOf(arrival: Arrival, protocol: Protocol, body: Buffer, parts: Parts): CallInput | null {
  const { request, response, surface, caller, query } = arrival;
  const read = readRequest(arrival, protocol, body, parts);
  if ("code" in read) {
    replyIn(response, protocol, read);
    return null;
  }
  const { asked } = read;
  const refused = parts.mayAsk(caller, asked.model);
  if (refused !== null) {
    replyIn(response, protocol, refused);
    return null;
  }
  const { effects, pseudonym } = parts;
  const id = effects.newId("call");
  const session = new Session(sessionOf(request, asked), asked);
  const user = asked["user"] ?? asked["safety_identifier"];
  return {
    id,
    session,
    startedMs: effects.nowMs(),
    keyId: caller.keyId,
    origin: typeof user === "string" ? pseudonym("user", user) : null,
    protocol,
    request: asked,
    question: {
      operation: surface.operation,
      protocol: surface.protocol,
      model: asked.model,
      isStream: asked.stream === true,
      body: read.body,
      headers: request.headers,
      query,
      hasOwnKey: caller.hasKey,
      session,
      pins: pinsOf(asked),
      callId: id,
      request: asked,
    },
  };
}

type Read = { readonly asked: ChatRequest; readonly body: Uint8Array };
type Unread = { readonly code: ErrorCode; readonly message: string; readonly param?: string | null };

/** What is asked: with what went before where the request goes on from an answer of ours. */
function readRequest(arrival: Arrival, protocol: Protocol, body: Uint8Array, parts: Parts): Read | Unread {
  const parsed = protocol.parse(body);
  if (!parsed.ok) return { code: "bad-input", message: parsed.message, param: parsed.param };
  if (protocol.name !== "responses") return { asked: parsed.request, body };
  const { caller, request } = arrival;
  const who = { keyId: caller.keyId, hasOwnKey: caller.hasKey, headers: request.headers };
  const whole = parts.chains.rebuilt(body, who);
  if ("code" in whole) return whole;
  if (whole === body) return { asked: parsed.request, body };
  if (whole.length > MAX_BODY_BYTES)
    return { code: "body-too-large", message: "The input with all that went before it is too long" };
  const again = protocol.parse(whole);
  if (!again.ok) return { code: "bad-input", message: again.message, param: again.param };
  return { asked: again.request, body: whole };
}

async function answer(input: CallInput, arrival: Arrival, parts: Parts): Promise<void> {
  const client = new HttpClient(arrival.response, input.protocol, input.id);
  parts.clients.add(client);
  try {
    const end = await answerCall(input, depsOf(parts), client);
    if (end !== null) parts.observe(factsOf(input, end, arrival, parts.effects.nowMs()));
    if (end?.isRecorded === false) parts.stats.unrecorded += 1;
  } catch (error) {
    parts.effects.log.error({ event: "request-failed", callId: input.id, message: (error as Error).message });
    client.fail("store-broken", "The gateway failed; its log says why");
  } finally {
    parts.clients.delete(client);
  }
}

function depsOf(parts: Parts): CallDeps {
  const { assign, policy } = parts.routing();
  const { effects, upstreams, recording, memory, cache, chains, accountant } = parts;
  return {
    effects,
    assign,
    policy,
    upstreams,
    recording,
    memory,
    cache,
    keep: (input, passage) => chains.keep(input, passage),
    reserve(input, taskId) {
      const targets = upstreams?.modelsFor(input.request.model);
      return accountant.reserve({ ...estimateOf(input, taskId), targets });
    },
  };
}

function sessionOf(request: Asked, body: ChatRequest): string | null {
  const header = request.headers["x-understudy-session"];
  if (typeof header === "string" && header !== "") return header.slice(0, MAX_SESSION_CHARS);
  const metadata = body["metadata"];
  const inMetadata =
    typeof metadata === "object" && metadata !== null
      ? (metadata as { session_id?: unknown }).session_id
      : undefined;
  const name = [inMetadata, body["session_id"]].find((value) => typeof value === "string" && value !== "");
  return typeof name === "string" ? name.slice(0, MAX_SESSION_CHARS) : null;
}

/** Ids in a request that only who made them can go on from. */
function pinsOf(request: ChatRequest): readonly string[] {
  const pins: string[] = [];
  const previous = request["previous_response_id"];
  if (typeof previous === "string") pins.push(previous);
  // The last turn: what is answered now.
  for (let at = request.messages.length - 1; at >= 0; at -= 1) {
    const { role, tool_call_id } = request.messages[at];
    if (role !== "tool" || typeof tool_call_id !== "string") break;
    pins.push(tool_call_id);
  }
  return pins;
}
