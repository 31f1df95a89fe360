import { contentHash, type ChatRequest, type ChatResponse } from "../core/index.ts";
import type { ProtocolName } from "./protocol.ts";
import { messages } from "./protocols/messages/messages.ts";
import { protocols } from "./protocols/protocols.ts";
import { writeResponse } from "./protocols/writing.ts";
import type { RecordedCall } from "./recorded-log.ts";
import { inProcessProvider, type MadeAnswer } from "./upstream/in-process.ts";
import type { UpstreamProvider } from "./upstream/upstreams.ts";

// What says who asks and how the answer travels, not what is asked.
const NOT_ASKED = new Set([
  "stream",
  "stream_options",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "metadata",
  "store",
  "service_tier",
  "session_id",
]);

/** Two requests ask the same when their keys are equal: every field counts but those of travel and origin. */
export function requestKey(request: ChatRequest): string {
  const asked = Object.entries(request).filter(([name, value]) => !NOT_ASKED.has(name) && value !== null);
  return contentHash(Object.fromEntries(asked), 32);
}

/**
 * A provider that answers as a recorded log did, over every protocol. Of several recordings of one request the successful ones are given
 * in recorded order and the last one again and again; failures only where there is nothing else. A request that is not in the log is 404.
 */
export async function replayProvider(
  calls: AsyncIterable<RecordedCall>,
  nowMs: () => number,
): Promise<UpstreamProvider> {
  const tapes = new Map<string, Tape>();
  const models = new Set<string>();
  for await (const call of calls) {
    models.add(call.request.model);
    const key = requestKey(call.request);
    const tape = tapes.get(key) ?? new Tape();
    tapes.set(key, tape);
    tape.record(call);
  }
  const list = modelList([...models]);
  return inProcessProvider("replay", ({ body, operation, protocol }) => {
    if (operation === "models") return { pieces: [list] };
    const parsed = operation === "generate" ? protocols.get(protocol)?.parse(body) : undefined;
    if (parsed?.ok !== true) return notRecorded(protocol);
    const key = requestKey(parsed.request);
    return answer(tapes.get(key), { request: parsed.request, key, protocol, nowMs: nowMs() });
  });
}

/** The body of `GET /models` for these names. */
export function modelList(names: readonly string[]): Uint8Array {
  const data = names.toSorted().map((id) => ({ id, object: "model", created: 0, owned_by: "understudy" }));
  return Buffer.from(JSON.stringify({ object: "list", data }));
}

// Answers stay as JSON texts: a third of the size of the objects. (Small Buffers would keep whole pool slabs alive.)
class Tape {
  readonly #answers: string[] = [];
  #failure: { readonly status: number; readonly error: string } | null = null;
  #next = 0;

  record(call: RecordedCall): void {
    if (call.status < 400 && call.response !== null) {
      this.#answers.push(JSON.stringify(call.response));
    } else {
      const error = call.error ?? { type: "server_error", message: "The recorded call failed" };
      this.#failure ??= {
        status: call.status < 400 ? 502 : call.status,
        error: JSON.stringify(error),
      };
    }
  }

  /** The next answer, or the recorded failure where there is none. */
  play():
    | { readonly response: ChatResponse; readonly turn: number }
    | { readonly status: number; readonly error: unknown } {
    const turn = Math.min(this.#next, this.#answers.length - 1);
    if (turn >= 0) {
      this.#next += 1;
      // Written by record().
      return { response: JSON.parse(this.#answers[turn]) as ChatResponse, turn };
    }
    const failure = this.#failure;
    if (failure === null) return { status: 502, error: null };
    return { status: failure.status, error: JSON.parse(failure.error) as unknown };
  }
}

type Asked = {
  readonly request: ChatRequest;
  readonly key: string;
  readonly protocol: ProtocolName;
  readonly nowMs: number;
};

function answer(tape: Tape | undefined, { request, key, protocol: name, nowMs }: Asked): MadeAnswer {
  const protocol = protocols.get(name);
  if (tape === undefined || protocol === undefined) return notRecorded(name);
  const played = tape.play();
  if ("error" in played) return failed(name, played.status, played.error);
  const { response, turn } = played;
  const id = `chatcmpl-replay-${key.slice(0, 20)}-${turn}`;
  const identity = { id, createdS: Math.floor(nowMs / 1000), model: response.model ?? request.model };
  const isStream = request.stream === true;
  return { isStream, pieces: [...writeResponse(protocol, request, response, identity)] };
}

/** An error as the log has it; Anthropic's clients read another form. */
function failed(name: ProtocolName, status: number, error: unknown): MadeAnswer {
  if (name !== "messages") return { status, pieces: [JSON.stringify({ error })] };
  const writer = messages.writer({ model: "", messages: [] }, { id: "", createdS: 0, model: "" });
  return { status, pieces: [writer.push({ type: "error", status, error })] };
}

function notRecorded(name: ProtocolName): MadeAnswer {
  const message = "The recorded log has no such request: the replay provider answers recorded requests only";
  return failed(name, 404, { type: "invalid_request_error", code: "not_recorded", param: null, message });
}
