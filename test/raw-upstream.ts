import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { onTestFinished } from "vitest";
import { openGateway, type Opened, type Setup } from "./open-gateway.ts";
import {
  httpTransport,
  providerFiles,
  type ProviderFile,
  type Timeouts,
  type UpstreamProvider,
} from "../src/models/index.ts";

// A provider made of raw bytes, and a client that says how an answer ended. For tests of what goes wrong between them.

/** `turn`: the how manieth request, from 0; `request`: its bytes. */
export type Behave = (socket: Socket, turn: number, request: string) => void;

export type Fault = Opened & {
  /** Requests that reached the provider, as they came. */
  readonly requests: readonly string[];
  readonly connections: () => number;
  /** Resolves when the provider's connection of this number is closed. */
  readonly closed: (connection: number) => Promise<void>;
};

const TIMEOUTS: Timeouts = { connectMs: 1000, firstByteMs: 5000, idleMs: 5000, totalMs: 10_000 };

/** A gateway in front of a provider that does what it is told to. */
export async function openFault(
  behave: Behave,
  timeouts: Partial<Timeouts> = {},
  setup: Setup = {},
): Promise<Fault> {
  const upstream = await rawUpstream(behave);
  const provider = providerAt(upstream.url, timeouts);
  onTestFinished(() => provider.transport.close());
  const gateway = await openGateway({ provider, ...setup });
  return { ...gateway, ...upstream, url: gateway.url };
}

/** Some servers speak all three: then every surface passes untouched. */
const SPEAKS_ALL: ProviderFile = {
  // One of the provider files there are.
  ...(providerFiles.get("openai") as ProviderFile),
  protocols: ["chat", "responses", "messages"],
};

export function providerAt(url: string, timeouts: Partial<Timeouts> = {}, name = "raw"): UpstreamProvider {
  return {
    name,
    file: SPEAKS_ALL,
    accounts: [{ url: `${url}/v1`, key: "sk-house", settings: {}, headers: {} }],
    timeouts: { ...TIMEOUTS, ...timeouts },
    transport: httpTransport(),
  };
}

type Raw = Pick<Fault, "requests" | "connections" | "closed"> & { readonly url: string };

/** A server that hands each whole request to `behave`, with the socket. */
export async function rawUpstream(behave: Behave): Promise<Raw> {
  const requests: string[] = [];
  const closings: Promise<void>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    closings.push(new Promise((resolve) => socket.on("close", () => resolve())));
    let waiting = "";
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      waiting += chunk.toString("latin1");
      const end = waiting.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(waiting)?.[1] ?? 0);
      if (waiting.length < end + 4 + length) return;
      requests.push(waiting.slice(0, end + 4 + length));
      waiting = waiting.slice(end + 4 + length);
      behave(socket, requests.length - 1, requests[requests.length - 1]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  // Listening on a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => closings.length,
    closed: (connection) => closings[connection] ?? Promise.reject(new RangeError("no such connection")),
  };
}

export type Outcome = {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** False when the connection broke before the end. */
  readonly isWhole: boolean;
};

const ASKED = { model: "m", messages: [{ role: "user", content: "Hi" }] };

/** One request, and whatever came of it. */
export function ask(url: string, fields: object = {}, path = "/v1/chat/completions"): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${url}${path}`, { method: "POST", agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const tell = (isWhole: boolean): void => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks), isWhole });
      };
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => tell(false));
      response.on("end", () => tell(true));
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify({ ...ASKED, ...fields }));
  });
}

/** A client that is only a socket: it sends what it is told and leaves when it is told. */
export async function rawClient(url: string): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** The bytes of a request to the gateway. */
export function requestText(fields: object = {}): string {
  const body = JSON.stringify({ ...ASKED, ...fields });
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export const BODY =
  '{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hé"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}';

/** A head and, where it is given, a body of that length. */
export function head(status: string, headers: readonly string[], body?: string | Buffer): string {
  const length = body === undefined ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  return [`HTTP/1.1 ${status}`, ...headers, ...length, "", ""].join("\r\n");
}

export const JSON_TYPE = "content-type: application/json";

/** A plain answer, whole. */
export const answer = (body: string = BODY, status = "200 OK"): string =>
  head(status, [JSON_TYPE], body) + body;

export const STREAM_HEAD = head("200 OK", ["content-type: text/event-stream", "transfer-encoding: chunked"]);

export function chunk(bytes: string | Buffer): Buffer {
  const length = Buffer.byteLength(bytes).toString(16);
  return Buffer.concat([Buffer.from(`${length}\r\n`), Buffer.from(bytes), Buffer.from("\r\n")]);
}

export const LAST_CHUNK = "0\r\n\r\n";

export const event = (fields: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: fields, finish_reason: finish }] })}\n\n`;

export const EVENTS = event({ role: "assistant", content: "Hé" }) + event({}, "stop");
export const DONE = "data: [DONE]\n\n";

/** Status and code of an error of the house, as the client reads it. */
export function errorOf({ status, body }: Outcome): string {
  const { error } = JSON.parse(body.toString()) as { error?: { code?: string } };
  return `${status} ${error?.code ?? "no error"}`;
}
