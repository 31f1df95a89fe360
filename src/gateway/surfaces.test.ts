import { describe, expect, test } from "vitest";
import { openGateway, send, SPACED_BODY } from "../../test/open-gateway.ts";
import { ask, openFault } from "../../test/raw-upstream.ts";
import { scriptedProvider } from "../models/index.ts";

const json = (body: object): string => JSON.stringify(body);
const MESSAGES = json({ model: "m", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] });

describe("the endpoints beside the models", () => {
  test.each([
    ["/v1/embeddings", "/v1/embeddings"],
    ["/v1/completions", "/v1/completions"],
    ["/v1/moderations", "/v1/moderations"],
    ["/v1/messages/count_tokens?beta=true", "/v1/messages/count_tokens?beta=true"],
  ])("POST %s passes to the provider and back, unread and unrecorded", async (path, expected) => {
    const body = '{ "model":"m",  "input":"é", "n":1.0 }';
    const said = '{"data" :[0.10]}\n';
    const reply = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: r\r\ncontent-length: ${said.length}\r\n\r\n${said}`;
    const { url, requests, calls } = await openFault((socket) => socket.write(reply));
    const answer = await send(url, body, { path });
    const [asked] = requests;
    expect([answer.status, answer.body, answer.headers["x-request-id"]]).toEqual([200, said, "r"]);
    expect(asked.startsWith(`POST ${expected} HTTP/1.1\r\n`)).toBe(true);
    expect(Buffer.from(asked, "latin1").toString().endsWith(body)).toBe(true);
    expect(calls()).toEqual([]);
  });

  test.each([
    ["/v1/models?limit=20", "GET /v1/models?limit=20"],
    ["/v1/models/ft%3Agpt", "GET /v1/models/ft%3Agpt"],
  ])("GET %s", async (path, expected) => {
    const { url, requests } = await openFault((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    );
    const reply = await send(url, null, { path, method: "GET" });
    expect([reply.status, reply.body]).toEqual([200, "{}"]);
    expect(requests[0].split(" HTTP")[0]).toBe(expected);
  });

  test("GET /v1/models lists the names of the config, where it has any", async () => {
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY] }));
    const models = { fast: { targets: [{ provider: "scripted", model: "gpt-4.1-nano" }], retries: 0 } };
    const { url } = await openGateway({ provider, models });
    const list = await send(url, null, { path: "/v1/models", method: "GET" });
    const one = await send(url, null, { path: "/v1/models/fast", method: "GET" });
    expect(JSON.parse(list.body)).toMatchObject({ object: "list", data: [{ id: "fast", object: "model" }] });
    expect(JSON.parse(one.body)).toMatchObject({ id: "fast", object: "model" });
  });
});

describe("errors of the house are said in the protocol of the surface", () => {
  test.each([
    [
      "/v1/chat/completions",
      json({ model: "m", messages: [{ role: "user", content: "Hi" }] }),
      { error: { code: "no_upstream" } },
    ],
    ["/v1/responses", json({ model: "m", input: "Hi" }), { error: { code: "no_upstream" } }],
    ["/v1/messages", MESSAGES, { type: "error", error: { message: expect.stringContaining("--upstream") } }],
    ["/v1/embeddings", json({ model: "m", input: "Hi" }), { error: { code: "no_upstream" } }],
  ])("%s", async (path, body, expected) => {
    const { url } = await openGateway({ provider: null });
    const reply = await send(url, body, { path });
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.body)).toMatchObject(expected);
  });

  test("also when there is no room, with Retry-After", async () => {
    const gate = Promise.withResolvers<void>();
    const provider = scriptedProvider(() => ({ pieces: [SPACED_BODY], gate: gate.promise }));
    const { url } = await openGateway({ provider, options: { maxInFlight: 1 } });
    const first = send(url, json({ model: "m", messages: [{ role: "user", content: "Hi" }] }));
    await expect.poll(() => provider.asked.length).toBe(1);
    const second = await send(url, MESSAGES, { path: "/v1/messages" });
    gate.resolve();
    await first;
    // Anthropic's own status for it.
    expect([second.status, second.headers["retry-after"]]).toEqual([529, "1"]);
    expect(JSON.parse(second.body)).toMatchObject({ type: "error", error: { type: "overloaded_error" } });
  });
});

describe("recording, over a connection", () => {
  test.each(["intent", "async"] as const)(
    "%s: an answer passes as it comes, with its length, and is recorded",
    async (mode) => {
      const { url, calls } = await openGateway({ recording: { mode } });
      const reply = await send(url, json({ model: "m", messages: [{ role: "user", content: "Hi" }] }));
      expect([reply.status, reply.body]).toEqual([200, SPACED_BODY]);
      await expect.poll(() => calls().map(({ status }) => status)).toEqual([200]);
    },
  );

  test("intent: a plain answer that breaks in its middle breaks the client's connection too", async () => {
    const cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{";
    const { url, calls } = await openFault(
      (socket) => void (socket.write(cut), setTimeout(() => socket.destroy(), 30)),
      {},
      { recording: { mode: "intent" } },
    );
    const outcome = await ask(url);
    expect([outcome.status, outcome.isWhole]).toEqual([200, false]);
    await expect.poll(() => calls().map(({ status }) => status)).toEqual([502]);
  });
});
