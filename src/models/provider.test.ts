import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChatRequest } from "../core/index.ts";
import { openaiUpstream } from "./openai-upstream.ts";
import type { Provider, ProviderCall, ProviderEvent } from "./provider.ts";
import { replayProvider } from "./replay.ts";
import { scriptedProvider } from "./scripted.ts";

const REQUEST: ChatRequest = { model: "m", messages: [{ role: "user", content: "Hi" }] };
// Spaces and key order that no writer of ours would make: only a copy of the bytes gives them back.
const BODY =
  '{ "choices" : [ {"finish_reason":"stop", "message":{"content":"Hé😀","role":"assistant"} } ],"model":"m" }\n';
const STREAM = [
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Hé"}}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{"content":"😀"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
];
const callOf = (more: object = {}, headers: ProviderCall["headers"] = {}): ProviderCall => {
  const request = { ...REQUEST, ...more };
  return { request, body: Buffer.from(JSON.stringify(request)), headers };
};

async function run(provider: Provider, call: ProviderCall, signal?: AbortSignal): Promise<ProviderEvent[]> {
  const events: ProviderEvent[] = [];
  for await (const event of provider.complete(call, signal ?? new AbortController().signal))
    events.push(event);
  return events;
}
const bytesIn = (events: readonly ProviderEvent[]): string =>
  Buffer.concat(events.flatMap((event) => (event.type === "answer-delta" ? [event.bytes] : []))).toString();

let server: Server;
let baseUrl: string;
const seen: { headers: NodeJS.Dict<string | string[]>; url: string | undefined; body: string }[] = [];
let behave: (response: ServerResponse, isStream: boolean) => void;

const answer = (response: ServerResponse, isStream: boolean): void => {
  if (!isStream) {
    response.writeHead(200, {
      "content-type": "application/json",
      "x-request-id": "req_1",
      "set-cookie": "a=b",
    });
    response.end(BODY);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const piece of STREAM) response.write(piece);
  response.end();
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ headers: request.headers, url: request.url, body });
      behave(response, body.includes('"stream":true'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(
  () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
);

describe.each(["upstream", "replay", "scripted"])("every provider: %s", (name) => {
  const make = async (): Promise<Provider> => {
    behave = answer;
    if (name === "upstream") return openaiUpstream({ baseUrl });
    if (name === "scripted") {
      return scriptedProvider(({ request }) =>
        request.stream === true ? { isStream: true, pieces: STREAM } : { pieces: [BODY] },
      );
    }
    const response = { message: { role: "assistant", content: "Hé😀" }, finish_reason: "stop" };
    const call = { line: 1, id: null, session: null, request: REQUEST, response, status: 200, error: null };
    return replayProvider(
      (async function* () {
        yield call;
      })(),
      () => 0,
    );
  };

  test.each([false, true])(
    "starts first and ends once, last, with the folded answer (stream: %s)",
    async (stream) => {
      const provider = await make();
      const events = await run(provider, callOf({ stream }));
      await provider.close();
      const kinds = events.map((event) => event.type);
      expect(kinds[0]).toBe("answer-start");
      expect(kinds.filter((kind) => kind === "answer-end" || kind === "answer-error")).toEqual([
        "answer-end",
      ]);
      const end = events.at(-1);
      expect(end?.type === "answer-end" && end.answer.response?.message.content).toBe("Hé😀");
    },
  );
});

describe("openaiUpstream()", () => {
  test.each([
    [false, BODY],
    [true, STREAM.join("")],
  ])("passes the bytes of an answer on as they came (stream: %s)", async (stream, expected) => {
    behave = answer;
    const provider = openaiUpstream({ baseUrl });
    const events = await run(provider, callOf({ stream }));
    await provider.close();
    expect(bytesIn(events)).toBe(expected);
  });

  test("sends the client's body and key as they came, and nothing that is ours or a cookie", async () => {
    behave = answer;
    const provider = openaiUpstream({ baseUrl, key: "sk-house" });
    const body = Buffer.from('{ "messages":[{"role":"user","content":"é"}],"model":"m" }');
    const headers = {
      authorization: "Bearer sk-client",
      cookie: "a=b",
      "x-understudy-session": "s",
      "user-agent": "ua",
    };
    const events = await run(provider, { request: REQUEST, body, headers });
    const plain = await run(provider, callOf());
    await provider.close();
    const [own, house] = seen.slice(-2);
    expect(own.url).toBe("/v1/chat/completions");
    expect(own.body).toBe(body.toString());
    expect(own.headers).toMatchObject({ authorization: "Bearer sk-client", "user-agent": "ua" });
    expect(
      Object.keys(own.headers).filter((name) => name === "cookie" || name.startsWith("x-understudy")),
    ).toEqual([]);
    expect(house.headers["authorization"]).toBe("Bearer sk-house");
    expect(events[0]).toMatchObject({ headers: { "x-request-id": "req_1" } });
    expect(plain[0]).not.toHaveProperty("headers.set-cookie");
  });

  test("gives an error answer as an answer", async () => {
    behave = (response) =>
      response
        .writeHead(429, { "content-type": "application/json", "retry-after": "7" })
        .end('{"error":{"code":"x"}}');
    const provider = openaiUpstream({ baseUrl });
    const events = await run(provider, callOf());
    await provider.close();
    expect(events[0]).toMatchObject({ status: 429, headers: { "retry-after": "7" } });
    expect(bytesIn(events)).toBe('{"error":{"code":"x"}}');
    expect(events.at(-1)).toMatchObject({
      type: "answer-end",
      answer: { response: null, error: { code: "x" } },
    });
  });

  test("ends with upstream-broken when the connection breaks in the middle of an answer", async () => {
    behave = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(STREAM[0], () => response.destroy());
    };
    const provider = openaiUpstream({ baseUrl });
    const events = await run(provider, callOf({ stream: true }));
    await provider.close();
    expect(events.map((event) => event.type)).toEqual(["answer-start", "answer-delta", "answer-error"]);
    expect(events.at(-1)).toMatchObject({ code: "upstream-broken" });
  });

  // undici looks at its clock about twice a second, so the three wait side by side.
  test("ends with upstream-timeout after each bound: first byte, idle, total", async () => {
    behave = (response, isStream) => {
      if (isStream) response.writeHead(200, { "content-type": "text/event-stream" }).write(STREAM[0]);
    };
    const lastOf = async (bound: string, stream: boolean): Promise<ProviderEvent | undefined> => {
      const provider = openaiUpstream({ baseUrl, timeouts: { [bound]: 20 } });
      const events = await run(provider, callOf({ stream }));
      await provider.close();
      return events.at(-1);
    };
    const ends = await Promise.all([
      lastOf("firstByteMs", false),
      lastOf("idleMs", true),
      lastOf("totalMs", true),
    ]);
    const timeout = { type: "answer-error", code: "upstream-timeout" };
    expect(ends).toMatchObject([timeout, timeout, timeout]);
  });

  test("ends with upstream-unreachable when nobody listens", async () => {
    const provider = openaiUpstream({ baseUrl: "http://127.0.0.1:1/v1" });
    const events = await run(provider, callOf());
    await provider.close();
    expect(events).toMatchObject([{ type: "answer-error", code: "upstream-unreachable" }]);
  });

  test("lets the upstream go when the client leaves", async () => {
    const gone = Promise.withResolvers<void>();
    behave = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(STREAM[0]);
      response.on("close", gone.resolve);
    };
    const provider = openaiUpstream({ baseUrl });
    const client = new AbortController();
    const events: ProviderEvent[] = [];
    for await (const event of provider.complete(callOf({ stream: true }), client.signal)) {
      events.push(event);
      if (event.type === "answer-delta") client.abort();
    }
    await gone.promise;
    await provider.close();
    expect(events.at(-1)).toMatchObject({ type: "answer-error", code: "cancelled" });
  });
});
