import { describe, expect, test } from "vitest";
import type { ChatRequest, ChatResponse } from "../core/index.ts";
import { plainFold } from "./protocols/chat/fold.ts";
import type { FoldedAnswer } from "./provider.ts";
import { replayProvider, requestKey } from "./replay.ts";
import type { RecordedCall } from "./recorded-log.ts";
import type { Outgoing } from "./upstream/types.ts";
import type { UpstreamProvider } from "./upstream/upstreams.ts";

const asking = (content: string): ChatRequest => ({
  model: "m",
  messages: [{ role: "user", content }],
  temperature: 0,
});
const saying = (content: string): ChatResponse => ({
  message: { role: "assistant", content },
  finish_reason: "stop",
});
const recorded = (request: ChatRequest, response: ChatResponse | null, status = 200): RecordedCall => ({
  line: 1,
  id: null,
  session: null,
  request,
  response,
  status,
  error: response === null ? { type: "rate_limit_exceeded", message: "Slow down" } : null,
});

async function* each(calls: readonly RecordedCall[]): AsyncGenerator<RecordedCall> {
  yield* calls;
}

const tape = (...calls: RecordedCall[]): Promise<UpstreamProvider> => replayProvider(each(calls), () => 5000);

/** The bytes of the provider's answer over a protocol. */
function post(
  { file, accounts, timeouts, transport }: UpstreamProvider,
  protocol: "chat" | "messages",
  request: ChatRequest,
): Promise<{ status: number; text: string }> {
  const body = Buffer.from(JSON.stringify(request));
  const call = { operation: "generate", protocol, model: "m", isStream: false, body } as const;
  // In this process nothing is signed.
  const outgoing = file.prepare({ ...call, headers: {}, query: "" }, accounts[0], false) as Outgoing;
  const said = { status: 0, pieces: [] as Uint8Array[] };
  return new Promise((resolve, reject) => {
    transport.send(outgoing, timeouts, {
      head: (status) => (said.status = status),
      data: (bytes) => said.pieces.push(bytes) > 0,
      end: () => resolve({ status: said.status, text: Buffer.concat(said.pieces).toString() }),
      fail: (_, message) => reject(new RangeError(message)),
    });
  });
}

/** What the provider says over Chat Completions, folded. */
async function ask(
  provider: UpstreamProvider,
  request: ChatRequest,
): Promise<{ status: number; answer: FoldedAnswer }> {
  const { status, text } = await post(provider, "chat", request);
  const folding = plainFold(status);
  folding.push(Buffer.from(text));
  return { status, answer: folding.end() };
}

const contents = async (
  provider: UpstreamProvider,
  request: ChatRequest,
  times: number,
): Promise<unknown[]> => {
  const said: unknown[] = [];
  for (let turn = 0; turn < times; turn += 1)
    said.push((await ask(provider, request)).answer.response?.message.content);
  return said;
};

describe("replayProvider()", () => {
  test("gives several answers of one request in recorded order, the last one again", async () => {
    const provider = await tape(recorded(asking("a"), saying("1")), recorded(asking("a"), saying("2")));
    expect(await contents(provider, asking("a"), 4)).toEqual(["1", "2", "2", "2"]);
  });

  test("prefers a recorded success to a failure before it", async () => {
    const provider = await tape(recorded(asking("a"), null, 429), recorded(asking("a"), saying("1")));
    expect(await contents(provider, asking("a"), 2)).toEqual(["1", "1"]);
  });

  test("answers a request that only failed with that status and error", async () => {
    const provider = await tape(recorded(asking("a"), null, 429));
    expect(await ask(provider, asking("a"))).toMatchObject({
      status: 429,
      answer: { response: null, error: { type: "rate_limit_exceeded" } },
    });
  });

  test("answers a request that is not in the log with 404, saying so", async () => {
    const provider = await tape(recorded(asking("a"), saying("1")));
    const { status, answer } = await ask(provider, asking("b"));
    expect(status).toBe(404);
    expect(answer.error).toMatchObject({
      code: "not_recorded",
      message: expect.stringContaining("no such request"),
    });
  });
});

test("an unknown request over Messages is refused in Anthropic's form", async () => {
  const provider = await tape(recorded(asking("a"), saying("1")));
  const { status, text } = await post(provider, "messages", { ...asking("b"), max_tokens: 9 });
  expect([status, JSON.parse(text)]).toMatchObject([
    404,
    {
      type: "error",
      error: { type: "not_found_error", message: expect.stringContaining("no such request") as string },
    },
  ]);
});

describe("requestKey()", () => {
  test("is the same however the answer travels and whoever asks", () => {
    const other = {
      ...asking("a"),
      stream: true,
      stream_options: { include_usage: true },
      user: "u",
      metadata: { a: 1 },
    };
    expect(requestKey(other)).toBe(requestKey(asking("a")));
  });
  test("differs with what is asked", () => {
    const base = asking("a");
    const others = [
      asking("b"),
      { ...base, temperature: 1 },
      { ...base, tools: [] },
      { ...base, model: "n" },
    ];
    expect(others.filter((other) => requestKey(other) === requestKey(base))).toEqual([]);
  });
});
