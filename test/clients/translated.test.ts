import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  httpTransport,
  providerFiles,
  UPSTREAM_TIMEOUTS,
  type UpstreamProvider,
} from "../../src/models/index.ts";
import { frameOf } from "../../src/models/protocols/converse/frames.ts";
import { openGateway } from "../open-gateway.ts";
import { ANSWER, RAINY } from "./agent.ts";
import { chatAnswer, messagesAnswer, type Said } from "./provider-bytes.ts";
import { QUESTION, SURFACES } from "./surfaces.ts";

// Official clients, unmodified, against providers of other protocols: over real sockets, with bytes written by hand after each provider's
// documentation.

type Asked = {
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
};

/** A provider by the path that it is asked at; each has its own place for a tool's result. */
type Provider = {
  readonly settings: { readonly [name: string]: string };
  readonly key: string;
  /** Path of a plain call and of a streamed one. */
  readonly paths: readonly [string, string];
  readonly header: readonly [string, RegExp];
  readonly resultIn: RegExp;
  answer(said: Said, isStream: boolean): { readonly type: string; readonly bytes: Uint8Array };
};

const json = (value: unknown) => ({ type: "application/json", bytes: Buffer.from(JSON.stringify(value)) });
const made = ({ pieces, isStream }: ReturnType<typeof chatAnswer>) => ({
  type: isStream === true ? "text/event-stream" : "application/json",
  bytes: Buffer.from(pieces.join("")),
});

const PROVIDERS: { readonly [type: string]: Provider } = {
  anthropic: {
    settings: {},
    key: "sk-ant",
    paths: ["/messages", "/messages"],
    header: ["x-api-key", /^sk-ant$/],
    resultIn: /"type":"tool_result","tool_use_id":"call_1","content":"rainy/,
    answer: (said, isStream) => made(messagesAnswer(said, isStream)),
  },
  vllm: {
    settings: {},
    key: "token",
    paths: ["/chat/completions", "/chat/completions"],
    header: ["authorization", /^Bearer token$/],
    resultIn: /"role":"tool","tool_call_id":"call_1","content":"rainy/,
    answer: (said, isStream) => made(chatAnswer(said, isStream)),
  },
  gemini: {
    settings: {},
    key: "AIza",
    paths: ["/models/m:generateContent", "/models/m:streamGenerateContent?alt=sse"],
    header: ["x-goog-api-key", /^AIza$/],
    resultIn: /"functionResponse":\{"id":"call_1","name":"get_weather","response":\{"output":"rainy/,
    answer(said, isStream) {
      const parts =
        "text" in said
          ? [{ text: said.text }]
          : [{ functionCall: { name: said.tool, args: said.input }, thoughtSignature: "c2ln" }];
      const usageMetadata = { promptTokenCount: 20, candidatesTokenCount: 5, totalTokenCount: 25 };
      const chunk = (finish: object, ...content: object[]) => ({
        candidates: [{ content: { parts: content, role: "model" }, ...finish, index: 0 }],
        usageMetadata,
        modelVersion: "gemini-2.5-flash",
        responseId: "Bho4aenTIZKq4",
      });
      if (!isStream) return json(chunk({ finishReason: "STOP" }, ...parts));
      const chunks = [chunk({}, ...parts), chunk({ finishReason: "STOP" }, { text: "" })];
      return {
        type: "text/event-stream",
        bytes: Buffer.from(chunks.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join("")),
      };
    },
  },
  bedrock: {
    settings: { region: "us-east-1" },
    key: "AKID:SECRET",
    paths: ["/model/m/converse", "/model/m/converse-stream"],
    header: ["authorization", /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/bedrock\/aws4_request/],
    resultIn: /"toolResult":\{"toolUseId":"call_1","content":\[\{"text":"rainy/,
    answer(said, isStream) {
      const usage = { inputTokens: 20, outputTokens: 5, totalTokens: 25 };
      const stopReason = "text" in said ? "end_turn" : "tool_use";
      const toolUse = "text" in said ? {} : { toolUseId: "tooluse_A", name: said.tool };
      if (!isStream) {
        const content =
          "text" in said ? [{ text: said.text }] : [{ toolUse: { ...toolUse, input: said.input } }];
        return json({
          metrics: { latencyMs: 9 },
          output: { message: { role: "assistant", content } },
          stopReason,
          usage,
        });
      }
      const at = { contentBlockIndex: 0 };
      const delta = "text" in said ? { text: said.text } : { toolUse: { input: JSON.stringify(said.input) } };
      const frames = [
        frameOf("event", "messageStart", { role: "assistant" }),
        ...("text" in said ? [] : [frameOf("event", "contentBlockStart", { ...at, start: { toolUse } })]),
        frameOf("event", "contentBlockDelta", { ...at, delta }),
        frameOf("event", "contentBlockStop", at),
        frameOf("event", "messageStop", { stopReason }),
        frameOf("event", "metadata", { usage, metrics: { latencyMs: 9 } }),
      ];
      return { type: "application/vnd.amazon.eventstream", bytes: Buffer.concat(frames) };
    },
  },
};

const asked: Asked[] = [];
let base = "";

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { url = "", headers } = request;
    const body = Buffer.concat(chunks).toString();
    const [, type] = url.split("/");
    const path = url.slice(type.length + 1);
    asked.push({ path, headers, body });
    const said: Said = body.includes("rainy")
      ? { text: ANSWER }
      : { tool: "get_weather", input: { city: "Paris" } };
    const isStream = /stream/i.test(path) || body.includes('"stream":true');
    const answer = PROVIDERS[type].answer(said, isStream);
    response.writeHead(200, { "content-type": answer.type });
    // In two pieces, cut where it falls.
    const middle = Math.floor(answer.bytes.length / 2);
    response.write(answer.bytes.subarray(0, middle));
    response.end(answer.bytes.subarray(middle));
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

function providerOf(type: string): UpstreamProvider {
  const { settings, key } = PROVIDERS[type];
  const file = providerFiles.get(type);
  if (file === undefined) throw new RangeError(type);
  // Each as if it spoke its first protocol only: what it does not speak is translated.
  const protocols = file.protocols.slice(0, 1);
  const account = { url: `${base}/${type}`, key, settings, headers: {} };
  return {
    name: type,
    file: { ...file, protocols },
    accounts: [account],
    timeouts: UPSTREAM_TIMEOUTS,
    transport: httpTransport(),
  };
}

const OWN: { readonly [type: string]: string } = { anthropic: "messages", vllm: "chat" };

describe.each(Object.keys(PROVIDERS))("before %s", (type) => {
  test.each(SURFACES)("%s: a tool exchange", async (name, client, stream) => {
    const { paths, header, resultIn } = PROVIDERS[type];
    const { url, calls } = await openGateway({ provider: providerOf(type) });
    asked.length = 0;
    const first = await client(url, { stream, hasResult: false, prompt: QUESTION });
    const second = await client(url, { stream, hasResult: true, prompt: QUESTION });
    expect([first.call, second.text]).toEqual(['get_weather {"city":"Paris"}', ANSWER]);
    expect(asked.map(({ path }) => path)).toEqual(Array.from({ length: 2 }, () => paths[stream ? 1 : 0]));
    expect(asked[1].body).toMatch(resultIn);
    expect(asked[1].body).toContain(RAINY);
    // A client of the provider's own protocol has its own credentials there.
    const isOwn = name.startsWith(OWN[type] ?? "none");
    for (const { headers } of asked) if (!isOwn) expect(headers[header[0]]).toMatch(header[1]);
    // A stream of Chat Completions says its counts where they are asked for; of a translated one they are known all the same.
    if (isOwn && name === "chat, streamed") return;
    expect(calls().map(({ response, usage }) => [response?.finish_reason, usage])).toEqual([
      ["tool_calls", { inputTokens: 20, outputTokens: 5 }],
      ["stop", { inputTokens: 20, outputTokens: 5 }],
    ]);
  });
});
