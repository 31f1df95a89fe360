import { describe, expect, test } from "vitest";
import { answerCall, type CallDeps, type CallEnd, type Client } from "./call.ts";
import { silentLog, type ChatRequest } from "./core/index.ts";
import {
  createUpstreams,
  LIST_PRICES,
  protocols,
  scriptedProvider,
  type MadeAnswer,
  type Protocol,
} from "./models/index.ts";
import { emptyPolicy } from "./route/index.ts";
import type { RecordingMode, SegmentFailure, SegmentLog, SegmentRecord } from "./store/index.ts";

const request: ChatRequest = { model: "m", messages: [{ role: "user", content: "Hi" }] };
const body = '{"choices":[{"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}';
const chunk = 'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n';
const DONE = "data: [DONE]\n\n";
const broken = { code: "upstream-broken", message: "cut" } as const;
const full: SegmentFailure = { code: "store-full", message: "Cannot write: the disk is full" };
// A surface's protocol is there.
const chat = protocols.get("chat") as Protocol;

type Run = { readonly seen: string[]; readonly records: SegmentRecord[]; readonly end: CallEnd | null };

type Setup = {
  readonly answer?: MadeAnswer | null;
  readonly mode?: RecordingMode;
  readonly onFailure?: "refuse" | "serve";
  readonly failure?: SegmentFailure | null;
  readonly deps?: Partial<CallDeps>;
};

/** One call; what the client saw and the log took, in order. */
async function run(setup: Setup): Promise<Run> {
  const { answer = { pieces: [body] }, mode = "durable", onFailure = "refuse", failure = null } = setup;
  const seen: string[] = [];
  const records: SegmentRecord[] = [];
  const log: Pick<SegmentLog, "append"> = {
    append(taken, done) {
      records.push(...taken);
      setImmediate(() => {
        seen.push(`record ${taken.map(({ type }) => type).join("+")}`);
        done(failure);
      });
    },
  };
  const nowMs = (): number => 0;
  const providers = answer === null ? [] : [scriptedProvider(() => answer)];
  const deps: CallDeps = {
    effects: { nowMs, newId: (prefix) => prefix, log: silentLog },
    assign: () => null,
    policy: emptyPolicy,
    upstreams:
      answer === null
        ? null
        : createUpstreams({
            providers,
            models: {},
            defaultProvider: null,
            prices: LIST_PRICES,
            nowMs,
            random: () => 0,
          }),
    recording: { mode, onFailure, log: log as SegmentLog },
    memory: { bytes: 0 },
    cache: null,
    keep: () => {},
    reserve: () => ({ settle: () => {}, release: () => {} }),
    ...setup.deps,
  };
  const bytes = Buffer.from(JSON.stringify(request));
  const question = {
    operation: "generate",
    protocol: "chat",
    model: "m",
    isStream: false,
    body: bytes,
    headers: {},
    query: "",
    hasOwnKey: false,
    session: { id: "s" },
    pins: [],
    request,
  } as const;
  const input = {
    id: "c",
    session: { named: "s", id: "s" },
    startedMs: 0,
    keyId: "k",
    origin: null,
    protocol: chat,
    request,
    question,
  };
  const end = await answerCall(input, deps, clientInto(seen));
  return { seen, records, end };
}

function clientInto(seen: string[]): Client {
  return {
    decided: ({ servedBy, reason }) => seen.push(`${servedBy} ${reason}`),
    refuse: ({ code }) => seen.push(`refused ${code}`),
    unrecorded: () => seen.push("unrecorded"),
    head: (status) => seen.push(`head ${status}`),
    data: (bytes) => seen.push(`data ${Buffer.from(bytes).toString().slice(0, 12)}`) > 0,
    whole: (status, _, pieces) => seen.push(`whole ${status} of ${pieces.length}`),
    end: () => seen.push("end"),
    fail: (code) => seen.push(`failed ${code}`),
  };
}

const STREAM: MadeAnswer = { isStream: true, pieces: [chunk, DONE] };

describe("answerCall()", () => {
  test.each<[string, Setup, string[], number]>([
    [
      "a plain answer waits for the record as a whole",
      { answer: { pieces: [body.slice(0, 9), body.slice(9)] } },
      ["record begin+end", "whole 200 of 2"],
      200,
    ],
    [
      "a stream passes, and its last event waits for the record",
      { answer: STREAM },
      ["head 200", 'data data: {"choi', "record begin+end", "data data: [DONE]", "end"],
      200,
    ],
    [
      "a stream that breaks ends as an error",
      { answer: { isStream: true, pieces: [chunk], failure: broken } },
      ["head 200", 'data data: {"choi', "record begin+end", "failed upstream-broken"],
      502,
    ],
    [
      "a stream that breaks after its last event is whole",
      { answer: { isStream: true, pieces: [chunk, DONE], failure: broken } },
      ["head 200", 'data data: {"choi', "record begin+end", "data data: [DONE]", "end"],
      200,
    ],
    [
      "an upstream that cannot be reached",
      { answer: { pieces: [], failure: { code: "upstream-unreachable", message: "no" } } },
      ["record begin+end", "failed upstream-unreachable"],
      502,
    ],
    [
      "a provider's own error is an answer",
      { answer: { status: 429, pieces: ['{"error":{"message":"slow"}}'] } },
      ["record begin+end", "whole 429 of 1"],
      429,
    ],
    ["no upstream", { answer: null }, ["record begin+end", "failed no-upstream"], 503],
    [
      "intent: nothing before the request is recorded",
      { answer: STREAM, mode: "intent" },
      ["record begin", "head 200", 'data data: {"choi', "data data: [DONE]", "end"],
      200,
    ],
    [
      "async: nothing waits",
      { answer: STREAM, mode: "async" },
      ["head 200", 'data data: {"choi', "data data: [DONE]", "end"],
      200,
    ],
  ])("%s", async (_, setup, expected, status) => {
    const { seen, records, end } = await run(setup);
    expect(seen).toEqual(["provider novel", ...expected]);
    expect(end?.status).toBe(status);
    expect(records.filter(({ type }) => type === "end")).toMatchObject([{ callId: "c", status }]);
  });

  test.each<[string, Setup, string[]]>([
    ["a plain answer is withheld", { failure: full }, ["record begin+end", "failed store-full"]],
    [
      "a stream ends with an error instead of its last event",
      { failure: full, answer: STREAM },
      ["head 200", 'data data: {"choi', "record begin+end", "failed store-full"],
    ],
    [
      "intent: the client gets nothing",
      { failure: full, answer: STREAM, mode: "intent" },
      ["record begin", "failed store-full"],
    ],
    [
      "serve: the answer goes out and says that it is not recorded",
      { failure: full, onFailure: "serve" },
      ["record begin+end", "unrecorded", "whole 200 of 1"],
    ],
  ])("with a full disk: %s", async (_, setup, expected) => {
    const { seen, end } = await run(setup);
    expect(seen).toEqual(["provider novel", ...expected]);
    expect(end?.isRecorded).toBe(false);
  });

  test("records the bytes of request and answer as they passed", async () => {
    const { records } = await run({ answer: STREAM });
    const [begin, end] = records;
    expect(begin.type === "begin" && Buffer.from(begin.request).toString()).toBe(JSON.stringify(request));
    expect(end.type === "end" && Buffer.concat(end.response).toString()).toBe(chunk + DONE);
  });

  test("lets the provider answer a request that cannot be assigned", async () => {
    const assign = (): never => {
      throw new RangeError("no");
    };
    const { seen } = await run({ deps: { assign } });
    expect(seen).toEqual(["provider novel", "record begin+end", "whole 200 of 1"]);
  });

  test("asks nobody and records nothing when the budget is spent", async () => {
    const reserve = (): { readonly code: "over-limit"; readonly message: string } => ({
      code: "over-limit",
      message: "spent",
    });
    const { seen, records, end } = await run({ deps: { reserve } });
    expect([seen, records, end]).toEqual([["refused over-limit"], [], null]);
  });
});
