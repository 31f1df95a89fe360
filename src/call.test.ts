import { describe, expect, test } from "vitest";
import { answerCall, type CallDeps, type CallEvent } from "./call.ts";
import { HouseError, silentLog, type Call, type ChatRequest } from "./core/index.ts";
import { scriptedProvider, type Provider, type ProviderEvent, type ScriptedAnswer } from "./models/index.ts";
import { emptyPolicy } from "./route/index.ts";

const request: ChatRequest = { model: "m", messages: [{ role: "user", content: "Hi" }] };
const body = '{"choices":[{"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}';
const chunk = 'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n';
const DONE = "data: [DONE]\n\n";
const broken = { type: "answer-error", code: "upstream-broken", message: "cut" } as const;

async function run(
  provider: Provider,
  more: Partial<CallDeps> = {},
): Promise<{ events: CallEvent[]; calls: Call[] }> {
  const calls: Call[] = [];
  const deps: CallDeps = {
    effects: { nowMs: () => 0, newId: (prefix) => prefix, log: silentLog },
    assign: () => null,
    policy: emptyPolicy,
    provider,
    record: async (call) => {
      calls.push(call);
    },
    pseudonym: (_, value) => `p_${value.length}`,
    ...more,
  };
  const events: CallEvent[] = [];
  const input = { id: "c", session: "s", request, body: Buffer.from(JSON.stringify(request)), headers: {} };
  for await (const event of answerCall(input, deps, new AbortController().signal)) events.push(event);
  return { events, calls };
}

const kinds = (events: readonly CallEvent[]): string => events.map((event) => event.type).join(" ");
const says = (answer: ScriptedAnswer): Provider => scriptedProvider(() => answer);
const gives = (events: () => AsyncGenerator<ProviderEvent, void>): Provider => ({
  ...says({ pieces: [] }),
  complete: events,
});

describe("answerCall()", () => {
  test.each([
    [
      "a plain answer",
      says({ pieces: [body.slice(0, 9), body.slice(9)] }),
      "call-start answer-start call-end",
      200,
    ],
    [
      "a stream",
      says({ isStream: true, pieces: [chunk, DONE] }),
      "call-start answer-start answer-delta call-end",
      200,
    ],
    [
      "a stream that breaks",
      says({ isStream: true, pieces: [chunk], failure: broken }),
      "call-start answer-start answer-delta call-error",
      502,
    ],
    [
      "an upstream that cannot be reached",
      says({ pieces: [], failure: broken }),
      "call-start call-error",
      502,
    ],
    ["a provider that says nothing", gives(async function* () {}), "call-start call-error", 502],
    [
      "a provider that throws",
      gives(async function* () {
        yield { type: "answer-start", status: 200, headers: {}, isStream: false };
        throw new TypeError("x");
      }),
      "call-start answer-start call-error",
      502,
    ],
  ])("begins once, ends once and records once: %s", async (_, provider, expected, status) => {
    const { events, calls } = await run(provider);
    expect(kinds(events)).toBe(expected);
    expect(calls.map((call) => call.status)).toEqual([status]);
  });

  test("holds the last event of a stream back until the call is recorded", async () => {
    const record = Promise.withResolvers<void>();
    const seen: string[] = [];
    const provider = says({ isStream: true, pieces: [chunk, DONE] });
    const deps = { record: () => record.promise.then(() => void seen.push("recorded")) };
    const running = run(provider, deps);
    record.resolve();
    const { events } = await running;
    const end = events.at(-1);
    expect(seen).toEqual(["recorded"]);
    expect(end?.type === "call-end" && Buffer.from(end.bytes).toString()).toBe(DONE);
  });

  test("ends with the store's error, without the answer, when the call cannot be recorded", async () => {
    const full = new HouseError("store-full", "Cannot write: the disk is full");
    const { events } = await run(says({ pieces: [body] }), { record: () => Promise.reject(full) });
    expect(events.at(-1)).toMatchObject({ type: "call-error", code: "store-full" });
    expect(kinds(events)).toBe("call-start answer-start call-error");
  });

  test("lets the provider answer a request that cannot be assigned", async () => {
    const assign = (): never => {
      throw new RangeError("no");
    };
    const { events, calls } = await run(says({ pieces: [body] }), { assign });
    expect(events[0]).toMatchObject({ decision: { servedBy: "provider", reason: "novel" } });
    expect(calls[0].response?.message.content).toBe("Hello");
  });
});
