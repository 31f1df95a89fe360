import { request as httpRequest } from "node:http";
import OpenAI, { APIError } from "openai";
import { describe, expect, test } from "vitest";
import { openGateway, send, SPACED_BODY, type Opened, type Setup } from "../../test/open-gateway.ts";
import { rawClient, requestText } from "../../test/raw-upstream.ts";
import type { Held } from "../call.ts";
import { HouseError, type Answer } from "../core/index.ts";
import { scriptedProvider, type MadeAnswer } from "../models/index.ts";
import type { Store } from "../store/index.ts";

const delta = (fields: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: fields, finish_reason }] })}\n\n`;
const STREAM: MadeAnswer = {
  isStream: true,
  pieces: [
    delta({ role: "assistant", content: "H" }),
    delta({ content: "é" }),
    delta({}, "stop"),
    "data: [DONE]\n\n",
  ],
};
const asked = { model: "m", messages: [{ role: "user" as const, content: "Hi" }] };

async function open(setup: Setup = {}): Promise<Opened & { readonly client: OpenAI }> {
  const opened = await openGateway(setup);
  const client = new OpenAI({ baseURL: `${opened.url}/v1`, apiKey: "sk-client", maxRetries: 0 });
  return { ...opened, client };
}

const failureOf = async (promise: Promise<unknown>): Promise<APIError> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof APIError) return error;
  throw new RangeError("expected an API error");
};

describe("the unmodified openai client", () => {
  test("gets a plain answer, which is recorded", async () => {
    const { client, calls } = await open();
    const completion = await client.chat.completions.create({ ...asked, user: "anna@example.org" });
    expect(completion.choices[0].message.content).toBe("Hé");
    expect(calls()).toMatchObject([
      {
        source: "gateway",
        status: 200,
        servedBy: "provider",
        taskId: null,
        usage: { inputTokens: 5, outputTokens: 2 },
        response: { message: { content: "Hé" }, finish_reason: "stop" },
        at: "2023-11-14T22:13:20.000Z",
      },
    ]);
  });

  test("gets a streamed answer, which is recorded folded", async () => {
    const { client, calls } = await open({ provider: scriptedProvider(() => STREAM) });
    const parts: string[] = [];
    for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
      parts.push(chunk.choices[0].delta.content ?? "");
    }
    expect(parts).toEqual(["H", "é", ""]);
    expect(calls()[0].response).toMatchObject({ message: { content: "Hé" }, finish_reason: "stop" });
  });

  test("gets a specialist's tool calls, plain and streamed, with usage where it asks for it", async () => {
    const answer: Answer = { type: "tool-calls", calls: [{ name: "find", arguments: { q: "é" } }], text: "" };
    const { client, calls } = await open({ provider: null, answer: () => ({ answer, score: 0.95 }) });
    const tools = [{ type: "function" as const, function: { name: "find", parameters: {} } }];
    const completion = await client.chat.completions.create({ ...asked, tools });
    const stream = client.chat.completions.stream({
      ...asked,
      tools,
      stream_options: { include_usage: true },
    });
    const streamed = await stream.finalChatCompletion();
    const called = { type: "function", function: { name: "find", arguments: '{"q":"é"}' } };
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [called] },
    });
    expect(streamed.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [called] },
    });
    expect(streamed.usage?.total_tokens).toBe(0);
    expect(calls().map((call) => [call.servedBy, call.taskId])).toEqual([
      ["specialist", "task_a"],
      ["specialist", "task_a"],
    ]);
  });

  test("gets the upstream's error as it is, which is recorded", async () => {
    const pieces = [
      '{"error":{"message":"Slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}',
    ];
    const provider = scriptedProvider(() => ({ status: 429, headers: { "retry-after": "7" }, pieces }));
    const { client, calls } = await open({ provider });
    const error = await failureOf(client.chat.completions.create(asked));
    expect([error.status, error.code, error.headers?.get("retry-after")]).toEqual([
      429,
      "rate_limit_exceeded",
      "7",
    ]);
    expect(calls()).toMatchObject([{ status: 429, response: null, error: { code: "rate_limit_exceeded" } }]);
  });

  test("is told what to configure where there is no upstream", async () => {
    const { client, calls } = await open({ provider: null });
    const error = await failureOf(client.chat.completions.create(asked));
    expect([error.status, error.code]).toEqual([503, "no_upstream"]);
    expect(error.message).toContain("--upstream");
    expect(calls()).toMatchObject([{ status: 503, response: null }]);
  });

  test("lists models", async () => {
    const { client } = await open();
    expect((await client.models.list()).data.map((model) => model.id)).toEqual(["scripted"]);
  });
});

describe("POST /v1/chat/completions", () => {
  test.each([
    ["plain", { pieces: [SPACED_BODY.slice(0, 40), SPACED_BODY.slice(40)] }],
    ["streamed", STREAM],
  ])("passes the upstream's bytes on as they came, and the client's (%s)", async (_, answer) => {
    const provider = scriptedProvider(() => answer);
    const { url } = await open({ provider });
    const body = '{ "messages": [ {"role":"user","content":"é"} ],   "model":"m" , "unknown_field": 1.0 }';
    const reply = await send(url, body);
    expect(reply.body).toBe(answer.pieces.join(""));
    expect(Buffer.from(provider.asked[0].body).toString()).toBe(body);
  });

  test("sends a stream whole that is longer than the buffers of the connection", async () => {
    const pieces = [
      ...Array.from({ length: 100 }, () => delta({ content: "x".repeat(50_000) })),
      "data: [DONE]\n\n",
    ];
    const { url } = await open({ provider: scriptedProvider(() => ({ isStream: true, pieces })) });
    const reply = await send(url, JSON.stringify({ ...asked, stream: true }));
    expect(reply.body === pieces.join("")).toBe(true);
  });

  test("says who served the call, why, for what task and with what score", async () => {
    const { url } = await open({ answer: () => ({ answer: { type: "text", text: "yes" }, score: 0.95 }) });
    const reply = await send(url, JSON.stringify(asked));
    expect(reply.headers).toMatchObject({
      "x-understudy-served-by": "specialist",
      "x-understudy-reason": "certified",
      "x-understudy-task": "task_a",
      "x-understudy-score": "0.950000",
      "x-understudy-call": expect.stringContaining("call_"),
    });
  });

  test.each([
    ["is unsure", () => ({ answer: { type: "text" as const, text: "yes" }, score: 0.5 }), "below-threshold"],
    [
      "throws",
      (): never => {
        throw new RangeError("broken");
      },
      "specialist-failed",
    ],
  ])("is answered by the provider when the specialist %s", async (_, answer, reason) => {
    const { url } = await open({ answer });
    const reply = await send(url, JSON.stringify(asked));
    expect([reply.status, reply.headers["x-understudy-reason"], reply.body]).toEqual([
      200,
      reason,
      SPACED_BODY,
    ]);
  });

  test("records users as pseudonyms, and forwards them as they are", async () => {
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY] }));
    const { url, calls } = await open({ provider });
    await send(url, JSON.stringify({ ...asked, user: "anna@example.org", safety_identifier: "anna" }));
    const [call] = calls();
    expect(JSON.stringify(call)).not.toContain("anna");
    expect(call.origin).toBe(call.request["user"]);
    expect(Buffer.from(provider.asked[0].body).toString()).toContain("anna@example.org");
  });

  test.each([
    ["the header", { "x-understudy-session": "h" }, { session_id: "b", metadata: { session_id: "m" } }, "h"],
    ["metadata", {}, { session_id: "b", metadata: { session_id: "m" } }, "m"],
    ["the body", {}, { session_id: "b" }, "b"],
  ])("takes the session from %s", async (_, headers, fields, session) => {
    const { url, calls } = await open();
    await send(url, JSON.stringify({ ...asked, ...fields }), { headers });
    expect(calls()[0].session).toBe(session);
  });

  test("gives the turns of one conversation one session where none is given", async () => {
    const { url, calls } = await open();
    const turn = [
      { role: "assistant", content: "And?" },
      { role: "user", content: "more" },
    ];
    await send(url, JSON.stringify(asked));
    await send(url, JSON.stringify({ ...asked, messages: [...asked.messages, ...turn] }));
    await send(url, JSON.stringify({ ...asked, messages: [{ role: "user", content: "something else" }] }));
    const [first, second, other] = calls().map(({ session }) => session);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  test("withholds a plain answer that cannot be recorded", async () => {
    const { url } = await open({ record: fullStore });
    const reply = await send(url, JSON.stringify(asked));
    expect([reply.status, JSON.parse(reply.body)]).toMatchObject([503, { error: { code: "store_full" } }]);
  });

  test("ends a stream that cannot be recorded with an error and without [DONE]", async () => {
    const { url } = await open({ record: fullStore, provider: scriptedProvider(() => STREAM) });
    const reply = await send(url, JSON.stringify({ ...asked, stream: true }));
    expect(reply.body).toContain('"code":"store_full"');
    expect(reply.body).not.toContain("[DONE]");
  });

  test("records a call whose client left as cancelled", async () => {
    const gate = Promise.withResolvers<void>();
    const { url, calls } = await open({
      provider: scriptedProvider(() => ({ ...STREAM, gate: gate.promise })),
    });
    const outgoing = httpRequest(`${url}/v1/chat/completions`, { method: "POST" });
    outgoing.on("error", () => {});
    outgoing.end(JSON.stringify({ ...asked, stream: true }));
    await expect.poll(() => outgoing.writableFinished).toBe(true);
    outgoing.destroy();
    await expect.poll(() => calls().map((call) => call.status)).toEqual([499]);
    gate.resolve();
  });

  test("refuses more calls than it may have in flight, with Retry-After", async () => {
    const gate = Promise.withResolvers<void>();
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY], gate: gate.promise }));
    const { url } = await open({ provider, options: { maxInFlight: 1, maxWaitMs: 1 } });
    const first = send(url, JSON.stringify(asked));
    await expect.poll(() => provider.asked.length).toBe(1);
    const second = await send(url, JSON.stringify(asked));
    gate.resolve();
    expect([second.status, second.headers["retry-after"]]).toEqual([503, "1"]);
    expect((await first).status).toBe(200);
  });

  test("lets in who waits as soon as there is room", async () => {
    const gate = Promise.withResolvers<void>();
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY], gate: gate.promise }));
    const { url, waiting } = await open({ provider, options: { maxInFlight: 1, maxWaitMs: 60_000 } });
    const both = [send(url, JSON.stringify(asked)), send(url, JSON.stringify(asked))];
    await expect.poll(() => [provider.asked.length, waiting()]).toEqual([1, 1]);
    gate.resolve();
    const replies = await Promise.all(both);
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
  });

  test("a fault of ours as a call begins is one caller's: its place is given back, the gateway serves on and closes", async () => {
    let isBroken = true;
    const reserve = (): Held => {
      if (isBroken) throw new RangeError("a fault of ours");
      return { settle() {}, release() {} };
    };
    const { url, close } = await open({
      deps: { accountant: { reserve } },
      options: { maxInFlight: 1, maxWaitMs: 1 },
    });
    const body = JSON.stringify({ ...asked, input: "a" });
    for (const path of ["/v1/embeddings", "/v1/chat/completions"]) {
      expect((await send(url, body, { path })).status).toBe(500);
      const slow = await rawClient(url);
      const text = requestText().replace("/v1/chat/completions", path);
      slow.write(text.slice(0, -5));
      await new Promise((resolve) => setTimeout(resolve, 10));
      slow.write(text.slice(-5));
      expect(String(await new Promise((resolve) => slow.once("data", resolve)))).toMatch(/^HTTP\/1\.1 500 /);
    }
    isBroken = false;
    expect((await send(url, body)).status).toBe(200);
    await close();
  });

  test("refuses who waits when it is closed, and lets calls in flight end", async () => {
    const gate = Promise.withResolvers<void>();
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY], gate: gate.promise }));
    const { url, waiting, close } = await open({ provider, options: { maxInFlight: 1, maxWaitMs: 60_000 } });
    const first = send(url, JSON.stringify(asked));
    await expect.poll(() => provider.asked.length).toBe(1);
    const second = send(url, JSON.stringify(asked));
    await expect.poll(waiting).toBe(1);
    const closed = close();
    const reply = await second;
    gate.resolve();
    await closed;
    expect([reply.status, reply.headers["connection"], (await first).status]).toEqual([503, "close", 200]);
  });

  test("lets calls in flight end when it is closed", async () => {
    const gate = Promise.withResolvers<void>();
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY], gate: gate.promise }));
    const { url, calls, close } = await open({ provider });
    const first = send(url, JSON.stringify(asked));
    await expect.poll(() => provider.asked.length).toBe(1);
    const closed = close();
    gate.resolve();
    await closed;
    expect([(await first).status, calls().length]).toEqual([200, 1]);
  });

  test("cuts off what does not end in time when it is closed, and records it", async () => {
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY], gate: new Promise<void>(() => {}) }));
    const { url, calls, close } = await open({ provider, options: { drainMs: 10 } });
    const first = send(url, JSON.stringify(asked)).catch((error: unknown) => error);
    await expect.poll(() => provider.asked.length).toBe(1);
    await close();
    await first;
    expect(calls().map((call) => call.status)).toEqual([499]);
  });
});

function fullStore(store: Store): Pick<Store, "calls" | "pseudonym"> {
  const add = (): never => {
    throw new HouseError("store-full", "Cannot write: the disk is full");
  };
  return { calls: { ...store.calls, add }, pseudonym: (kind, value) => store.pseudonym(kind, value) };
}
